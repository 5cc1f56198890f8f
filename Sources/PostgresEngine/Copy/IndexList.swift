import StructuredData

/// An index of an ordinary table, and the constraint it stands for.
struct IndexDefinition: Sendable, Hashable {
    var schema: String
    var table: String
    var name: String
    /// `CREATE INDEX …`, every name in it qualified.
    var create: String
    /// What makes the source's index of it, once all indexes of the table are built: constraint, clustering, replica identity and the like.
    var completion: [String]
    /// Its expressions call functions that may read other tables.
    var needsAllRows: Bool
    /// How the entry of `pg_dump` is known.
    var entry: TableOfContents.Entry
    /// The target has one of this name that is invalid.
    var isInTheWay = false

    var sql: String { SQL.identifier(schema, name) }
    var key: ExactName { ExactName(sql) }
    var build: String { (isInTheWay ? "DROP INDEX \(sql); " : "") + create }
    var tableKey: ExactName { SQL.key(schema, table) }
}

extension SourceCatalog {
    /// Indexes of ordinary tables and leaf partitions that can be built on their own. Exclusion and WITHOUT OVERLAPS constraints, and what belongs to
    /// partitioned tables and materialized views, is made by `pg_dump`'s own text.
    func indexes() async throws -> [IndexDefinition] {
        try await session.rows(Self.indexListing, attempt: "list the indexes").compactMap { row in
            row["definition"] == nil ? nil : try Self.index(row)
        }
    }

    /// Of each table in the order they are best built in: first those that one process builds, which a lane left alone with would take longest for, then
    /// the largest.
    private static let indexListing = """
        SELECT n.nspname, c.relname, x.relname AS index, pg_get_indexdef(i.indexrelid) AS definition, i.indexrelid::bigint AS index_oid, k.oid::bigint AS constraint_oid,
            k.contype, k.condeferrable, k.condeferred, i.indisclustered, i.indisreplident,
            EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_proc'::regclass
                AND d.refobjid >= 16384) AS needs_all_rows,
            (SELECT json_agg(format('ALTER COLUMN %s SET STATISTICS %s', a.attnum, a.attstattarget) ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)::text AS statistics,
            (SELECT json_agg(e.extname ORDER BY e.extname) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.classid = 'pg_class'::regclass
                AND d.objid = i.indexrelid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x')::text AS extensions
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
        JOIN (SELECT c.oid, c.relname, n.nspname \(UserObjects.relations("'r'"))) c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = x.relnamespace
        WHERE i.indisvalid AND i.indisready AND k.contype IS DISTINCT FROM 'x' AND NOT coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false)
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.deptype = 'e')
        ORDER BY i.indrelid, x.relam = (SELECT m.oid FROM pg_am m WHERE m.amname = 'btree'), pg_relation_size(i.indexrelid) DESC, i.indexrelid
        """

    private static func index(_ row: Row) throws -> IndexDefinition {
        let (schema, table, name) = (row.text("nspname"), SQL.identifier(row.text("nspname"), row.text("relname")), SQL.identifier(row.text("index")))
        var completion: [String] = []
        let constraint = row.integer("constraint_oid")
        if constraint != nil {
            let kind = row.text("contype") == "p" ? "PRIMARY KEY" : "UNIQUE"
            let timing = row.flag("condeferrable") ? " DEFERRABLE" + (row.flag("condeferred") ? " INITIALLY DEFERRED" : "") : ""
            completion.append("ALTER TABLE ONLY \(table) ADD CONSTRAINT \(name) \(kind) USING INDEX \(name)\(timing)")
        }
        let index = "\(SQL.identifier(schema)).\(name)"
        completion += try JSONList.decode(row["statistics"]).map { "ALTER INDEX \(index) \($0)" }
        if row.flag("indisclustered") { completion.append("ALTER TABLE \(table) CLUSTER ON \(name)") }
        if row.flag("indisreplident") { completion.append("ALTER TABLE ONLY \(table) REPLICA IDENTITY USING INDEX \(name)") }
        completion += try JSONList.decode(row["extensions"]).map { "ALTER INDEX \(index) DEPENDS ON EXTENSION \(SQL.identifier($0))" }
        return IndexDefinition(
            schema: schema, table: row.text("relname"), name: row.text("index"), create: row.text("definition"), completion: completion,
            needsAllRows: row.flag("needs_all_rows"),
            entry: constraint.map { .constraint($0) } ?? .relation(row.integer("index_oid") ?? 0))
    }
}
