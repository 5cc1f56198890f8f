import StructuredData

/// What clients wrote to one database of the target since it was opened. Sequences count, because they do not roll back: a write that
/// was undone counts too, and none is missed. DDL shows as another digest of the user's relations.
struct ClientWrites: Sendable {
    struct Reading: Sendable, Hashable, Decodable {
        var happened: Bool
        /// Of the first counted statement; `nil` for DDL alone.
        var firstMicroseconds: Int64?
    }

    let session: PostgresConnection

    static let createObjects = """
        CREATE SEQUENCE IF NOT EXISTS _dbmigration.client_writes;
        CREATE SEQUENCE IF NOT EXISTS _dbmigration.first_client_write_micros;
        CREATE TABLE IF NOT EXISTS _dbmigration.opening (single boolean PRIMARY KEY DEFAULT true CHECK (single), digest text NOT NULL, opened_at timestamptz NOT NULL)
        """

    /// Forgets what an earlier opening counted.
    static let reset = """
        SELECT setval('_dbmigration.client_writes', 1, false), setval('_dbmigration.first_client_write_micros', 1, false);
        DELETE FROM _dbmigration.opening
        """

    private static let digest = """
        SELECT md5(coalesce(string_agg(concat_ws(',', c.oid, n.nspname, c.relname, c.relkind, c.relnatts), ';' ORDER BY c.oid), '')
            || (SELECT concat_ws(',', count(*), max(oid)) FROM pg_largeobject_metadata))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND \(UserObjects.schemaCondition)
        """

    /// Zeroes the count, remembers the relations, and lets the guard count.
    func startCounting(token: String) async throws {
        try await session.execute(
            """
            BEGIN; SET LOCAL lock_timeout = '2s'; \(Journal.lock); \(Journal.open); \(Self.createObjects); \(Self.reset);
            INSERT INTO _dbmigration.opening (digest, opened_at) VALUES ((\(Self.digest)), clock_timestamp());
            \(Guard.function(.counting(token: token)));
            COMMIT
            """, attempt: "start counting client writes in \(session.options.database)")
    }

    /// Statements for who asks several things in one round trip; the last one's answer is for ``reading(_:)``.
    static let question = OptionalTables.statements([
        .init(
            name: "writes", table: "opening",
            query: """
                SELECT json_build_object('happened', w.is_called OR coalesce((SELECT digest FROM _dbmigration.opening) <> (\(digest)), false),
                    'firstMicroseconds', CASE WHEN f.is_called THEN f.last_value END)
                FROM _dbmigration.client_writes w, _dbmigration.first_client_write_micros f
                """)
    ])

    /// What ``question`` found; nothing happened where nothing was ever counted.
    static func reading(_ found: Rows) throws -> Reading {
        try found.first?["writes"].map { try JSON.decode(Reading.self, from: $0) } ?? Reading(happened: false)
    }
}
