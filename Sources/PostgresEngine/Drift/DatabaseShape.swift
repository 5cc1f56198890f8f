import MigrationCore

/// The shape of what one database's lanes carry, as far as the changes of a table fit another one of its name. The order of columns is no part
/// of it: logical replication maps them by name.
struct DatabaseShape: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        /// With its modifier, e.g. `character varying(10)`.
        var type: String
        var isRequired = false
        /// A row may be inserted without a value for it, although it is required.
        var hasDefault = false
        /// `s` stored, `v` virtual, empty for an ordinary column.
        var generated = ""
        var collation = ""
    }

    struct Table: Sendable, Hashable {
        var columns: [ExactName: Column] = [:]
        /// How a row is found: `(a, b)`, `FULL` or `none`.
        var identity = "none"
    }

    /// By `schema.name`.
    var tables: [ExactName: Table] = [:]
    /// Labels by `schema.name` of the type.
    var enums: [ExactName: Set<ExactName>] = [:]
}

/// Reads shapes from a server's catalog.
struct ShapeReading: Sendable {
    let session: PostgresConnection
    /// A regular expression: only tables that a publication of such a name carries; `nil` for all.
    let publications: String?

    /// The same for equal shapes, whatever the server's version, collation or order of columns is.
    func digest() async throws -> String {
        try await session.rows(
            """
            WITH \(shape) SELECT md5(coalesce(string_agg(ROW(kind, parent, child, value, required, generated, coll)::text, ';'
                ORDER BY kind COLLATE "C", parent COLLATE "C", child COLLATE "C"), '')) FROM shape
            """, attempt: "read a digest of the tables"
        ).first?.text("md5") ?? ""
    }

    func read() async throws -> DatabaseShape {
        let rows = try await session.rows("WITH \(shape) SELECT * FROM shape", attempt: "read the shape of the tables")
        var found = DatabaseShape()
        for row in rows {
            let (parent, child, value) = (ExactName(row.text("parent")), ExactName(row.text("child")), row.text("value"))
            switch row.text("kind") {
            case "table": found.tables[parent, default: .init()].identity = value
            case "label": found.enums[parent, default: []].insert(child)
            default:
                found.tables[parent, default: .init()].columns[child] = .init(
                    type: value, isRequired: row.flag("required"), hasDefault: row.flag("filled"), generated: row.text("generated"),
                    collation: row.text("coll"))
            }
        }
        return found
    }

    /// Common table expressions, the last of them `shape`: a row for each table, column and label of an enum.
    private var shape: String {
        """
        tables AS (SELECT c.oid, n.nspname || '.' || c.relname AS label, c.relreplident \(LanePublisher.tables) \(published)),
        shape AS (
            SELECT 'table' AS kind, t.label AS parent, '' AS child, CASE t.relreplident WHEN 'f' THEN 'FULL' ELSE coalesce((
                    SELECT '(' || string_agg(a.attname, ', ' ORDER BY a.attname COLLATE "C") || ')' FROM pg_index i
                    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE i.indrelid = t.oid AND i.indisvalid AND i.indimmediate AND k.place <= i.indnkeyatts
                    AND CASE t.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END), 'none') END AS value,
                false AS required, false AS filled, '' AS generated, '' AS coll
            FROM tables t
            UNION ALL SELECT 'column', t.label, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '', a.attgenerated::text,
                coalesce((SELECT cn.nspname || '.' || co.collname FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
                    WHERE co.oid = a.attcollation), '')
            FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT 'label', n.nspname || '.' || t.typname, e.enumlabel::text, '', false, false, '', ''
            FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE \(UserObjects.schemaCondition)
                AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'))
        """
    }

    private var published: String {
        publications.map { pattern in
            """
            AND EXISTS (SELECT 1 FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                WHERE r.prrelid = c.oid AND p.pubname ~ \(SQL.literal(pattern)))
            """
        } ?? ""
    }
}
