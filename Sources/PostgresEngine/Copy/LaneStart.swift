import Logging
import MigrationCore
import MigrationPorts

/// Begins the forward lanes of one database on the source: publications first, then the slots. The tables of each lane are copied under the snapshot
/// of its own slot, since every slot begins at a position of its own.
struct LaneStart: Sendable {
    let context: CopyContext
    let database: Plan.Database
    /// This worker's session with the target database's copy lock.
    let holder: PostgresConnection

    /// How long a publication may wait for a table: nobody's writes are held up meanwhile.
    private static let lockSeconds = 60

    /// Makes the lanes and answers their snapshots, which last as long as their keepers' sessions.
    func run() async throws -> LaneViews {
        let session = try await context.sourceSessions.database(database.name)
        var keepers = [session]
        do {
            // Asked after the session was opened: who takes over from here on ends it, and finds what it made.
            try await checkJournal()
            try await OwnSessions(session: session, uid: context.task.uid).end(.worker, where: "datname = current_database()")
            let lanes = try await publish(session)
            for _ in lanes.dropFirst() { keepers.append(try await context.sourceSessions.database(database.name)) }
            return try await views(lanes, keepers)
        } catch {
            for keeper in keepers { await keeper.close() }
            throw error
        }
    }

    private func publish(_ session: PostgresConnection) async throws -> [LanePublisher.Lane] {
        let (uid, oid) = (context.task.uid, try await session.databaseOID())
        let ours = LaneName.pattern(uid: uid, .forward, databaseOID: oid)
        try await refuseSubscription(ours)
        try await dropOldLanes(ours, in: session)
        try await LiveSource(session: session).refuseUnfit()
        let split = try await LaneTables.read(session).split(most: context.task.plan.copy.lanes)
        let lanes = split.enumerated().map { index, tables in
            let name = LaneName(uid: uid, direction: .forward, databaseOID: oid, number: index + 1, origin: .copy(context.task.number))
            return LanePublisher.Lane(name: name.description, tables: tables)
        }
        try await LanePublisher(session: session).publish(lanes, lockSeconds: Self.lockSeconds)
        return lanes
    }

    private func views(_ lanes: [LanePublisher.Lane], _ keepers: [PostgresConnection]) async throws -> LaneViews {
        let context = context
        // Asked again with all sessions open. The slots wait for the same transactions, so that all of them take no longer than one.
        try await checkJournal()
        let snapshots = try await concurrently(Array(zip(lanes, keepers)), limit: lanes.count) { lane, keeper in
            try await SlotCreation(context: context, name: lane.name, session: keeper).run()
        }
        try await context.inCharge(holder) {
            let notes = zip(lanes, snapshots).map { LaneSnapshots.note(snapshot: $1, of: $0.name) }
            try await holder.execute(
                ([LaneTable.set(.forward, lanes.map(\.name))] + notes).joined(separator: "; "), attempt: "write _dbmigration.lane")
        }
        let views = try LaneViews(
            zip(lanes, zip(snapshots, keepers)).map { lane, snapshot in
                let view = SourceView(context: context, database: database.name, snapshot: .init(name: snapshot.0, keeper: snapshot.1))
                return LaneViews.Lane(tables: lane.tables, view: view)
            }, of: database.name)
        try await views.prove()
        return views
    }

    private func checkJournal() async throws { try await holder.execute(Journal.check(context.task), attempt: "check the journal") }

    /// What an old subscription applies would mix with the copied rows.
    private func refuseSubscription(_ pattern: String) async throws {
        let found = try await holder.rows(
            "SELECT subname FROM pg_stat_subscription WHERE subname::text ~ \(SQL.literal(pattern)) LIMIT 1",
            attempt: "look for subscriptions of an earlier copy"
        ).first?.text("subname")
        guard let found else { return }
        throw CopyRejected(description: "subscription \(found) of \(database.targetName) belongs to an earlier copy: drop it before copying anew")
    }

    /// Lanes of this database that nothing will use any more. None of a newer worker is touched, although there cannot be one.
    private func dropOldLanes(_ pattern: String, in session: PostgresConnection) async throws {
        let publisher = LanePublisher(session: session)
        for name in try await publisher.names(pattern) {
            if let worker = LaneName.worker(name), worker > context.task.number { continue }
            try await publisher.drop(name)
            context.logger.notice("dropped the lane of an earlier copy", metadata: ["database": "\(database.name)", "lane": "\(name)"])
        }
    }
}
