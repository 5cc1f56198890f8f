/// Questions about tables of ours that need not be there, in one round trip: a statement cannot name a table that is not there, a block that does
/// not get so far can.
enum OptionalTables {
    struct Question: Sendable {
        /// Of the answer, a plain word.
        var name: String
        /// In schema `_dbmigration`.
        var table: String
        /// A query of one row with one column.
        var query: String
    }

    /// How many answers ``statements(_:)`` give; the last one holds what was asked, as text by name, NULL where there is no table.
    static let answers = 2

    static func statements(_ questions: [Question]) -> String {
        let branches = questions.map { question in
            """
            IF EXISTS (\(present(question.table))) THEN \(question.name)_found := (\(question.query)); END IF;
            PERFORM set_config('_dbmigration.\(question.name)', coalesce(\(question.name)_found, ''), false);
            """
        }
        let variables = questions.map { "\($0.name)_found text;" }.joined(separator: " ")
        let answers = questions.map { "nullif(current_setting('_dbmigration.\($0.name)'), '') AS \($0.name)" }
        return """
            DO \(SQL.literal("DECLARE \(variables) BEGIN\n\(branches.joined(separator: "\n"))\nEND"));
            SELECT \(answers.joined(separator: ", "))
            """
    }

    /// A query that has a row when `table` is there. Asked of the catalog, because `to_regclass` fails on a schema that we may not use.
    static func present(_ table: String) -> String {
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '_dbmigration' AND c.relname = \(SQL.literal(table))"
    }
}
