/// A role of the source, without its password.
struct Role: Sendable, Hashable {
    var name: String
    /// Attributes that `CREATE ROLE` takes from an administrator who is no superuser.
    var attributes: String
    /// Roles it is a member of.
    var memberOf: [String]
    /// `name=value`, for every database.
    var settings: [String]
    /// It owns something in the databases.
    var isOwner: Bool
}

/// The roles a migration needs on the target: owners and grantees in its databases, the applications' roles, and what those are members of.
struct RoleCatalog: Sendable {
    let session: PostgresConnection

    func roles(databases: [String], applications: [String]) async throws -> [Role] {
        let rows = try await session.rows(
            """
            WITH RECURSIVE ours AS (SELECT oid FROM pg_database WHERE datname IN \(SQL.list(databases))),
            named AS (
                SELECT s.refobjid AS role FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND (s.dbid IN (SELECT oid FROM ours)
                    OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid IN (SELECT oid FROM ours)))
                UNION SELECT oid FROM pg_roles WHERE rolname IN \(SQL.list(applications))
                UNION SELECT m.roleid FROM named n JOIN pg_auth_members m ON m.member = n.role),
            chosen AS (SELECT r.* FROM pg_roles r WHERE r.oid IN (SELECT role FROM named) AND NOT r.rolsuper AND left(r.rolname, 3) <> 'pg_')
            SELECT r.rolname, concat_ws(' ', CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
                    CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, 'CONNECTION LIMIT ' || r.rolconnlimit,
                    CASE WHEN r.rolvaliduntil IS NOT NULL THEN 'VALID UNTIL ' || quote_literal(r.rolvaliduntil) END) AS attributes,
                (SELECT json_agg(g.rolname ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)::text AS member_of,
                (SELECT json_agg(v) FROM pg_db_role_setting s, unnest(s.setconfig) v WHERE s.setrole = r.oid AND s.setdatabase = 0)::text AS settings,
                EXISTS (SELECT 1 FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o'
                    AND (s.dbid IN (SELECT oid FROM ours) OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid IN (SELECT oid FROM ours)))) AS is_owner
            FROM chosen r ORDER BY r.rolname
            """, attempt: "read the roles that the databases need")
        return try rows.map { row in
            Role(
                name: row.text("rolname"), attributes: row.text("attributes"), memberOf: try JSONList.decode(row["member_of"]),
                settings: try JSONList.decode(row["settings"]), isOwner: row.flag("is_owner"))
        }
    }
}
