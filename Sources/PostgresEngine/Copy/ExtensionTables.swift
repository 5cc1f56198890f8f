/// Rows of the user's own in tables that came with an extension, which names them (`pg_extension_config_dump`): PostGIS's coordinate systems, jobs of
/// pg_cron. The extension makes the tables on the target; no lane carries them.
struct ExtensionTables: Sendable {
    let source: PostgresConnection
    /// In a transaction.
    let target: PostgresConnection

    /// Replaces what the target's tables hold of such rows, and sets their sequences: a table that others refer to is filled before them and emptied
    /// after them.
    func run() async throws {
        let found = try await source.rows(
            """
            WITH RECURSIVE configured AS (SELECT e.extname, x.oid, x.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) x(oid, condition)),
            refers AS (SELECT conrelid AS reader, confrelid AS read FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid),
            depths AS (SELECT oid, 0 AS depth FROM configured
                UNION SELECT reader, depth + 1 FROM depths JOIN refers ON read = oid WHERE depth < \(Self.deepest))
            SELECT e.extname, n.nspname, c.relname, c.relkind, coalesce(e.condition, '') AS condition, (SELECT json_agg(a.attname ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')::text AS columns
            FROM configured e JOIN pg_class c ON c.oid = e.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'S')
            ORDER BY (SELECT max(depth) FROM depths d WHERE d.oid = c.oid), 1, 2, 3
            """, attempt: "look for tables of extensions"
        ).map { row in
            let columns: [String] = try JSONList.decode(row["columns"])
            return Member(
                name: SQL.identifier(row.text("nspname"), row.text("relname")), isSequence: row.text("relkind") == "S",
                condition: row.text("condition"),
                columns: columns.map { SQL.identifier($0) }.joined(separator: ", "),
                attempt: "copy \(row.text("relname")) of extension \(row.text("extname"))")
        }
        for member in found.reversed() where !member.isSequence { try await empty(member) }
        for member in found {
            if member.isSequence { try await setSequence(member.name, member.attempt) } else { try await copy(member) }
        }
    }

    /// Ends the search where references go round in a circle.
    private static let deepest = 50

    /// A relation that an extension names.
    private struct Member: Sendable {
        var name: String
        var isSequence: Bool
        /// `WHERE …`, or empty: which rows are the user's.
        var condition: String
        var columns: String
        var attempt: String

        var any: String { "SELECT EXISTS (SELECT 1 FROM ONLY \(name) \(condition)) AS any" }
    }

    private func empty(_ member: Member) async throws {
        // Where there is nothing to do, our role may lack the right to do it.
        guard try await target.rows(member.any, attempt: member.attempt).first?.flag("any") == true else { return }
        try await target.execute("DELETE FROM ONLY \(member.name) \(member.condition)", attempt: member.attempt)
    }

    private func copy(_ member: Member) async throws {
        let (name, columns, condition, attempt) = (member.name, member.columns, member.condition, member.attempt)
        guard try await source.rows(member.any, attempt: attempt).first?.flag("any") == true else { return }
        try await source.execute(CopyFormat.reading, attempt: attempt)
        try await target.execute(CopyFormat.writing, attempt: attempt)
        try await source.startCopyOut("COPY (SELECT \(columns) FROM ONLY \(name) \(condition)) TO STDOUT", attempt: attempt)
        try await target.startCopyIn("COPY \(name) (\(columns)) FROM STDIN", attempt: attempt)
        _ = try await CopyStream(source: source, target: target, attempt: attempt).run()
    }

    private func setSequence(_ name: String, _ attempt: String) async throws {
        let state = "SELECT last_value, is_called FROM \(name)"
        guard let value = try await source.rows(state, attempt: attempt).first else { return }
        let now = try await target.rows(state, attempt: attempt).first
        if now?.integer("last_value") == value.integer("last_value"), now?.flag("is_called") == value.flag("is_called") { return }
        try await target.execute("SELECT setval(\(SQL.literal(name)), \(value.text("last_value")), \(value.flag("is_called")))", attempt: attempt)
    }
}
