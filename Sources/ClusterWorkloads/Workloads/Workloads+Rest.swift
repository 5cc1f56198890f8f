import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData

/// What rests over the write pause.
extension Workloads {
    public func observeRest(_ migration: MigrationReference, selecting selections: [Plan.WorkloadSelection]) async -> Fact<RestState> {
        do {
            let rest = try await assess(migration, selections)
            var pods: [Pod] = []
            for workload in rest.toScale { pods += try await lister(migration).assess(workload).ownPods }
            return .value(rest.state(pods: pods))
        } catch {
            return .unknown("\(error)")
        }
    }

    public func suspendCronJobs(_ migration: MigrationReference, plan: Plan) async throws {
        try await change(try await assess(migration, plan.cutover.workloads).cronJobs, of: migration, RestPatch(uid: migration.uid).rest)
    }

    public func scaleToZero(_ migration: MigrationReference, plan: Plan) async throws {
        try await change(try await assess(migration, plan.cutover.workloads).toScale, of: migration, RestPatch(uid: migration.uid).rest)
    }

    public func resume(_ migration: MigrationReference) async throws {
        try await change(try await assess(migration, []).held, of: migration, RestPatch(uid: migration.uid).back)
    }

    private func assess(_ migration: MigrationReference, _ selections: [Plan.WorkloadSelection]) async throws(KubernetesError) -> RestAssessment {
        var workloads: [Workload] = []
        // Whatever the selections say, something of these may rest.
        for kind in [Plan.WorkloadSelection.Kind.deployment, .statefulSet, .cronJob] { workloads += try await lister(migration).workloads(kind) }
        if selections.contains(where: \.waitsForJobs) { workloads += try await lister(migration).workloads(.job) }
        return RestAssessment(selections: selections, uid: migration.uid, workloads: workloads)
    }

    /// Each only as it was read: what changed meanwhile is a conflict, and read again with the next try.
    private func change(_ workloads: [Workload], of migration: MigrationReference, _ patch: @Sendable (Workload) -> JSONValue?) async throws {
        let changes = workloads.compactMap { workload in patch(workload).map { (workload, $0) } }
        try await forEach(changes) { workload, change in
            _ = try await client.patch(
                workload.resource, workload.name, namespace: migration.namespace, .merge(change, resourceVersion: workload.metadata.resourceVersion))
        }
    }
}
