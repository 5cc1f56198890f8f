import Logging
import MigrationCore
import MigrationPorts

/// Begins the forward lane of one database on the source: publication first, then the slot, under whose snapshot the rows are copied.
struct LaneStart: Sendable {
    let context: CopyContext
    let database: Plan.Database
    /// This worker's session with the target database's copy lock.
    let holder: PostgresConnection

    /// How long a publication may wait for a table: nobody's writes are held up meanwhile.
    private static let lockSeconds = 60

    /// Makes the lane and answers the view of its snapshot, which lasts as long as its keeper's session.
    func run() async throws -> SourceView {
        let session = try await context.sourceSessions.database(database.name)
        do {
            return try await run(in: session)
        } catch {
            await session.close()
            throw error
        }
    }

    private func run(in session: PostgresConnection) async throws -> SourceView {
        // Asked after the session was opened: who takes over from here on ends it, and finds what it made.
        try await checkJournal()
        try await OwnSessions(session: session, uid: context.task.uid).end(.worker, where: "datname = current_database()")
        guard
            let oid = try await session.rows("SELECT oid FROM pg_database WHERE datname = current_database()", attempt: "read the database's OID")
                .first?.integer("oid")
        else { throw CopyRejected(description: "database \(database.name) has no OID") }
        let name = LaneName(uid: context.task.uid, direction: .forward, databaseOID: oid, origin: .copy(context.task.number))
        let ours = "\(LaneName.prefix(uid: context.task.uid))\(oid)_f_"
        try await refuseSubscription(ours)
        try await dropOldLanes(ours, in: session)
        try await LiveSource(session: session).refuseUnfit()
        try await LanePublisher(session: session).publish(name.description, lockSeconds: Self.lockSeconds)
        let snapshot = try await SlotCreation(context: context, name: name, session: session).run()
        try await holder.transaction {
            try await checkJournal()
            try await holder.execute(LaneTable.set(.forward, name.description), attempt: "write _dbmigration.lane")
        }
        let view = SourceView(context: context, database: database.name, snapshot: .init(name: snapshot, keeper: session))
        try await view.with { try await LiveSource(session: $0).proveAllPublished(by: name.description) }
        return view
    }

    private func checkJournal() async throws { try await holder.execute(Journal.check(context.task), attempt: "check the journal") }

    /// What an old subscription applies would mix with the copied rows.
    private func refuseSubscription(_ prefix: String) async throws {
        let found = try await holder.rows(
            "SELECT subname FROM pg_stat_subscription WHERE starts_with(subname::text, \(SQL.literal(prefix))) LIMIT 1",
            attempt: "look for subscriptions of an earlier copy"
        ).first?.text("subname")
        guard let found else { return }
        throw CopyRejected(description: "subscription \(found) of \(database.targetName) belongs to an earlier copy: drop it before copying anew")
    }

    /// Lanes of this database that nothing will use any more. None of a newer worker is touched, although there cannot be one.
    private func dropOldLanes(_ prefix: String, in session: PostgresConnection) async throws {
        let publisher = LanePublisher(session: session)
        for name in try await publisher.names("^\(prefix)[a-z0-9]+$") {
            if let worker = name.split(separator: "_f_k").last.flatMap({ Int($0) }), worker > context.task.number { continue }
            try await publisher.drop(name)
            context.logger.notice("dropped the lane of an earlier copy", metadata: ["database": "\(database.name)", "lane": "\(name)"])
        }
    }
}
