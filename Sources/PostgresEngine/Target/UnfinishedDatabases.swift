/// Table `_dbmigration.unfinished` of the target's maintenance database: databases that this migration makes, until all that belongs to them is set. A
/// database is created outside of any transaction, and who was killed right after it would leave one that looks like the user's own. In a session on
/// the maintenance database that holds the fence's lock, whose schema is there.
struct UnfinishedDatabases: Sendable {
    let session: PostgresConnection
    let uid: String

    func contains(_ database: String) async throws -> Bool {
        guard try await !session.rows(OptionalTables.present("unfinished"), attempt: "look for _dbmigration.unfinished").isEmpty else { return false }
        return try await !session.rows(
            "SELECT 1 FROM _dbmigration.unfinished WHERE \(condition(database))", attempt: "read _dbmigration.unfinished"
        ).isEmpty
    }

    /// Before `database` is created.
    func add(_ database: String) async throws {
        try await session.execute(
            """
            CREATE TABLE IF NOT EXISTS _dbmigration.unfinished (database text, uid text, PRIMARY KEY (database, uid));
            INSERT INTO _dbmigration.unfinished VALUES (\(SQL.literal(database)), \(SQL.literal(uid))) ON CONFLICT DO NOTHING
            """, attempt: "write _dbmigration.unfinished")
    }

    /// After its last setting.
    func remove(_ database: String) async throws {
        try await session.execute("DELETE FROM _dbmigration.unfinished WHERE \(condition(database))", attempt: "write _dbmigration.unfinished")
    }

    private func condition(_ database: String) -> String { "(database, uid) = (\(SQL.literal(database)), \(SQL.literal(uid)))" }
}
