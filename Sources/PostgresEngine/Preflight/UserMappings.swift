import MigrationCore

/// User mappings of one database of the source, whose options hold logins of other servers: `pg_dump` leaves out without a word what its role may not
/// see.
struct UserMappings: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String

    func problems() async throws -> [PreflightProblem] {
        let database = session.options.database
        return try await session.rows(
            """
            SELECT m.srvname, CASE WHEN m.umuser = 0 THEN NULL ELSE m.usename END AS role FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
            WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT CASE
                WHEN m.umuser = 0 THEN pg_has_role(s.srvowner, 'USAGE')
                ELSE m.usename = current_user AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')) END
            ORDER BY 1, 2
            """, attempt: "look for user mappings whose options we may not see"
        ).map { row in
            let (role, server) = (row["role"].map { SQL.identifier($0) } ?? "PUBLIC", SQL.identifier(row.text("srvname")))
            return .init(
                reason: .missingPrivilege,
                message:
                    "options of the user mapping for \(role) on server \(server) in \(database) on \(place), such as user and password, would be lost, because our role may not see them: name a superuser's Secret in spec.source.credentialsSecretRef, or DROP USER MAPPING FOR \(role) SERVER \(server), and make it on the target after the switch"
            )
        }
    }
}
