import MigrationCore

/// The beginning of a reverse lane, in a session on the target's database: past everything the forward lane applied there, before the first
/// client writes. Done once for each lane: after the target was open, its slot holds clients' writes which have to arrive.
struct ReverseStart: Sendable {
    let session: PostgresConnection
    let uid: String

    /// Advances the reverse slot, if a reverse lane is recorded that has not begun yet.
    func run() async throws {
        guard let lane = try await LaneTable.row(session, .reverse), lane.startedAt == nil else { return }
        // A slot is advanced over durable log only, and what was applied here may have been committed asynchronously.
        try await FencePosition.mark(session, uid: uid)
        let text = try await session.rows("SELECT pg_current_wal_flush_lsn()", attempt: "read the WAL position").first?[0]
        guard let position = text.flatMap({ WALPosition($0) }) else { return }
        try await Self.advance(lane.name, to: position, session)
        try await session.execute(LaneTable.setStart(position), attempt: "write _dbmigration.lane")
    }

    /// Advances a slot, unless it stands there already or further on.
    /// - Throws: ``FenceFailure`` when there is no such slot, or it does not get there.
    static func advance(_ name: String, to position: WALPosition, _ session: PostgresConnection) async throws {
        if try await confirmed(name, session) >= position { return }
        try await session.execute("SELECT pg_replication_slot_advance(\(SQL.literal(name)), '\(position)')", attempt: "advance slot \(name)")
        let reached = try await confirmed(name, session)
        guard reached >= position else {
            throw FenceFailure(
                server: session.server, what: "slot \(name) stands at \(reached), wanted \(position)", remedy: "look at it in pg_replication_slots")
        }
    }

    private static func confirmed(_ name: String, _ session: PostgresConnection) async throws -> WALPosition {
        let row = try await session.rows(
            "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = \(SQL.literal(name))", attempt: "look for slot \(name)"
        ).first
        guard let row else {
            throw FenceFailure(
                server: session.server, what: "slot \(name) of the reverse lane is gone",
                remedy: "undo the switch and let the lane be made again; without it nothing could be carried back")
        }
        return row[0].flatMap { WALPosition($0) } ?? WALPosition(bytes: 0)
    }
}
