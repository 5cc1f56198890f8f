import MigrationCore

/// The beginning of the reverse lanes, in a session on the target's database: past everything the forward lanes applied there, before the first
/// client writes. Done once for each lane: after the target was open, its slot holds clients' writes which have to arrive.
struct ReverseStart: Sendable {
    let session: PostgresConnection
    let uid: String

    /// Advances the slots of all reverse lanes that have not begun yet.
    func run() async throws {
        let names = try await LaneTable.entries(session, .reverse).filter { $0.startedAt == nil }.map(\.name)
        if names.isEmpty { return }
        // A slot is advanced over durable log only, and what was applied here may have been committed asynchronously.
        try await FencePosition.mark(session, uid: uid)
        let text = try await session.rows("SELECT pg_current_wal_flush_lsn()", attempt: "read the WAL position").first?[0]
        guard let position = text.flatMap({ WALPosition($0) }) else { return }
        try await Self.advance(names, to: position, session)
        try await session.execute(LaneTable.setStart(position, names), attempt: "write _dbmigration.lane")
    }

    /// Advances slots, unless they stand there already or further on.
    /// - Throws: ``FenceFailure`` when there is no such slot, or it does not get there.
    static func advance(_ names: [String], to position: WALPosition, _ session: PostgresConnection) async throws {
        let behind = try await confirmed(names, session).filter { $0.position < position }.map(\.name)
        if behind.isEmpty { return }
        let advances = behind.map { "SELECT pg_replication_slot_advance(\(SQL.literal($0)), '\(position)')" }
        try await session.execute(advances.joined(separator: "; "), attempt: "advance slots \(behind.joined(separator: ", "))")
        for (name, reached) in try await confirmed(behind, session) where reached < position {
            throw FenceFailure(
                server: session.server, what: "slot \(name) stands at \(reached), wanted \(position)", remedy: "look at it in pg_replication_slots")
        }
    }

    private static func confirmed(_ names: [String], _ session: PostgresConnection) async throws -> [(name: String, position: WALPosition)] {
        let rows = try await session.rows(
            "SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name IN \(SQL.list(names))",
            attempt: "look for slots \(names.joined(separator: ", "))")
        let found = Dictionary(rows.map { ($0.text("slot_name"), $0["confirmed_flush_lsn"]) }) { first, _ in first }
        return try names.map { name in
            guard let text = found[name] else {
                throw FenceFailure(
                    server: session.server, what: "slot \(name) of a reverse lane is gone",
                    remedy: "undo the switch and let the lanes be made again; without it nothing could be carried back")
            }
            return (name, text.flatMap { WALPosition($0) } ?? WALPosition(bytes: 0))
        }
    }
}
