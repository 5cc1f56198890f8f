import KubernetesModel
import MigrationCore

/// Whether the plan's selections find workloads that can be restarted. Pure.
struct WorkloadPreflight: Sendable {
    /// At most so many workloads are listed as what could have been meant.
    static let listedLimit = 5

    var plan: Plan
    /// All of the namespace.
    var workloads: [Workload]

    var problems: [PreflightProblem] {
        var named: Set<String> = []
        return plan.cutover.workloads.flatMap { selection in
            let selector = LabelSelector(matchLabels: selection.matchLabels)
            let candidates = workloads.filter { selection.kinds.contains($0.kind) }
            let matches = candidates.filter { selector.matches($0.metadata.labels ?? [:]) }
            // That no Job runs is no mistake.
            return matches.isEmpty && selection.kinds != [.job]
                ? [nothing(selection, candidates)] : matches.filter { $0.obstacle != nil && named.insert($0.title).inserted }.map(unmovable)
        }
    }

    private func nothing(_ selection: Plan.WorkloadSelection, _ candidates: [Workload]) -> PreflightProblem {
        PreflightProblem(
            reason: .noWorkloadSelected,
            message: "no \(selection.kinds.map(\.rawValue).joined(separator: " or ")) in this namespace has the labels "
                + "\(LabelSelector(matchLabels: selection.matchLabels).query); there \(existing(candidates)); "
                + "correct spec.cutover.workloads or the labels")
    }

    private func existing(_ candidates: [Workload]) -> String {
        if candidates.isEmpty { return "are none at all" }
        let listed = candidates.sorted { $0.name < $1.name }.prefix(Self.listedLimit).map { workload in
            "\(workload.name) (\(LabelSelector(matchLabels: workload.metadata.labels).query))"
        }
        let rest = candidates.count - listed.count
        return "are: \(listed.joined(separator: ", "))\(rest > 0 ? " and \(rest) more" : "")"
    }

    private func unmovable(_ workload: Workload) -> PreflightProblem {
        PreflightProblem(
            reason: .unsupportedObject, message: "\(workload.title) \(workload.obstacle ?? ""), so its restart would never come to an end")
    }
}
