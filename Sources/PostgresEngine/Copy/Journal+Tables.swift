/// What the journal says of tables and their parts.
extension Journal {
    /// How far an earlier worker came with a table.
    struct TableState: Sendable, Hashable {
        var isCopied: Bool
        /// Its indexes are there too.
        var isIndexed: Bool
    }

    /// A part of a large table, as it was decided when the copy began.
    struct PartState: Sendable, Hashable {
        var number: Int
        var pages: CopyPart.Pages
        var isCopied: Bool
    }

    /// By the table's key.
    func tableStates() async throws -> [ExactName: TableState] {
        let rows = try await session.rows(
            "SELECT schema, name, copied_at IS NOT NULL AS copied, indexed_at IS NOT NULL AS indexed FROM _dbmigration.copied",
            attempt: "read the journal")
        let states = rows.map { row in
            let state = TableState(isCopied: row.flag("copied"), isIndexed: row.flag("indexed"))
            return (SQL.key(row.text("schema"), row.text("name")), state)
        }
        return Dictionary(states) { $1 }
    }

    /// By the table's key.
    func partStates() async throws -> [ExactName: [PartState]] {
        let rows = try await session.rows(
            "SELECT schema, name, number, first_page, end_page, file_node, copied_at IS NOT NULL AS copied FROM _dbmigration.part ORDER BY number",
            attempt: "read the journal")
        return Dictionary(grouping: rows) { SQL.key($0.text("schema"), $0.text("name")) }.mapValues { rows in
            rows.map { row in
                let pages = CopyPart.Pages(
                    first: row.integer("first_page") ?? 0, end: row.integer("end_page"), fileNode: row.integer("file_node") ?? 0)
                return PartState(number: Int(row.integer("number") ?? 0), pages: pages, isCopied: row.flag("copied"))
            }
        }
    }

    /// The table is copied in these parts.
    ///
    /// - Parameter isAnew: An earlier division is forgotten, with the rows that were copied by it.
    static func divide(_ table: Table, _ parts: [CopyPart], isAnew: Bool) -> String {
        let values = parts.compactMap { part in
            part.pages.map { "(\(key(table)), \(part.number), \($0.first), \($0.end.map(String.init) ?? "NULL"), \($0.fileNode))" }
        }
        let empty = "TRUNCATE ONLY \(table.sql); DELETE FROM _dbmigration.part WHERE (schema, name) = (\(key(table)));"
        let list = "INSERT INTO _dbmigration.part (schema, name, number, first_page, end_page, file_node) VALUES \(values.joined(separator: ", "));"
        return """
            \(isAnew ? empty : "") \(values.isEmpty ? "" : list)
            UPDATE _dbmigration.copied SET parts = \(parts.count), parts_left = \(parts.count), rows = NULL, bytes = NULL
            WHERE (schema, name) = (\(key(table))) AND copied_at IS NULL
            """
    }

    /// A part is copied. Fails when it was already, or is not in the journal.
    static func copied(_ part: CopyPart, rows: Int, bytes: Int64) -> String {
        var text = noted(
            """
            UPDATE _dbmigration.copied SET rows = coalesce(rows, 0) + \(rows), bytes = coalesce(bytes, 0) + \(bytes), parts_left = parts_left - 1,
            copied_at = CASE WHEN parts_left = 1 THEN clock_timestamp() END WHERE (schema, name) = (\(key(part.table))) AND parts_left > 0
            """, else: "the table is already copied, or not in the journal")
        guard part.pages != nil else { return text }
        text += "; "
        text += noted(
            """
            UPDATE _dbmigration.part SET copied_at = clock_timestamp()
            WHERE (schema, name) = (\(key(part.table))) AND number = \(part.number) AND copied_at IS NULL
            """, else: "the part is already copied, or not in the journal")
        return text
    }

    /// The table's indexes are complete.
    static func indexed(_ table: Table) -> String {
        noted(
            "UPDATE _dbmigration.copied SET indexed_at = clock_timestamp() WHERE (schema, name) = (\(key(table))) AND copied_at IS NOT NULL",
            else: "the table is not copied")
    }

    private static func key(_ table: Table) -> String { "\(SQL.literal(table.schema)), \(SQL.literal(table.name))" }

    private static func noted(_ update: String, else message: String) -> String { block("\(update); IF NOT FOUND THEN \(raise(message)); END IF;") }
}
