import KubernetesModel
import MigrationCore

/// Whether the plan's selections find workloads that can be restarted. Pure.
struct WorkloadPreflight: Sendable {
    /// At most so many Deployments are listed as what could have been meant.
    static let listedLimit = 5

    var plan: Plan
    /// All of the namespace.
    var deployments: [Deployment]

    var problems: [PreflightProblem] {
        plan.cutover.workloads.flatMap { selection in
            let selector = LabelSelector(matchLabels: selection.matchLabels)
            let matches = deployments.filter { selector.matches($0.metadata.labels ?? [:]) }
            return matches.isEmpty ? [nothing(selector)] : matches.filter { $0.spec?.paused == true }.map(paused)
        }
    }

    private func nothing(_ selector: LabelSelector) -> PreflightProblem {
        PreflightProblem(
            reason: .noWorkloadSelected,
            message: "no Deployment in this namespace has the labels \(selector.query); there \(existing); "
                + "correct spec.cutover.workloads or the labels")
    }

    private var existing: String {
        if deployments.isEmpty { return "are none at all" }
        let listed = deployments.sorted { $0.name < $1.name }.prefix(Self.listedLimit).map { deployment in
            "\(deployment.name) (\(LabelSelector(matchLabels: deployment.metadata.labels).query))"
        }
        let rest = deployments.count - listed.count
        return "are: \(listed.joined(separator: ", "))\(rest > 0 ? " and \(rest) more" : "")"
    }

    private func paused(_ deployment: Deployment) -> PreflightProblem {
        PreflightProblem(
            reason: .unsupportedObject,
            message: "Deployment \(deployment.name) is paused, so its restart would never happen; "
                + "kubectl rollout resume deployment/\(deployment.name)")
    }
}
