/// Table `_dbmigration.unfinished` of the target's maintenance database: databases that this migration makes, until all that belongs to them is set. A
/// database is created outside of any transaction, and who was killed right after it would leave one that looks like the user's own. In a session on
/// the maintenance database that holds the fence's lock, whose schema is there.
struct UnfinishedDatabases: Sendable {
    let session: PostgresConnection
    let uid: String

    func contains(_ database: String) async throws -> Bool { try await hasRow(condition(database)) }

    /// Whether the migration has any.
    func isPresent() async throws -> Bool { try await hasRow("uid = \(SQL.literal(uid))") }

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

    /// With a migration's other rows.
    ///
    /// - Returns: Whether another migration has some.
    func removeAll() async throws -> Bool {
        guard try await exists() else { return false }
        try await session.execute("DELETE FROM _dbmigration.unfinished WHERE uid = \(SQL.literal(uid))", attempt: "write _dbmigration.unfinished")
        return try await !session.rows("SELECT 1 FROM _dbmigration.unfinished LIMIT 1", attempt: "look for other migrations").isEmpty
    }

    private func hasRow(_ condition: String) async throws -> Bool {
        guard try await exists() else { return false }
        return try await !session.rows(
            "SELECT 1 FROM _dbmigration.unfinished WHERE \(condition) LIMIT 1", attempt: "read _dbmigration.unfinished"
        ).isEmpty
    }

    private func exists() async throws -> Bool {
        try await !session.rows(OptionalTables.present("unfinished"), attempt: "look for _dbmigration.unfinished").isEmpty
    }

    private func condition(_ database: String) -> String { "(database, uid) = (\(SQL.literal(database)), \(SQL.literal(uid)))" }
}
