import MigrationCore
import StructuredData

/// The snapshots that a database's forward lanes are copied under, as the target database has noted them.
struct LaneSnapshots: Sendable, Hashable, Decodable {
    struct Entry: Sendable, Hashable, Decodable {
        /// The lane's.
        var name: String
        /// Exported by the worker, which ends with it.
        var snapshot: String?
        /// Exported by a controller, which may outlive the worker.
        var kept: String?
    }

    /// By number.
    var entries: [Entry]

    /// None once the copy is finished, and before it began.
    ///
    /// - Parameter session: On the target database.
    static func read(_ session: PostgresConnection) async throws -> LaneSnapshots {
        let rows = try await session.rows(OptionalTables.statements([question]), attempt: "read _dbmigration.lane")
        return LaneSnapshots(entries: try JSON.decode([Entry].self, from: rows.first?["snapshots"] ?? "[]"))
    }

    private static let question = OptionalTables.Question(
        name: "snapshots", table: "lane",
        query: """
            SELECT json_agg(json_build_object('name', l.name, 'snapshot', l.snapshot, 'kept', l.kept) ORDER BY l.number)
            FROM _dbmigration.lane l, _dbmigration.journal j WHERE l.direction = 'forward' AND j.phase IN ('\(Journal.Phase.schema.rawValue)', '\(Journal.Phase.indexes.rawValue)')
            """)

    /// A statement after which nobody goes on under the snapshots; the table has to be there.
    static let forget = "UPDATE _dbmigration.lane SET snapshot = NULL, kept = NULL"

    /// A statement that notes what a worker exported; the lane has to be a current one.
    static func note(snapshot: String, of lane: String) -> String {
        "UPDATE _dbmigration.lane SET snapshot = \(SQL.literal(snapshot)) WHERE direction = 'forward' AND name = \(SQL.literal(lane))"
    }

    /// A statement that notes what a controller exported; no row when another worker has begun since.
    static func note(kept: String, insteadOf snapshot: String, of lane: String) -> String {
        """
        UPDATE _dbmigration.lane SET kept = \(SQL.literal(kept))
        WHERE direction = 'forward' AND name = \(SQL.literal(lane)) AND snapshot = \(SQL.literal(snapshot))
        """
    }
}
