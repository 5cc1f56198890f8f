import MigrationCore

/// A setting stored for a database, for a role, or for both, that the target is to have too.
struct SettingUse: Sendable, Hashable {
    var name: String
    var database: String?
    var role: String?

    /// In words.
    var place: String { [role.map { "role \($0)" }, database.map { "database \($0)" }].compactMap { $0 }.joined(separator: " in ") }
    /// As `ALTER` names it.
    var target: String {
        let database = database.map { "DATABASE \(SQL.identifier($0))" }
        guard let role else { return database ?? "" }
        return "ROLE \(SQL.identifier(role))" + (database.map { " IN \($0)" } ?? "")
    }
    var sql: String { name.split(separator: ".", omittingEmptySubsequences: false).map { SQL.identifier(String($0)) }.joined(separator: ".") }

    /// Those of some databases and of the roles that are made for them.
    static func read(_ session: PostgresConnection, databases: [String], applications: [String]) async throws -> [SettingUse] {
        let stored = try await session.rows(
            """
            SELECT DISTINCT d.datname, r.rolname, split_part(v, '=', 1) AS name FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) v
            WHERE d.datname IN \(SQL.list(databases)) AND r.rolsuper IS DISTINCT FROM true ORDER BY 1, 2, 3
            """, attempt: "read the databases' settings"
        ).map { SettingUse(name: $0.text("name"), database: $0["datname"], role: $0["rolname"]) }
        let roles = try await RoleCatalog(session: session).roles(databases: databases, applications: applications)
        return stored + roles.flatMap { role in role.settings.compactMap { StoredSetting($0) }.map { SettingUse(name: $0.name, role: role.name) } }
    }

    /// Which of some names our role may not store in a session's server.
    static func refused(_ names: [String], _ session: PostgresConnection) async throws -> Set<String> {
        guard !names.isEmpty else { return [] }
        let granted = try await session.serverMajor() >= 15 ? "has_parameter_privilege(name, 'SET')" : "false"
        return Set(
            try await session.rows(
                """
                SELECT name FROM unnest(ARRAY[\(names.map { SQL.literal($0) }.joined(separator: ", "))]) name WHERE NOT \(granted)
                    AND NOT EXISTS (SELECT 1 FROM pg_settings s WHERE lower(s.name) = lower(name.name) AND s.context IN ('user', 'backend'))
                """, attempt: "ask which settings we may store"
            ).compactMap { $0[0] })
    }
}
