/// Comments on extensions. `CREATE EXTENSION` writes one of its own, and only the extension's owner may write another.
enum ExtensionComments {
    /// Statements for the target, each of which does nothing to an extension that is not there, is not ours, or has this comment.
    static func statements(_ source: PostgresConnection) async throws -> [String] {
        try await source.rows(
            "SELECT extname, obj_description(oid, 'pg_extension') AS comment FROM pg_extension WHERE oid >= 16384 ORDER BY 1",
            attempt: "read comments on extensions"
        ).map { row in
            let (name, comment) = (row.text("extname"), SQL.literal(row["comment"]))
            let body = """
                BEGIN IF EXISTS (SELECT FROM pg_extension WHERE extname = \(SQL.literal(name)) AND pg_has_role(extowner, 'USAGE')
                    AND obj_description(oid, 'pg_extension') IS DISTINCT FROM \(comment))
                THEN COMMENT ON EXTENSION \(SQL.identifier(name)) IS \(comment); END IF; END
                """
            return "DO \(SQL.literal(body))"
        }
    }
}
