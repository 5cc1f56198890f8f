/// Whether the rows of unlogged tables still stand on the target. A server empties these tables when it recovers from a crash, and when a standby takes
/// over, while the journal, which is logged, goes on saying that they were copied.
///
/// The witness is an unlogged table of our own with one row: it is emptied by the very same event, whatever that was.
struct UnloggedRows: Sendable {
    let session: PostgresConnection

    /// Not part of the journal's own tables, since one made by an earlier release lacks it.
    static let createWitness =
        "CREATE UNLOGGED TABLE IF NOT EXISTS _dbmigration.witness (single boolean PRIMARY KEY DEFAULT true CHECK (single))"

    /// From here on every row that is copied stands as long as the witness does. In the transaction that takes over the journal.
    static let call = "INSERT INTO _dbmigration.witness DEFAULT VALUES ON CONFLICT DO NOTHING"

    /// Nothing was lost since ``call``. To be asked before it.
    func witnessStands() async throws -> Bool {
        try await !session.rows("SELECT 1 FROM _dbmigration.witness", attempt: "look for the witness of unlogged tables").isEmpty
    }

    /// Whether a crash would have taken something that was copied: rows, or the state of a sequence (15 on).
    func matter() async throws -> Bool {
        try await !session.rows(
            """
            SELECT 1 \(UserObjects.relations("'r', 'S'")) AND c.relpersistence = 'u' AND (c.relkind = 'S' OR EXISTS (
                SELECT 1 FROM _dbmigration.copied t WHERE (t.schema, t.name) = (n.nspname::text, c.relname::text) AND t.rows > 0)) LIMIT 1
            """, attempt: "look for unlogged tables"
        ).isEmpty
    }

    /// Makes the journal say again what is true: nothing is copied of any unlogged table. Their indexes stand, empty; the references that some of them
    /// have to each other are added again once all have their rows. For a database in which triggers, rules and policies do not stand yet.
    func forget() async throws {
        try await session.execute(
            """
            DO \(SQL.literal("DECLARE k record; BEGIN FOR k IN \(Self.foreignKeys) LOOP EXECUTE k.removal; END LOOP; END"));
            DO \(SQL.literal("DECLARE t record; BEGIN FOR t IN \(Self.tables) LOOP EXECUTE t.emptying; END LOOP; END"));
            UPDATE _dbmigration.part SET copied_at = NULL WHERE (schema, name) IN (\(Self.names));
            UPDATE _dbmigration.copied SET copied_at = NULL, parts_left = parts, rows = NULL, bytes = NULL WHERE (schema, name) IN (\(Self.names))
            """, attempt: "forget the rows of unlogged tables, which a crash of the target has taken")
    }

    /// In words, for the verification; `nil` while the witness stands, and where an earlier release made no witness.
    func loss() async throws -> String? {
        let found = try await session.rows(
            "SELECT to_regclass('_dbmigration.witness') AS witness", attempt: "look for the witness of unlogged tables")
        guard found.first?["witness"] != nil, try await !witnessStands(), try await matter() else { return nil }
        return "the target has recovered from a crash since the copy, which emptied its unlogged tables"
    }

    private static let unlogged = UserObjects.relations("'r'") + " AND c.relpersistence = 'u'"
    private static let names = "SELECT n.nspname::text, c.relname::text \(unlogged)"
    private static let tables = "SELECT format('TRUNCATE ONLY %s', c.oid::regclass) AS emptying \(unlogged)"
    /// Only unlogged tables may refer to unlogged ones.
    private static let foreignKeys = """
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', f.conrelid::regclass, f.conname) AS removal FROM pg_constraint f
        WHERE f.contype = 'f' AND f.conparentid = 0 AND f.conrelid IN (SELECT c.oid \(unlogged))
        """
}
