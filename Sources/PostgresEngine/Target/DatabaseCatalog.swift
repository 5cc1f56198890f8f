/// How a database of the source was made, and the settings that are its own.
struct DatabaseDescription: Sendable, Hashable {
    var name: String
    var owner: String
    var encoding: String
    var locale: DatabaseLocale
    var comment: String?
    /// `name=value`; the read-only default is not among them.
    var settings: [String]
    /// By role name, for this database only.
    var roleSettings: [RoleSetting]
    /// Of others than the owner; `nil` when the database has its default privileges.
    var grants: [Grant]?
    /// Limit and read-only default from before our fence.
    var fenced: DatabaseSettings

    struct RoleSetting: Sendable, Hashable {
        var role: String
        var setting: String
    }

    struct Grant: Sendable, Hashable {
        /// Empty for PUBLIC.
        var grantee: String
        var privilege: String
        var isGrantable: Bool
    }
}

struct DatabaseCatalog: Sendable {
    let session: PostgresConnection
    let uid: String

    func describe(_ databases: [String]) async throws -> [DatabaseDescription] {
        let version = try await session.serverVersion()
        let rows = try await session.rows(
            """
            SELECT datname, oid, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding,
                \(DatabaseLocale.columns(version: version)),
                shobj_description(oid, 'pg_database') AS comment, datacl IS NOT NULL AS has_privileges,
                (SELECT json_agg(v) FROM pg_db_role_setting s, unnest(s.setconfig) v WHERE s.setdatabase = d.oid AND s.setrole = 0
                    AND split_part(v, '=', 1) <> 'default_transaction_read_only')::text AS settings
            FROM pg_database d WHERE datname IN \(SQL.list(databases)) ORDER BY datname
            """, attempt: "read the databases")
        let saved = try await FenceTable.rows(session, uid: uid).filter { $0.state == .closed }
        let current = try await DatabaseSettings.read(session, databases)
        var descriptions: [DatabaseDescription] = []
        for row in rows {
            let name = row.text("datname")
            let before = saved.first { $0.database == name }.map { DatabaseSettings(limit: $0.savedLimit, readOnly: $0.savedReadOnly) }
            descriptions.append(
                DatabaseDescription(
                    name: name, owner: row.text("owner"), encoding: row.text("encoding"), locale: DatabaseLocale(row), comment: row["comment"],
                    settings: try JSONList.decode(row["settings"]),
                    roleSettings: try await roleSettings(row.text("oid")),
                    grants: row.flag("has_privileges") ? try await grants(row.text("oid")) : nil,
                    fenced: before ?? current[name] ?? DatabaseSettings(limit: -1, readOnly: nil)))
        }
        return descriptions
    }

    private func roleSettings(_ oid: String) async throws -> [DatabaseDescription.RoleSetting] {
        try await session.rows(
            """
            SELECT r.rolname, v FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) WITH ORDINALITY c(v, place)
            WHERE s.setdatabase = \(oid) AND NOT r.rolsuper ORDER BY rolname, place
            """, attempt: "read settings of roles in a database"
        ).map { .init(role: $0.text("rolname"), setting: $0.text("v")) }
    }

    private func grants(_ oid: String) async throws -> [DatabaseDescription.Grant] {
        try await session.rows(
            """
            SELECT CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee) END AS grantee, a.privilege_type, a.is_grantable
            FROM pg_database d, aclexplode(d.datacl) a WHERE d.oid = \(oid) AND a.grantee <> d.datdba ORDER BY 1, 2
            """, attempt: "read a database's privileges"
        ).map { .init(grantee: $0.text("grantee"), privilege: $0.text("privilege_type"), isGrantable: $0.flag("is_grantable")) }
    }
}
