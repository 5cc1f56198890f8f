/// What roles own in a database, as catalogues name it: `class`, `oid`, `namespace` (0 without one) and `owner`.
enum OwnedObjects {
    /// Catalogue, and the prefix of its columns.
    private static let inSchemas = [
        ("pg_class", "rel"), ("pg_proc", "pro"), ("pg_type", "typ"), ("pg_operator", "opr"), ("pg_opclass", "opc"), ("pg_opfamily", "opf"),
        ("pg_collation", "coll"), ("pg_conversion", "con"), ("pg_ts_config", "cfg"), ("pg_ts_dict", "dict"), ("pg_statistic_ext", "stx"),
    ]
    private static let elsewhere = [
        ("pg_namespace", "nsp"), ("pg_language", "lan"), ("pg_foreign_data_wrapper", "fdw"), ("pg_foreign_server", "srv"),
        ("pg_event_trigger", "evt"),
    ]

    /// Those of the user's own schemas; types and indexes that come with a table count as objects, too.
    static let byOwner = inSchemas.map { catalog, prefix in
        "SELECT 'pg_catalog.\(catalog)'::pg_catalog.regclass AS class, oid, \(prefix)namespace AS namespace, \(prefix)owner AS owner FROM pg_catalog.\(catalog)"
    }.joined(separator: " UNION ALL ")

    /// All that the user made, in schemas and outside of them, without what an extension brought.
    static let all = """
        SELECT o.* FROM (\(byOwner) UNION ALL
            \(elsewhere.map { "SELECT 'pg_catalog.\($0)'::pg_catalog.regclass, oid, 0::oid, \($1)owner FROM pg_catalog.\($0)" }.joined(separator: " UNION ALL "))
        ) o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
        WHERE o.oid >= 16384 AND (o.namespace = 0 OR \(UserObjects.schemaCondition)) AND NOT EXISTS (
            SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
        """
}
