/// One table whose rows are copied: an ordinary table or a leaf of a partitioned one.
struct Table: Sendable, Hashable {
    var schema: String
    var name: String
    var bytes: Int64
    /// Without generated ones, in order.
    var columns: [String]
    /// Generated ones too, by name: what both sides are compared by.
    var allColumns: [String]

    var sql: String { SQL.identifier(schema, name) }
    var label: String { "\(schema).\(name)" }
    var columnList: String { columns.map { SQL.identifier($0) }.joined(separator: ", ") }
}

/// What a database of the source holds, as the copy needs it.
struct SourceCatalog: Sendable {
    let session: PostgresConnection

    /// Largest first.
    func tables() async throws -> [Table] { try Self.tables(try await session.rows(Self.listing, attempt: "list the tables")) }

    /// For who asks several things in one round trip.
    static let listing = """
        SELECT n.nspname, c.relname, pg_table_size(c.oid) AS bytes, (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')::text AS columns,
            (SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text
            AS all_columns
        \(UserObjects.relations("'r'")) ORDER BY bytes DESC, 1, 2
        """

    /// What ``listing`` found.
    static func tables(_ found: Rows) throws -> [Table] {
        try found.map {
            Table(
                schema: $0.text("nspname"), name: $0.text("relname"), bytes: $0.integer("bytes") ?? 0, columns: try JSONList.decode($0["columns"]),
                allColumns: try JSONList.decode($0["all_columns"]))
        }
    }

    /// `SELECT setval(…)` for every sequence, with the values the fence holds still.
    func sequenceValues() async throws -> [String] {
        let names = try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'S'")) ORDER BY c.oid", attempt: "list the sequences")
        var statements: [String] = []
        for row in names {
            let sequence = SQL.identifier(row.text("nspname"), row.text("relname"))
            guard let value = try await session.rows("SELECT last_value, is_called FROM \(sequence)", attempt: "read sequence \(sequence)").first
            else { continue }
            statements.append("SELECT setval(\(SQL.literal(sequence)), \(value.text("last_value")), \(value.flag("is_called")))")
        }
        return statements
    }

    /// Rows inserted, updated and deleted in each table so far, by its label. Sessions report what they did within some 10 s.
    func activity() async throws -> [String: Int64] {
        Self.activity(try await session.rows(Self.activityListing, attempt: "read the tables' activity"))
    }

    /// For who asks several things in one round trip.
    static let activityListing = """
        SELECT n.nspname || '.' || c.relname AS label,
            pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS changes
        \(UserObjects.relations("'r'"))
        """

    /// What ``activityListing`` found.
    static func activity(_ found: Rows) -> [String: Int64] { Dictionary(found.map { ($0.text("label"), $0.integer("changes") ?? 0) }) { $1 } }

    /// Preflight found none; whoever made some since has to hear of it.
    func largeObjects() async throws -> Int64 {
        try await session.rows("SELECT count(*) FROM pg_largeobject_metadata", attempt: "count large objects").first?.integer("count") ?? 0
    }

    /// Materialized views which hold rows, oldest first.
    func populatedViews() async throws -> [String] {
        try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'m'")) AND c.relispopulated ORDER BY c.oid", attempt: "list materialized views"
        ).map { SQL.identifier($0.text("nspname"), $0.text("relname")) }
    }
}
