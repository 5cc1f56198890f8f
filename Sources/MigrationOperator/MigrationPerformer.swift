import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import StructuredData

/// Makes true what a decision asks for; it never decides. Every action may be performed again, or late.
struct MigrationPerformer: Sendable {
    let client: KubernetesClient
    let adapters: MigrationAdapters
    let access: ServerAccessReader
    let finalizer: String

    /// - Returns: the migration's object where the action wrote it.
    /// - Throws: the adapter's own error; the reconciler shows it and tries again with backoff.
    func perform(_ action: Action, _ visit: VisitContext, object: DatabaseMigration) async throws -> DatabaseMigration? {
        switch action {
        case .holdFinalizer: return try await setFinalizer(true, object)
        case .releaseFinalizer: return try await setFinalizer(false, object)
        // What an invalid spec selected rests none the less.
        case .resumeWorkloads: try await adapters.workloads.resume(visit.reference)
        default: try await perform(action, visit)
        }
        return nil
    }

    private func perform(_ action: Action, _ visit: VisitContext) async throws {
        guard let plan = visit.plan else { throw PerformError(message: "there is no plan to perform \(action) with") }
        let reference = visit.reference
        switch action {
        case .holdFinalizer, .releaseFinalizer, .resumeWorkloads: break
        case .prepareTarget: try await adapters.databases.prepareTarget(try await context(visit, plan, withRoles: true))
        case .closeSource(let epoch): try await adapters.databases.closeSource(try await context(visit, plan), epoch: epoch)
        case .sealSource(let epoch):
            try await adapters.databases.sealSource(plan.isLive ? try await laneContext(visit, plan) : try await context(visit, plan), epoch: epoch)
        case .openSource(let epoch): try await adapters.databases.openSource(try await context(visit, plan), epoch: epoch)
        case .closeTarget(let epoch): try await adapters.databases.closeTarget(try await context(visit, plan), epoch: epoch)
        case .openTarget(let epoch): try await adapters.databases.openTarget(try await context(visit, plan), epoch: epoch)
        case .keepSnapshots: await adapters.databases.keepSnapshots(try await context(visit, plan))
        case .prepareLanes(let direction, let epoch):
            try await adapters.databases.prepareLanes(try await laneContext(visit, plan), direction, epoch: epoch)
        case .connectLanes(let direction, let epoch):
            try await adapters.databases.connectLanes(try await laneContext(visit, plan), direction, epoch: epoch)
        case .disconnectLanes(let direction, let epoch):
            try await adapters.databases.disconnectLanes(try await laneContext(visit, plan), direction, epoch: epoch)
        case .removeLanes(let direction, let epoch):
            try await adapters.databases.removeLanes(try await laneContext(visit, plan), direction, epoch: epoch)
        case .drainLanes(let direction, let position, let epoch, let publisherEpoch):
            let databases = try await context(visit, plan)
            try await adapters.databases.drainLanes(databases, direction, to: position, epoch: epoch, publisherEpoch: publisherEpoch)
        case .runJob(let step, let number, let epoch):
            try await adapters.jobs.run(reference, task: WorkerTask(uid: reference.uid, step: step, number: number, sourceEpoch: epoch, plan: plan))
        case .deleteJobs: try await adapters.jobs.deleteAll(reference)
        case .pointSecrets(let side):
            try await adapters.secrets.point(reference, plan: plan, to: side, attempt: visit.record?.attempt ?? 1)
        case .prepareDigests: try await adapters.secrets.prepareDigests(reference)
        case .restartWorkloads(let tag, let order): try await adapters.workloads.restart(reference, plan: plan, tag: tag, order: order)
        case .suspendCronJobs: try await adapters.workloads.suspendCronJobs(reference, plan: plan)
        case .scaleToZero: try await adapters.workloads.scaleToZero(reference, plan: plan)
        case .pointPoolers(let side): try await adapters.poolers.point(reference, plan: plan, to: side)
        case .pausePoolers: try await adapters.poolers.pause(reference, plan: plan)
        case .turnPoolers(let side): try await adapters.poolers.turn(reference, plan: plan, to: side)
        case .resumePoolers: try await adapters.poolers.resume(reference, plan: plan)
        case .removeArtefacts(let side): try await adapters.databases.removeArtefacts(try await context(visit, plan), side: side)
        case .discardOriginals: try await adapters.secrets.discardOriginals(reference)
        }
    }

    /// - Parameter withRoles: only what makes roles needs to know them.
    private func context(_ visit: VisitContext, _ plan: Plan, withRoles: Bool = false) async throws -> DatabaseContext {
        switch await access.read(plan, for: visit) {
        case .problems(let problems): throw PerformError(message: problems.map(\.message).joined(separator: "; "))
        case .access(let source, let target):
            let found = withRoles ? await adapters.applicationRoles(visit.reference, plan) : ApplicationRoles(roles: [], problems: [])
            // A role made without its password could not log in after the switch.
            guard found.problems.isEmpty else { throw PerformError(message: found.problems.map(\.message).joined(separator: "; ")) }
            return DatabaseContext(uid: visit.reference.uid, plan: plan, source: source, target: target, applicationRoles: found.roles)
        }
    }

    /// - Throws: ``PerformError`` naming the Secret of a login that is not known: as our own role, lanes would be another's.
    private func laneContext(_ visit: VisitContext, _ plan: Plan) async throws -> DatabaseContext {
        let context = try await context(visit, plan)
        let lacking = [context.source, context.target].filter(\.lacksLogin).flatMap(\.unreadLogins)
        guard lacking.isEmpty else { throw PerformError(message: lacking.map(\.message).joined(separator: "; ")) }
        return context
    }

    private func setFinalizer(_ wanted: Bool, _ object: DatabaseMigration) async throws -> DatabaseMigration? {
        let present = object.metadata.finalizers ?? []
        let finalizers = present.filter { $0 != finalizer } + (wanted ? [finalizer] : [])
        guard finalizers != present else { return nil }
        let patch = JSONValue.object(["metadata": .object(["finalizers": .array(finalizers.map(JSONValue.string))])])
        do {
            return try await client.patch(
                DatabaseMigration.self, object.name, namespace: object.namespace, .merge(patch, resourceVersion: object.metadata.resourceVersion))
        } catch {
            // Gone because somebody else removed the finalizer: that is what was wanted.
            guard error.kind == .notFound && !wanted else { throw error }
            return nil
        }
    }
}

/// An action that could not begin.
struct PerformError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
