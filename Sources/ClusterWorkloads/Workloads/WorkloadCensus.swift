import KubernetesModel
import MigrationCore

/// Which of the namespace's workloads the plan selects, and which use a connection string of it all the same. Pure.
struct WorkloadCensus: Sendable {
    /// At most so many are named.
    static let namedLimit = 5

    var plan: Plan
    /// All of the namespace.
    var workloads: [Workload]
    var pods: [Pod]

    /// Jobs of a selected CronJob count as selected.
    var selected: [Workload] {
        let named = workloads.filter { workload in plan.cutover.workloads.contains { $0.selects(workload) } }
        let makers = Set(named.compactMap(\.metadata.uid))
        return named + workloads.filter { isMade($0.metadata, by: makers) }
    }

    /// One warning for each of those left out: they would keep the old connection string.
    var unselected: [PreflightProblem] {
        let selected = Set(selected.map(\.title))
        let objects = Set(plan.cutover.connections.map { ConnectionHolder.ID($0.kind, $0.name) }).sorted()
        let users = workloads.filter { !selected.contains($0.title) && !isMade($0.metadata) && ($0.kind != .job || $0.isRunning) }
            .compactMap { workload in use(workload.template?.spec, objects).map { (workload.title, $0, workload.kind.rawValue) } }
        let loners = pods.filter { !isMade($0.metadata) && $0.status?.phase != "Succeeded" && $0.status?.phase != "Failed" }
            .compactMap { pod in use(pod.spec, objects).map { ("Pod \(pod.name)", $0, "") } }
        let all = (users + loners).sorted { $0.0 < $1.0 }
        return all.prefix(Self.namedLimit).map { title, use, kind in
            let remedy = kind.isEmpty ? "restart it yourself after the switch" : "select it with its labels and kind \(kind)"
            let rest = all.count > Self.namedLimit && title == all[Self.namedLimit - 1].0 ? "; so do \(all.count - Self.namedLimit) more" : ""
            return PreflightProblem(
                reason: .workloadNotSelected,
                message: "\(title) reads \(use) but is not selected by spec.cutover.workloads, so it would go on with the old connection string; "
                    + "\(remedy)\(rest)")
        }
    }

    private func use(_ spec: PodSpec?, _ objects: [ConnectionHolder.ID]) -> String? {
        objects.lazy.compactMap { object in spec?.use(of: object.kind, object.name).map { "\(object) (\($0))" } }.first
    }

    private func isMade(_ metadata: ObjectMeta, by makers: Set<String>? = nil) -> Bool {
        metadata.ownerReferences?.contains { $0.controller == true && makers?.contains($0.uid) ?? true } ?? false
    }
}
