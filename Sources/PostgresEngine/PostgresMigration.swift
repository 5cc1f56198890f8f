public import Logging
public import MigrationCore
public import MigrationPorts

/// The database side of a migration, on two real PostgreSQL servers.
public struct PostgresMigration: DatabasePort {
    private let logger: Logger
    private let pool = SessionPool()
    private let drifts = DriftMemory()
    private let clock = LagClock()
    private let keeper = SnapshotKeeper()

    public init(logger: Logger) { self.logger = logger }

    public func clientSessions(_ context: DatabaseContext) async -> [ClientSession] {
        let databases = context.plan.databases.map(\.name)
        let found = try? await Sessions(context.source, uid: context.uid).withMaintenance { session in
            try await ClientSessions(session: session, uid: context.uid, databases: databases).origins()
        }
        return found ?? []
    }

    public func preflight(_ context: DatabaseContext) async -> [PreflightProblem] { await Preflight(context: context).run() }
    public func preflightWarnings(_ context: DatabaseContext) async -> [PreflightProblem] { await PreflightWarnings(context: context).read() }

    public func observeSource(_ context: DatabaseContext) async -> Fact<SourceState> {
        await fact { try await SourceObservation(context, pool).read() }
    }

    public func observeTarget(_ context: DatabaseContext, withPosition: Bool) async -> Fact<TargetState> {
        await fact { try await TargetObservation(context, pool).read(withPosition: withPosition) }
    }

    public func countSessions(_ context: DatabaseContext, side: Side) async -> Fact<Int> {
        let (access, databases) =
            side == .source
            ? (context.source, context.plan.databases.map(\.name)) : (context.target, context.plan.databases.map(\.targetName))
        return await fact {
            try await Sessions(access, uid: context.uid, pool: pool).withMaintenance { session in
                try await ClientSessions(session: session, uid: context.uid, databases: databases).count()
            }
        }
    }

    public func progress(_ context: DatabaseContext) async -> Fact<[DatabaseProgress]> {
        await fact { try await ProgressReading(sessions: Sessions(context.target, uid: context.uid, pool: pool)).read(context.plan.databases) }
    }

    public func hasArtefacts(_ context: DatabaseContext, side: Side) async -> Fact<Bool> {
        await fact { try await ArtefactRemoval(context, side: side).isNeeded() }
    }

    public func prepareTarget(_ context: DatabaseContext) async throws { try await TargetPreparation(context: context, logger: logger).run() }
    public func closeSource(_ context: DatabaseContext, epoch: Int64) async throws { try await SourceFence(context, pool).close(epoch: epoch) }
    public func sealSource(_ context: DatabaseContext, epoch: Int64) async throws {
        try await SourceFence(context, pool).close(epoch: epoch) { lock in
            if context.plan.isLive { try await Lanes(context, .forward, pool).disconnect(under: lock) }
        }
    }
    public func openSource(_ context: DatabaseContext, epoch: Int64) async throws { try await SourceFence(context, pool).open(epoch: epoch) }
    public func closeTarget(_ context: DatabaseContext, epoch: Int64) async throws { try await TargetFence(context, pool).close(epoch: epoch) }
    public func openTarget(_ context: DatabaseContext, epoch: Int64) async throws { try await TargetFence(context, pool).open(epoch: epoch) }

    public func observeLanes(_ context: DatabaseContext, _ direction: Direction) async -> Fact<ReplicationState> {
        await fact { await clock.measured(try await LaneObservation(context, direction, pool).read(), context, direction) }
    }

    public func observeDrift(_ context: DatabaseContext, _ direction: Direction, isFresh: Bool) async -> String? {
        await drifts.drift(.init(context, direction), isFresh: isFresh) {
            try await DriftReading(context: context, direction: direction, pool: pool).read()
        }
    }

    public func prepareLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws {
        try await Lanes(context, direction).prepare(epoch: epoch)
    }

    public func keepSnapshots(_ context: DatabaseContext) async {
        // They are a precaution: without them a copy whose worker dies begins anew, and nothing else waits for them.
        do { try await keeper.keep(context, pool) } catch { logger.warning("the copy's snapshots are not kept: \(error)") }
    }

    public func connectLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws {
        // The copy is done, and so are the snapshots.
        if direction == .forward { await keeper.release(context.uid) }
        try await Lanes(context, direction, pool).connect(epoch: epoch)
    }

    public func disconnectLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws {
        try await Lanes(context, direction, pool).disconnect(epoch: epoch)
    }

    public func removeLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws {
        if direction == .forward { await keeper.release(context.uid) }
        try await Lanes(context, direction).remove(epoch: epoch)
    }

    public func drainLanes(
        _ context: DatabaseContext, _ direction: Direction, to position: WALPosition, epoch: Int64, publisherEpoch: Int64
    ) async throws {
        try await LaneDrain(context, direction, pool).run(to: position, epoch: epoch, publisherEpoch: publisherEpoch)
    }

    public func removeArtefacts(_ context: DatabaseContext, side: Side) async throws {
        await keeper.release(context.uid)
        try await ArtefactRemoval(context, side: side).run()
    }

    private func fact<Value: Sendable>(_ read: () async throws -> Value) async -> Fact<Value> {
        do { return .value(try await read()) } catch { return .unknown(String(describing: error)) }
    }
}
