import MigrationCore

/// What both servers have to allow.
enum CommonChecks {
    /// - Parameter user: Quoted, as it stands in the remedy.
    static func privileges(_ session: PostgresConnection, place: String, user: String) async throws -> [PreflightProblem] {
        let maintenance = session.options.database
        let row = try await session.rows(
            """
            SELECT pg_has_role('pg_signal_backend', 'USAGE') AS signal, pg_has_role('pg_read_all_stats', 'USAGE') AS stats,
            has_database_privilege(current_database(), 'CREATE') OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = '_dbmigration'
                AND has_schema_privilege(oid, 'CREATE')) AS create
            """, attempt: "check our privileges"
        ).first
        var problems: [PreflightProblem] = []
        if row?.flag("signal") != true {
            problems.append(
                .init(reason: .missingPrivilege, message: "\(user) on \(place) may not end client sessions: GRANT pg_signal_backend TO \(user)"))
        }
        if row?.flag("stats") != true {
            problems.append(
                .init(reason: .missingPrivilege, message: "\(user) on \(place) may not see client sessions: GRANT pg_read_all_stats TO \(user)"))
        }
        if row?.flag("create") != true {
            problems.append(
                .init(
                    reason: .missingPrivilege,
                    message:
                        "\(user) on \(place) may not record fences in database \(maintenance): GRANT CREATE ON DATABASE \(SQL.identifier(maintenance)) TO \(user)"
                ))
        }
        if try await FenceTable.isReadable(session) == false {
            problems.append(
                .init(
                    reason: .missingPrivilege,
                    message:
                        "\(user) on \(place) may not read _dbmigration.fence in database \(maintenance), made by another role: use that role, or drop the schema if no migration runs"
                ))
        }
        return problems
    }

    /// Whether our role may open walsenders. Amazon's administrators have a role for it instead of the attribute.
    static func mayReplicate(_ session: PostgresConnection) async throws -> Bool {
        try await session.rows(
            """
            SELECT rolreplication OR rolsuper OR EXISTS (SELECT 1 FROM pg_roles g WHERE g.rolname = 'rds_replication' AND pg_has_role(g.oid, 'MEMBER'))
            FROM pg_roles WHERE rolname = current_user
            """, attempt: "check our attributes"
        ).first?[0] == "t"
    }
}
