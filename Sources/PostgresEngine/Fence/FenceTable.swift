import StructuredData

/// Reads and writes rows of `_dbmigration.fence` in a session on the maintenance database.
enum FenceTable {
    static func exists(_ session: PostgresConnection) async throws -> Bool {
        try await isReadable(session) != nil
    }

    /// `nil` when there is no table. Asked of the catalog, because `to_regclass` fails on a schema that we may not use.
    static func isReadable(_ session: PostgresConnection) async throws -> Bool? {
        try await session.rows(
            """
            SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = '_dbmigration' AND c.relname = 'fence'
            """, attempt: "look for _dbmigration.fence"
        ).first.map { $0[0] == "t" }
    }

    /// The rows of one migration; none when there is no table.
    static func rows(_ session: PostgresConnection, uid: String) async throws -> [FenceRow] {
        try rows(try await session.rows(selection(uid: uid), attempt: "read _dbmigration.fence")) ?? []
    }

    /// Statements for who asks several things in one round trip; ``answers`` of them, of which the last is for ``rows(_:)``. Another version may have made
    /// the table: it lacks what only the evidence needs until the next closing.
    static func selection(uid: String) -> String {
        OptionalTables.statements([
            .init(
                name: "fence", table: "fence",
                query: """
                    SELECT coalesce(json_agg(json_build_object('database', database, 'state', state, 'epoch', epoch, 'savedLimit', saved_connection_limit,
                        'savedReadOnly', saved_read_only, 'changedAtMilliseconds', (extract(epoch FROM changed_at) * 1000)::bigint,
                        'sessionsEnded', to_jsonb(f)->'sessions_ended', 'writesRefused', to_jsonb(f)->'writes_refused') ORDER BY database), '[]')
                    FROM _dbmigration.fence f WHERE uid = \(SQL.literal(uid))
                    """)
        ])
    }

    static let answers = OptionalTables.answers

    /// What ``selection(uid:)`` found; `nil` when there is no table.
    /// - Throws: an error of decoding when it is something else.
    static func rows(_ found: Rows) throws -> [FenceRow]? {
        try found.first?["fence"].map { try JSON.decode([FenceRow].self, from: $0) }
    }

    /// Inserts or replaces rows of ours, and runs what follows from each in the same round trip; a row of another migration is refused.
    static func write(_ session: PostgresConnection, uid: String, _ rows: [FenceRow], settings: [String] = []) async throws {
        guard !rows.isEmpty else { return }
        let values = rows.map { row in
            """
            (\(SQL.literal(row.database)), \(SQL.literal(uid)), '\(row.state.rawValue)', \(row.epoch), \(row.savedLimit), \(SQL.literal(row.savedReadOnly)), clock_timestamp())
            """
        }
        let insertion = """
            INSERT INTO _dbmigration.fence AS f (database, uid, state, epoch, saved_connection_limit, saved_read_only, changed_at) VALUES
            \(values.joined(separator: ",\n"))
            ON CONFLICT (database) DO UPDATE SET state = excluded.state, epoch = excluded.epoch, saved_connection_limit = excluded.saved_connection_limit,
            saved_read_only = excluded.saved_read_only, changed_at = excluded.changed_at WHERE f.uid = excluded.uid AND f.epoch < excluded.epoch
            """
        let answers = try await session.execute(([insertion] + settings).joined(separator: ";\n"), attempt: "write _dbmigration.fence")
        guard answers.first?.affected == rows.count else {
            throw FenceStopped(
                server: session.server,
                why: "one of the databases \(rows.map(\.database).joined(separator: ", ")) has a fence row of another migration or a newer epoch")
        }
    }
}

/// What the fence changes on a database, as it stands now.
struct DatabaseSettings: Sendable, Hashable {
    /// -1 = no limit.
    var limit: Int64
    /// The database's own `default_transaction_read_only`; `nil` = not set.
    var readOnly: String?

    /// By database name; a database that does not exist is missing.
    static func read(_ session: PostgresConnection, _ databases: [String]) async throws -> [String: DatabaseSettings] {
        settings(try await session.rows(selection(databases), attempt: "read the databases' settings"))
    }

    /// For who asks several things in one round trip.
    static func selection(_ databases: [String]) -> String {
        """
        SELECT d.datname, d.datconnlimit, (SELECT split_part(v, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) v
            WHERE s.setdatabase = d.oid AND s.setrole = 0 AND split_part(v, '=', 1) = 'default_transaction_read_only') AS read_only
        FROM pg_database d WHERE d.datname IN \(SQL.list(databases))
        """
    }

    /// What ``selection(_:)`` found.
    static func settings(_ found: Rows) -> [String: DatabaseSettings] {
        Dictionary(
            found.map { ($0.text("datname"), DatabaseSettings(limit: $0.integer("datconnlimit") ?? -1, readOnly: $0["read_only"])) }
        ) { $1 }
    }

    /// What to go back to where no row says it. A fence whose row somebody deleted left its own settings behind: taken for the user's, they would keep
    /// the database closed for good.
    var withoutFence: DatabaseSettings { limit == 0 && isReadOnly ? DatabaseSettings(limit: -1) : self }

    var isReadOnly: Bool { ["on", "true", "yes", "1"].contains(readOnly ?? "") }
}
