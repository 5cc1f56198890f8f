/// A foreign key between ordinary tables: added without a look at the rows, then validated.
struct ForeignKey: Sendable, Hashable {
    var schema: String
    var table: String
    var name: String
    /// As the source's server describes it.
    var definition: String
    /// Not so on the source stays so.
    var isValidated: Bool
    var entry: TableOfContents.Entry

    var tableSQL: String { SQL.identifier(schema, table) }
    /// A name of its own in the database.
    var key: ExactName { ExactName(tableSQL + "." + SQL.identifier(name)) }
    /// Statement that adds it.
    var add: String {
        "ALTER TABLE ONLY \(tableSQL) ADD CONSTRAINT \(SQL.identifier(name)) \(definition)\(isValidated ? " NOT VALID" : "")"
    }
    var validate: String { "ALTER TABLE ONLY \(tableSQL) VALIDATE CONSTRAINT \(SQL.identifier(name))" }
}

extension SourceCatalog {
    /// Those that neither begin nor end at a partitioned table, which 15 to 17 cannot add unvalidated.
    func foreignKeys() async throws -> [ForeignKey] {
        try await session.rows(
            """
            SELECT c.nspname, c.relname, k.conname, k.oid::bigint AS oid, pg_get_constraintdef(k.oid) AS definition, k.convalidated
            FROM pg_constraint k JOIN (SELECT c.oid, n.nspname, c.relname \(UserObjects.relations("'r'"))) c ON c.oid = k.conrelid
            JOIN pg_class f ON f.oid = k.confrelid AND f.relkind = 'r'
            WHERE k.contype = 'f' AND k.conparentid = 0 AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
                AND NOT coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false)
            ORDER BY k.conrelid, k.oid
            """, attempt: "list the foreign keys"
        ).compactMap { row in
            guard let definition = row["definition"] else { return nil }
            return ForeignKey(
                schema: row.text("nspname"), table: row.text("relname"), name: row.text("conname"), definition: definition,
                isValidated: row.flag("convalidated"), entry: .constraint(row.integer("oid") ?? 0))
        }
    }
}
