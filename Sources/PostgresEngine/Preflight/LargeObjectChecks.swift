import MigrationCore

/// Large objects of one database of the source: no lane carries them, and a copy has to read them.
struct LargeObjectChecks: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String
    /// Quoted, as it stands in the remedy.
    let user: String

    func problems(isLive: Bool) async throws -> [PreflightProblem] {
        let database = session.options.database
        guard isLive else { return try await unreadable(database) }
        let count = try await SourceCatalog(session: session).largeObjects()
        guard count > 0 else { return [] }
        return [
            .init(
                reason: .unsupportedObject,
                message:
                    "\(count) large objects in \(database) on \(place) would not be copied, logical replication does not carry them: move them to bytea, remove them (vacuumlo), or choose spec.copy.mode Snapshot"
            )
        ]
    }

    /// Only their owners' members can copy them with their privileges, and being a member does not suffice for what an owner took from himself.
    private func unreadable(_ database: String) async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT pg_get_userbyid(lomowner) AS owner, pg_has_role(lomowner, 'USAGE') AS is_member, min(oid) AS first, count(*) AS count
            FROM pg_largeobject_metadata WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND (NOT pg_has_role(lomowner, 'USAGE')
                OR (lomacl IS NOT NULL AND NOT EXISTS (SELECT 1 FROM aclexplode(lomacl) a
                    WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))))
            GROUP BY 1, 2 ORDER BY 1, 2
            """, attempt: "look for large objects we may not read"
        ).map { row in
            let (owner, first) = (SQL.identifier(row.text("owner")), row.text("first"))
            let remedy = row.flag("is_member") ? "GRANT SELECT ON LARGE OBJECT \(first) TO \(owner)" : "GRANT \(owner) TO \(user)"
            return .init(
                reason: .missingPrivilege,
                message:
                    "\(user) may not read \(row.text("count")) large objects of \(row.text("owner")) in \(database) on \(place), e.g. \(first): \(remedy)"
            )
        }
    }
}
