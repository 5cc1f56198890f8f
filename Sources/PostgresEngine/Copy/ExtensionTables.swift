/// Rows of the user's own in tables that came with an extension, which names them (`pg_extension_config_dump`): PostGIS's coordinate systems, jobs of
/// pg_cron. The extension makes the tables on the target; no lane carries them.
struct ExtensionTables: Sendable {
    let source: PostgresConnection
    /// In a transaction.
    let target: PostgresConnection

    /// Replaces what the target's tables hold of such rows, and sets their sequences.
    func run() async throws {
        let found = try await source.rows(
            """
            SELECT e.extname, n.nspname, c.relname, c.relkind, coalesce(x.condition, '') AS condition, (SELECT json_agg(a.attname ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')::text AS columns
            FROM pg_extension e, unnest(e.extconfig, e.extcondition) x(oid, condition) JOIN pg_class c ON c.oid = x.oid
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'S') ORDER BY 1, 2, 3
            """, attempt: "look for tables of extensions")
        for row in found {
            let (name, attempt) = (
                SQL.identifier(row.text("nspname"), row.text("relname")), "copy \(row.text("relname")) of extension \(row.text("extname"))"
            )
            if row.text("relkind") == "S" {
                try await setSequence(name, attempt)
            } else {
                let columns: [String] = try JSONList.decode(row["columns"])
                try await copy(name, columns.map { SQL.identifier($0) }.joined(separator: ", "), row.text("condition"), attempt)
            }
        }
    }

    private func copy(_ name: String, _ columns: String, _ condition: String, _ attempt: String) async throws {
        let any = "SELECT EXISTS (SELECT 1 FROM ONLY \(name) \(condition)) AS any"
        let wanted = try await source.rows(any, attempt: attempt).first?.flag("any") == true
        // Where there is nothing to do, our role may lack the right to do it.
        if try await target.rows(any, attempt: attempt).first?.flag("any") == true {
            try await target.execute("DELETE FROM ONLY \(name) \(condition)", attempt: attempt)
        }
        guard wanted else { return }
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
