import MigrationCore

/// Table `_dbmigration.lane` of a target database: the current lanes' names for each direction. They stand there for both directions, because
/// the target is the side that a migration may fill, reset and clean up.
enum LaneTable {
    /// Statements, for a transaction under way or not. `started_at` is the position from which on a reverse lane carries what clients wrote; `snapshot`
    /// and `kept` are names of the snapshot that a forward lane's tables are copied under, as its worker and as the controller exported it.
    static let create = """
        CREATE SCHEMA IF NOT EXISTS _dbmigration;
        CREATE TABLE IF NOT EXISTS _dbmigration.lane (
            direction text CHECK (direction IN ('forward', 'reverse')), number int CHECK (number > 0), name text NOT NULL, started_at pg_lsn,
            snapshot text, kept text, PRIMARY KEY (direction, number))
        """

    struct Entry: Sendable, Hashable, Decodable {
        /// From 1.
        var number: Int
        var name: String
        var startedAt: WALPosition?
    }

    /// The current lanes by number; none without rows, and without a table.
    static func entries(_ session: PostgresConnection, _ direction: Direction) async throws -> [Entry] {
        try LaneRecords(await session.rows(LaneRecords.statements(direction), attempt: "read _dbmigration.lane")).lanes
    }

    static func names(_ session: PostgresConnection, _ direction: Direction) async throws -> [String] {
        try await entries(session, direction).map(\.name)
    }

    /// Statements that make `names`, of the lanes from 1 on, the current ones; the table has to be there. What is the current one already stays as it is.
    static func set(_ direction: Direction, _ names: [String]) -> String {
        let values = names.enumerated().map { "('\(direction.rawValue)', \($0 + 1), \(SQL.literal($1)))" }.joined(separator: ", ")
        return """
            DELETE FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)' AND (direction, number, name) NOT IN (VALUES \(values));
            INSERT INTO _dbmigration.lane (direction, number, name) VALUES \(values) ON CONFLICT (direction, number) DO NOTHING
            """
    }

    /// A statement that leaves the direction without lanes; the table has to be there.
    static func clear(_ direction: Direction) -> String { "DELETE FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)'" }

    /// A statement that notes from where reverse lanes carry what clients wrote.
    static func setStart(_ position: WALPosition, _ names: [String]) -> String {
        "UPDATE _dbmigration.lane SET started_at = '\(position)' WHERE direction = 'reverse' AND name IN \(SQL.list(names))"
    }

    /// A statement that forgets it for all of them, because a forward lane may apply again.
    static let forgetStart = "UPDATE _dbmigration.lane SET started_at = NULL WHERE direction = 'reverse'"

    static func exists(_ session: PostgresConnection) async throws -> Bool {
        try await !session.rows(OptionalTables.present("lane"), attempt: "look for _dbmigration.lane").isEmpty
    }
}
