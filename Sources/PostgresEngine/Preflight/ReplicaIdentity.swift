/// Replica identities of the tables a lane publishes: what there is, and what would do. Pure but for its query.
struct ReplicaIdentity: Sendable, Hashable {
    var schema: String
    var table: String
    /// `relreplident`: d = primary key, i = an index, f = the whole row, n = nothing.
    var kind: String
    /// An index which could be the identity; the primary key if that could.
    var candidate: String?
    var candidateIsPrimary: Bool
    /// Columns that could not be compared, with their types.
    var incomparable: String?

    init(_ row: Row) {
        self.init(
            schema: row.text("nspname"), table: row.text("relname"), kind: row.text("relreplident"), candidate: row["candidate"],
            candidateIsPrimary: row.flag("is_primary"), incomparable: row["incomparable"])
    }

    init(schema: String, table: String, kind: String, candidate: String? = nil, candidateIsPrimary: Bool = false, incomparable: String? = nil) {
        self.schema = schema
        self.table = table
        self.kind = kind
        self.candidate = candidate
        self.candidateIsPrimary = candidateIsPrimary
        self.incomparable = incomparable
    }

    var remedy: String {
        let alter = "ALTER TABLE \(SQL.identifier(schema, table))"
        if let candidate {
            return candidateIsPrimary ? "\(alter) REPLICA IDENTITY DEFAULT" : "\(alter) REPLICA IDENTITY USING INDEX \(SQL.identifier(candidate))"
        }
        let key = "give it a primary key that is not DEFERRABLE (\(alter) ADD PRIMARY KEY (…))"
        if let incomparable { return "\(key); FULL does not help, because \(incomparable) cannot be compared" }
        return "\(key), or \(alter) REPLICA IDENTITY FULL (slow for large tables)"
    }

    /// Every published table, ready for a WHERE. A deferrable primary key is no identity, and an index dropped since leaves none.
    ///
    /// The subscriber finds a row of a FULL table by comparing all columns, as the type cache would: by the default btree or hash operator
    /// class of the type, or of what a domain, an array or a composite type is made of.
    static let tables = """
        WITH RECURSIVE mine AS (SELECT c.oid, n.nspname, c.relname, c.relreplident \(UserObjects.relations("'r'")) AND c.relpersistence = 'p'),
        part (root, oid) AS (
            SELECT DISTINCT a.atttypid, a.atttypid FROM pg_attribute a JOIN mine ON mine.oid = a.attrelid
            WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            UNION SELECT p.root, inner_type.oid FROM part p JOIN pg_type t ON t.oid = p.oid CROSS JOIN LATERAL (
                SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
                UNION ALL SELECT t.typelem WHERE t.typtype = 'b' AND t.typcategory = 'A'
                UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ) inner_type),
        incomparable AS (
            SELECT DISTINCT p.root FROM part p JOIN pg_type t ON t.oid = p.oid WHERE t.typtype = 'b' AND t.typcategory <> 'A'
            AND NOT EXISTS (SELECT 1 FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
                AND (o.opcintype = t.oid OR EXISTS (SELECT 1 FROM pg_cast k WHERE k.castsource = t.oid AND k.casttarget = o.opcintype
                    AND k.castmethod = 'b' AND k.castcontext = 'i')))),
        identities AS (
            SELECT mine.*, candidate.relname AS candidate, candidate.indisprimary AS is_primary,
            (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attnum) FROM pg_attribute a
                JOIN incomparable i ON i.root = a.atttypid
                WHERE a.attrelid = mine.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS incomparable,
            CASE mine.relreplident WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = mine.oid
                AND x.indisvalid AND x.indimmediate AND CASE mine.relreplident WHEN 'i' THEN x.indisreplident ELSE x.indisprimary END) END AS has_identity
            FROM mine LEFT JOIN LATERAL (
                SELECT i.relname, x.indisprimary FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid = mine.oid AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL AND x.indexprs IS NULL
                AND NOT EXISTS (SELECT 1 FROM generate_series(0, x.indnkeyatts - 1) k JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum = x.indkey[k]
                    WHERE NOT a.attnotnull)
                ORDER BY NOT x.indisprimary, x.indnkeyatts, i.relname LIMIT 1) candidate ON true)
        SELECT * FROM identities
        """
}
