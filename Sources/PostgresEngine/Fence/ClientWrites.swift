/// What clients wrote to one database of the target since it was opened. Sequences count, because they do not roll back: a write that
/// was undone counts too, and none is missed. DDL shows as another digest of the user's relations.
struct ClientWrites: Sendable {
    struct Reading: Sendable, Hashable {
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

    func read() async throws -> Reading {
        try await session.rows(Self.search, attempt: "look for the count of client writes").first?[0] == nil
            ? Reading(happened: false) : try await count()
    }

    /// NULL where nothing was ever counted; for who asks several things in one round trip.
    static let search = "SELECT to_regclass('_dbmigration.opening')"

    /// Where ``search`` found something.
    func count() async throws -> Reading {
        let row = try await session.rows(
            """
            SELECT w.is_called AS counted, f.is_called AS timed, f.last_value AS first, coalesce((SELECT digest FROM _dbmigration.opening) <> (\(Self.digest)), false) AS ddl
            FROM _dbmigration.client_writes w, _dbmigration.first_client_write_micros f
            """, attempt: "read the count of client writes"
        ).first
        guard let row else { return Reading(happened: false) }
        return Reading(happened: row.flag("counted") || row.flag("ddl"), firstMicroseconds: row.flag("timed") ? row.integer("first") : nil)
    }
}
