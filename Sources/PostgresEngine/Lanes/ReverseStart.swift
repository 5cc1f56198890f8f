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
        let marked = try await session.execute(
            "\(FencePosition.marking(uid: uid)); SELECT pg_current_wal_flush_lsn() AS position; \(Self.question(names))",
            attempt: "mark where the reverse lanes begin")
        guard let position = (marked.dropLast().last?.first?["position"]).flatMap({ WALPosition($0) }) else { return }
        try await Self.advance(Self.positions(names, marked.last ?? .none, session), to: position, session)
        try await session.execute(LaneTable.setStart(position, names), attempt: "write _dbmigration.lane")
    }

    /// Advances slots, unless they stand there already or further on.
    /// - Throws: ``FenceFailure`` when there is no such slot, or it does not get there.
    static func advance(_ names: [String], to position: WALPosition, _ session: PostgresConnection) async throws {
        let found = try await session.rows(question(names), attempt: "look for slots \(names.joined(separator: ", "))")
        try await advance(try positions(names, found, session), to: position, session)
    }

    private static func advance(
        _ confirmed: [(name: String, position: WALPosition)], to position: WALPosition, _ session: PostgresConnection
    ) async throws {
        let behind = confirmed.filter { $0.position < position }.map(\.name)
        if behind.isEmpty { return }
        let advances = behind.map { "SELECT pg_replication_slot_advance(\(SQL.literal($0)), '\(position)')" }
        let answers = try await session.execute(
            (advances + [question(behind)]).joined(separator: "; "), attempt: "advance slots \(behind.joined(separator: ", "))")
        for (name, reached) in try positions(behind, answers.last ?? .none, session) where reached < position {
            throw FenceFailure(
                server: session.server, what: "slot \(name) stands at \(reached), wanted \(position)", remedy: "look at it in pg_replication_slots")
        }
    }

    private static func question(_ names: [String]) -> String {
        "SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name IN \(SQL.list(names))"
    }

    private static func positions(
        _ names: [String], _ rows: Rows, _ session: PostgresConnection
    ) throws -> [(name: String, position: WALPosition)] {
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
