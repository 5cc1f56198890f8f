import MigrationCore
import MigrationPorts

/// The end of a direction's lanes while both sides are closed: what they still carry arrives, sequences follow, which the log does not carry. Forward,
/// what changed since the verification is compared a last time as well, while both sides stand still.
struct LaneDrain: Sendable {
    let context: DatabaseContext
    let direction: Direction
    let pool: SessionPool

    private static let patience = Duration.seconds(1)
    private static let pollMilliseconds = 10

    init(_ context: DatabaseContext, _ direction: Direction, _ pool: SessionPool) {
        self.context = context
        self.direction = direction
        self.pool = pool
    }

    /// Returns without setting sequences when the lanes need longer than a second.
    ///
    /// - Throws: ``FenceStopped`` unless the source's fence stands at `epoch`, and the publisher's is closed at `publisherEpoch`.
    func run(to position: WALPosition, epoch: Int64, publisherEpoch: Int64) async throws {
        try await LaneLock.hold(context, epoch: epoch, pool: pool) { lock in
            try await requireClosed(publisherEpoch, lock)
            guard try await isDrained(to: position) else { return }
            let mismatches =
                direction == .forward
                ? try await FinalCheck.run(context, seconds: context.plan.cutover.verifySeconds, pool: pool).mismatches : []
            _ = try await concurrently(context.plan.databases, limit: 4) { database in
                try await LaneEnds.with(context, direction, database, altersSubscription: false, pool: pool) { ends in
                    try await lock.check()
                    try await SequenceAlignment.align(ends, direction)
                    let mismatch = mismatches.first { $0.hasPrefix("\(database.name): ") }
                    try await ends.tables.execute(SequenceTable.note(direction, publisherEpoch, mismatch), attempt: "write _dbmigration.sequences")
                }
            }
        }
    }

    /// Of an open publisher, sequences read would be old at once.
    private func requireClosed(_ epoch: Int64, _ lock: FenceLock) async throws {
        let (uid, publisher) = (context.uid, Sessions(context.access(direction.publisher), uid: context.uid, pool: pool))
        let rows =
            direction.publisher == .source ? lock.rows ?? [] : try await publisher.withMaintenance { try await FenceTable.rows($0, uid: uid) }
        for database in context.plan.databases {
            let name = direction.publisher == .source ? database.name : database.targetName
            if rows.contains(where: { $0.database == name && $0.state == .closed && $0.epoch == epoch }) { continue }
            throw FenceStopped(server: publisher.server, why: "database \(name) is not closed at epoch \(epoch): its sequences may still move")
        }
    }

    // MARK: Waiting

    /// In all databases at once. Meanwhile the sessions of the next step are opened, since a login costs more than what they are for.
    private func isDrained(to position: WALPosition) async throws -> Bool {
        async let warm: Void = openSubscribers()
        let deadline = ContinuousClock.now + Self.patience
        let drained = try await concurrently(context.plan.databases, limit: 4) { try await isDrained($0, to: position, deadline: deadline) }
        guard drained.allSatisfy({ $0 }) else { return false }
        await warm
        return true
    }

    private func isDrained(_ database: Plan.Database, to position: WALPosition, deadline: ContinuousClock.Instant) async throws -> Bool {
        while true {
            if try await hasten(database, to: position) { return true }
            guard .now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
    }

    /// A subscriber confirms what is durable there, but its workers commit without waiting for that, and tell only when they next hear of the
    /// publisher or a moment has passed. A commit of ours makes everything before it durable; a record in the publisher's log makes it send.
    ///
    /// - Returns: whether every lane of the database has confirmed what comes before `position`.
    private func hasten(_ database: Plan.Database, to position: WALPosition) async throws -> Bool {
        let (uid, mark) = (context.uid, FencePosition.marking(uid: context.uid))
        let pattern = LaneName.pattern(uid: uid, direction)
        _ = try await context.with(direction.subscriber, database, pool) { try await $0.execute(mark, attempt: "make what was applied durable") }
        return try await context.with(direction.publisher, database, pool) { session in
            let behind = """
                SELECT count(*) AS lanes, count(*) FILTER (WHERE coalesce(confirmed_flush_lsn, '0/0') >= '\(position)') AS drained
                FROM pg_replication_slots WHERE slot_name::text ~ \(SQL.literal(pattern)) AND database = current_database()
                """
            let row = try await session.rows("\(mark); \(behind)", attempt: "see what the lanes have confirmed").first
            // Lanes that are missing are the observation's business.
            return row.map { $0.integer("lanes") == $0.integer("drained") } ?? false
        }
    }

    private func openSubscribers() async {
        guard direction == .forward, let login = context.target.creatingSubscriptions else { return }
        let sessions = Sessions(login, uid: context.uid, pool: pool)
        // What cannot be opened is told by who needs it.
        _ = try? await concurrently(context.plan.databases, limit: 4) { try await sessions.with(database: $0.targetName) { _ in } }
    }
}
