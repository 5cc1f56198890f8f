import KubernetesModel
import MigrationCore

/// What the kinds of workloads have in common: a pod template, and pods made from it. Pure.
struct Workload: Sendable {
    /// How far the controller of its kind has come.
    struct Counts: Sendable {
        var wanted: Int
        var updated: Int
        var all: Int
        var available: Int
    }

    var kind: Plan.WorkloadSelection.Kind
    var metadata: ObjectMeta
    var selector: LabelSelector?
    var template: PodTemplateSpec?
    /// Where the server keeps it.
    var resource: APIResource
    /// What rests over the write pause: `spec.suspend` of a CronJob, `spec.replicas` of what has it.
    var switchable: Switchable?
    /// A Job that is not over.
    var isRunning = false
    var observedGeneration: Int64 = 0
    var counts = Counts(wanted: 0, updated: 0, all: 0, available: 0)
    var conditions: [Condition] = []
    /// Why a changed template alone makes no new pods, and what to do about it.
    var obstacle: String?

    var name: String { metadata.name ?? "" }
    /// How messages name it.
    var title: String { "\(kind.rawValue) \(name)" }
    /// The restart it was last told to do.
    var tag: String? { template?.metadata?.annotations?[ClusterNames.restartedFor] }
}

extension Workload {
    init(_ deployment: Deployment) {
        let (spec, status) = (deployment.spec, deployment.status)
        self.init(
            kind: .deployment, metadata: deployment.metadata, selector: spec?.selector, template: spec?.template, resource: Deployment.resource,
            switchable: .replicas(spec?.replicas ?? 1),
            observedGeneration: status?.observedGeneration ?? 0,
            counts: Counts(
                wanted: spec?.replicas ?? 1, updated: status?.updatedReplicas ?? 0, all: status?.replicas ?? 0,
                available: status?.availableReplicas ?? 0),
            conditions: status?.conditions ?? [],
            obstacle: spec?.paused == true ? "is paused; kubectl rollout resume deployment/\(deployment.name)" : nil)
    }

    init(_ set: StatefulSet) {
        let (spec, status) = (set.spec, set.status)
        let wanted = spec?.replicas ?? 1
        // Once all are of the new revision it becomes the current one, and none counts as updated on some versions.
        let isThrough = status?.currentRevision != nil && status?.currentRevision == status?.updateRevision
        self.init(
            kind: .statefulSet, metadata: set.metadata, selector: spec?.selector, template: spec?.template, resource: StatefulSet.resource,
            switchable: .replicas(wanted),
            observedGeneration: status?.observedGeneration ?? 0,
            counts: Counts(
                wanted: wanted, updated: isThrough ? status?.replicas ?? 0 : status?.updatedReplicas ?? 0, all: status?.replicas ?? 0,
                available: status?.readyReplicas ?? 0),
            obstacle: Self.obstacle(spec?.updateStrategy, "statefulset/\(set.name)"))
    }

    init(_ set: DaemonSet) {
        let status = set.status
        self.init(
            kind: .daemonSet, metadata: set.metadata, selector: set.spec?.selector, template: set.spec?.template, resource: DaemonSet.resource,
            observedGeneration: status?.observedGeneration ?? 0,
            counts: Counts(
                wanted: status?.desiredNumberScheduled ?? 0, updated: status?.updatedNumberScheduled ?? 0,
                all: status?.currentNumberScheduled ?? 0, available: status?.numberAvailable ?? 0),
            obstacle: Self.obstacle(set.spec?.updateStrategy, "daemonset/\(set.name)"))
    }

    /// - Parameter resource: as which the server has it.
    init(_ cronJob: CronJob, at resource: APIResource) {
        self.init(
            kind: .cronJob, metadata: cronJob.metadata, template: cronJob.spec?.jobTemplate?.spec?.template, resource: resource,
            switchable: .suspend(cronJob.spec?.suspend ?? false))
    }

    init(_ job: Job) {
        let isOver = job.status?.conditions?.contains { $0.isTrue && ($0.type == "Complete" || $0.type == "Failed") } ?? false
        // A suspended Job runs once it is resumed; until then only pods that have not ended do.
        let isIdle = job.spec?.suspend == true && job.status?.active ?? 0 == 0
        self.init(
            kind: .job, metadata: job.metadata, selector: job.spec?.selector, template: job.spec?.template, resource: Job.resource,
            isRunning: !isOver && !isIdle)
    }

    private static func obstacle(_ strategy: UpdateStrategy?, _ target: String) -> String? {
        if strategy?.type == "OnDelete" {
            return "has updateStrategy OnDelete, which keeps pods with the old connection string; "
                + "kubectl patch \(target) -p '{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\"}}}'"
        }
        guard let partition = strategy?.rollingUpdate?.partition, partition > 0 else { return nil }
        return "has updateStrategy.rollingUpdate.partition \(partition), which keeps pods with the old connection string; "
            + "kubectl patch \(target) -p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'"
    }
}
