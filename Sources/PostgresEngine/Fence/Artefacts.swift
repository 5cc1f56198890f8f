import MigrationCore

/// Names of everything this program leaves on a server while a migration runs.
enum Artefacts {
    static let schema = "_dbmigration"
    static let trigger = "_dbmigration_guard"
    /// Session setting that lets a session of ours through the guard.
    static let pass = "_dbmigration.pass"
    /// First key of our advisory locks: "dbmg".
    static let lockClass = 0x6462_6d67

    static func applicationName(_ uid: String) -> String { "dbmigration/\(uid)" }
    /// What the guard lets pass: `<uid>.<epoch>`.
    static func token(_ uid: String, _ epoch: Int64) -> String { "\(uid).\(epoch)" }
}

/// What is the user's own in a database, as conditions over `pg_class c JOIN pg_namespace n`.
enum UserObjects {
    static let schemaCondition = "left(n.nspname, 3) <> 'pg_' AND n.nspname NOT IN ('information_schema', '_dbmigration')"

    /// Relations of some kinds that no extension owns.
    static func relations(_ kinds: String) -> String {
        """
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN (\(kinds)) AND c.relpersistence <> 't' AND \(schemaCondition)
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
        """
    }

    /// Tables and partitioned roots.
    static let tables = relations("'r', 'p'")
}
