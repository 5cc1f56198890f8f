/// Empties a target database of an earlier epoch's copy: every object of the user's goes, schema `public` itself and installed
/// extensions stay (an administrator who is no superuser could not make them again as they were).
enum DatabaseReset {
    static func run(_ session: PostgresConnection) async throws {
        // First: they would hear of all that follows.
        try await drop(eventTriggers, in: session)
        try await drop(
            "SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname) AS statement FROM pg_namespace n WHERE n.nspname <> 'public' AND \(UserObjects.schemaCondition)",
            in: session)
        try await drop(members, in: session)
        try await drop(databaseWide, in: session)
        try await drop(defaultPrivileges, in: session)
        // The large objects themselves go when the next copy comes to their numbers: a transaction can lock some thousand, not all.
        try await session.execute(LargeObjects.forget, attempt: "forget the large objects copied")
    }

    private static func drop(_ query: String, in session: PostgresConnection) async throws {
        let statements = try await session.rows(query, attempt: "list what an earlier copy left").compactMap { $0["statement"] }
        for statement in statements { try await session.execute(statement) }
    }

    private static let notOfExtension =
        "NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = o.classid AND e.objid = o.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i', 'x'))"

    private static func statement(_ rows: String) -> String {
        """
        SELECT format('DROP %s IF EXISTS %s CASCADE', CASE i.type WHEN 'statistics object' THEN 'STATISTICS' WHEN 'composite type' THEN 'TYPE'
            WHEN 'range type' THEN 'TYPE' WHEN 'enum type' THEN 'TYPE' WHEN 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER' ELSE upper(i.type) END,
            CASE i.type WHEN 'transform' THEN replace(i.identity, ' on language ', ' language ') ELSE i.identity END) AS statement
        FROM (\(rows)) o, pg_identify_object(o.classid, o.objid, 0) i
        WHERE \(notOfExtension) AND i.type NOT LIKE '%default%' AND i.type <> 'extension' AND i.type NOT LIKE 'table %' AND i.type <> 'default acl'
        """
    }

    /// Default privileges of a schema end with the last one that is taken away; those of the whole database when they are what they were.
    private static let defaultPrivileges = """
        WITH acl AS (SELECT d.*, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s', pg_get_userbyid(d.defaclrole),
                (SELECT format(' IN SCHEMA %I', nspname) FROM pg_namespace n WHERE n.oid = d.defaclnamespace)) AS alter,
                CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
                    WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects,
                CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END AS kind
            FROM pg_default_acl d),
        named AS (SELECT *, format('%s %s ON %s %s %s', alter, verb, objects, direction,
                CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) AS statement
            FROM (SELECT 1 AS place, alter, objects, grantee, 'REVOKE ALL' AS verb, 'FROM' AS direction FROM acl, aclexplode(defaclacl)
                UNION SELECT 2, alter, objects, grantee, 'GRANT ' || privilege_type, 'TO' FROM acl, aclexplode(acldefault(kind, defaclrole))
                WHERE defaclnamespace = 0) s)
        SELECT statement FROM named ORDER BY place, statement
        """

    /// What lies in schema `public`.
    private static let members = statement(
        """
        SELECT DISTINCT d.classid, d.objid FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass
        AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = 'public') AND d.deptype = 'n'
        """)

    private static let eventTriggers = statement("SELECT 'pg_event_trigger'::regclass AS classid, oid AS objid FROM pg_event_trigger")

    /// What lies in no schema.
    private static let databaseWide = statement(
        """
        SELECT 'pg_cast'::regclass AS classid, oid AS objid FROM pg_cast WHERE oid >= 16384
        UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
        UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
        UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
        UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
        UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am WHERE oid >= 16384
        UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language WHERE oid >= 16384
        """)
}
