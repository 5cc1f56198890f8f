import KubernetesModel
import MigrationCore

extension Plan.WorkloadSelection {
    func selects(_ workload: Workload) -> Bool {
        kinds.contains(workload.kind) && LabelSelector(matchLabels: matchLabels).matches(workload.metadata.labels ?? [:])
    }
}

/// What rests over the write pause, and what has yet to. Pure.
struct RestAssessment: Sendable {
    /// At most this many are named in a message.
    static let namedLimit = 3

    var selections: [Plan.WorkloadSelection]
    /// The migration's.
    var uid: String
    /// All of the namespace, of every kind that restarts or is waited for.
    var workloads: [Workload]

    var cronJobs: [Workload] { workloads.filter { $0.kind == .cronJob && isSelected($0) } }

    /// Those which are to have no pods.
    var toScale: [Workload] {
        workloads.filter { workload in
            if case .replicas = workload.switchable { isSelected(workload, where: \.scaleToZero) } else { false }
        }
    }

    /// Those of the selection, and those that a selected CronJob made.
    var runningJobs: [Workload] {
        let makers = Set(cronJobs.compactMap(\.metadata.uid))
        return workloads.filter { job in
            let isOfCronJob = job.metadata.ownerReferences?.contains { makers.contains($0.uid) } ?? false
            return job.kind == .job && job.isRunning && (isOfCronJob || isSelected(job))
        }
    }

    var held: [Workload] { workloads.filter(RestPatch(uid: uid).isHeld) }

    /// - Parameter pods: of ``toScale``, those that have not ended.
    func state(pods: [Pod]) -> RestState {
        RestState(
            isSuspended: cronJobs.allSatisfy { $0.switchable?.isAtRest == true }, runningJobs: Self.named(runningJobs.map(\.title)),
            isScaledToZero: toScale.allSatisfy { $0.switchable?.isAtRest == true }, runningPods: Self.named(pods.map { "pod \($0.name)" }),
            isHeld: !held.isEmpty)
    }

    private func isSelected(_ workload: Workload, where condition: (Plan.WorkloadSelection) -> Bool = { _ in true }) -> Bool {
        selections.contains { condition($0) && $0.selects(workload) }
    }

    private static func named(_ names: [String]) -> String? {
        let rest = names.count - namedLimit
        return names.isEmpty ? nil : names.sorted().prefix(namedLimit).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
