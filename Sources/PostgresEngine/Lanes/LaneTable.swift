import MigrationCore

/// Table `_dbmigration.lane` of a target database: the current lane's name for each direction. It stands there for both directions, because
/// the target is the side that a migration may fill, reset and clean up.
enum LaneTable {
    /// Statements, for a transaction under way or not. `started_at` is the position from which on a reverse lane carries what clients wrote.
    static let create = """
        CREATE SCHEMA IF NOT EXISTS _dbmigration;
        CREATE TABLE IF NOT EXISTS _dbmigration.lane (
            direction text PRIMARY KEY CHECK (direction IN ('forward', 'reverse')), name text NOT NULL, started_at pg_lsn)
        """

    /// The current name; `nil` without a row, and without a table.
    static func name(_ session: PostgresConnection, _ direction: Direction) async throws -> String? { try await row(session, direction)?.name }

    struct Entry: Sendable, Hashable {
        var name: String
        var startedAt: WALPosition?
    }

    static func row(_ session: PostgresConnection, _ direction: Direction) async throws -> Entry? {
        guard try await exists("lane", session) else { return nil }
        return try await session.rows(
            "SELECT name, started_at FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)'", attempt: "read _dbmigration.lane"
        ).first.map { Entry(name: $0.text("name"), startedAt: $0["started_at"].flatMap { WALPosition($0) }) }
    }

    /// A statement that makes `name` the current one; the table has to be there.
    static func set(_ direction: Direction, _ name: String) -> String {
        """
        INSERT INTO _dbmigration.lane AS l (direction, name) VALUES ('\(direction.rawValue)', \(SQL.literal(name)))
        ON CONFLICT (direction) DO UPDATE SET name = excluded.name, started_at = NULL WHERE l.name <> excluded.name
        """
    }

    /// A statement that leaves the direction without a lane; the table has to be there.
    static func clear(_ direction: Direction) -> String { "DELETE FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)'" }

    /// A statement that notes from where the reverse lane carries what clients wrote; `nil` because the forward lane may apply again.
    static func setStart(_ position: WALPosition?) -> String {
        "UPDATE _dbmigration.lane SET started_at = \(SQL.literal(position?.description)) WHERE direction = 'reverse'"
    }

    /// Asked of the catalog, because `to_regclass` fails on a schema that we may not use.
    static func exists(_ table: String, _ session: PostgresConnection) async throws -> Bool {
        try await !session.rows(
            """
            SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '_dbmigration' AND c.relname = \(SQL.literal(table))
            """, attempt: "look for _dbmigration.\(table)"
        ).isEmpty
    }
}
