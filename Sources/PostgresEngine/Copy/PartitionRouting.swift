/// Leaves of partitioned tables whose rows may belong to another leaf on the target. The hash of an enum's label comes from its OID, which every server
/// gives anew, and arrays, ranges and records may hold such values; that of a nondeterministic collation comes from its library's version.
///
/// Such rows are loaded through the root, and compared as the one table that they make up.
enum PartitionRouting {
    /// SQL over `pg_class c`: schema and name of the topmost partitioned table as JSON; NULL where every row has its leaf on the target, too.
    static let root = """
        CASE WHEN c.relispartition THEN (SELECT json_build_array(rn.nspname, rc.relname)::text FROM pg_catalog.pg_class rc
            JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace WHERE rc.oid = pg_catalog.pg_partition_root(c.oid) AND EXISTS (
                SELECT 1 FROM pg_catalog.pg_partition_ancestors(c.oid) a (relid) JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.relid
                WHERE p.partstrat = 'h' AND (\(hasUnportableKey)))) END
        """

    /// Operator classes of a user's own are not known to be portable, nor are OIDs: types as `regclass` are hashed as such.
    private static let hasUnportableKey = """
        EXISTS (SELECT 1 FROM unnest(p.partclass) k (oid) JOIN pg_catalog.pg_opclass o ON o.oid = k.oid JOIN pg_catalog.pg_type t ON t.oid = o.opcintype
            WHERE t.typtype = 'p' OR t.typname = 'oid' OR o.opcnamespace <> 'pg_catalog'::pg_catalog.regnamespace)
        OR EXISTS (SELECT 1 FROM unnest(p.partcollation) k (oid) JOIN pg_catalog.pg_collation l ON l.oid = k.oid WHERE NOT l.collisdeterministic)
        """

    /// What can be compared of some tables: in place of leaves whose rows may have moved the partitioned table, which has them all.
    static func compared(_ tables: [Table]) -> [Table] {
        let trees = Dictionary(grouping: tables.filter { $0.root != nil }) { ExactName($0.root?.sql ?? "") }
        let roots: [Table] = trees.values.compactMap { leaves in
            guard let first = leaves.first, let root = first.root else { return nil }
            return Table(
                schema: root.schema, name: root.name, bytes: leaves.reduce(0) { $0 + $1.bytes }, columns: first.columns, allColumns: first.allColumns,
                leaves: leaves)
        }
        return (tables.filter { $0.root == nil } + roots).sorted { $0.bytes > $1.bytes }
    }
}
