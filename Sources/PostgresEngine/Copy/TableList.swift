/// One table whose rows are copied: an ordinary table or a leaf of a partitioned one.
struct Table: Sendable, Hashable {
    var schema: String
    var name: String
    var bytes: Int64
    /// Without generated ones, in order.
    var columns: [String]
    /// Generated ones too, by name: what both sides are compared by.
    var allColumns: [String]
    /// The partitioned table through which the target finds a place for the rows; `nil` when it is this very table.
    var root: Root?
    /// What of a partitioned table is compared together, since both sides may keep a row in different leaves; empty for any other table.
    var leaves: [Table] = []

    struct Root: Sendable, Hashable {
        var schema: String
        var name: String

        var sql: String { SQL.identifier(schema, name) }
    }

    var sql: String { SQL.identifier(schema, name) }
    /// What is known of it is found by this.
    var key: ExactName { ExactName(sql) }
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
            AS all_columns, \(PartitionRouting.root) AS root
        \(UserObjects.relations("'r'")) ORDER BY bytes DESC, 1, 2
        """

    /// What ``listing`` found.
    static func tables(_ found: Rows) throws -> [Table] {
        try found.map {
            let root: [String] = try JSONList.decode($0["root"])
            return Table(
                schema: $0.text("nspname"), name: $0.text("relname"), bytes: $0.integer("bytes") ?? 0, columns: try JSONList.decode($0["columns"]),
                allColumns: try JSONList.decode($0["all_columns"]), root: root.count == 2 ? Table.Root(schema: root[0], name: root[1]) : nil)
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

    /// Rows inserted, updated and deleted in each table so far, by its key. Sessions report what they did within some 10 s.
    func activity() async throws -> [ExactName: Int64] {
        Self.activity(try await session.rows(Self.activityListing, attempt: "read the tables' activity"))
    }

    /// For who asks several things in one round trip.
    static let activityListing = """
        SELECT n.nspname, c.relname,
            pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS changes
        \(UserObjects.relations("'r'"))
        """

    /// What ``activityListing`` found.
    static func activity(_ found: Rows) -> [ExactName: Int64] {
        Dictionary(found.map { (SQL.key($0.text("nspname"), $0.text("relname")), $0.integer("changes") ?? 0) }) { $1 }
    }

    /// Preflight found none; whoever made some since has to hear of it.
    func largeObjects() async throws -> Int64 {
        try await session.rows("SELECT count(*) FROM pg_largeobject_metadata", attempt: "count large objects").first?.integer("count") ?? 0
    }

    /// Materialized views which hold rows, oldest first, with those they read.
    func populatedViews() async throws -> [MaterializedViews.View] {
        try await session.rows(
            """
            WITH RECURSIVE reads AS (SELECT r.ev_class AS reader, d.refobjid AS read FROM pg_rewrite r JOIN pg_depend d
                ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class),
            used AS (SELECT c.oid \(UserObjects.relations("'m'")) AND c.relispopulated
                UNION SELECT reads.read FROM used JOIN reads ON reads.reader = used.oid)
            SELECT n.nspname, c.relname, c.relispopulated \(UserObjects.relations("'m'")) AND c.oid IN (SELECT oid FROM used) ORDER BY c.oid
            """, attempt: "list materialized views"
        ).map { .init(sql: SQL.identifier($0.text("nspname"), $0.text("relname")), holdsRows: $0.flag("relispopulated")) }
    }
}
