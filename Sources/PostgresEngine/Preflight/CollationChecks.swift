import MigrationCore

/// Collations of one database: whether its indexes still follow them, and whether the target knows them.
struct CollationChecks: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String

    private var database: String { session.options.database }

    /// Indexes over text that were built under another version of a collation may hold a value twice, on which building them anew fails.
    func problems() async throws -> [PreflightProblem] {
        let remedy = "REINDEX DATABASE \(SQL.identifier(database))"
        var problems = try await session.rows(
            """
            SELECT n.nspname, c.collname, c.collversion AS was, pg_collation_actual_version(c.oid) AS is FROM pg_collation c
            JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.collversion <> pg_collation_actual_version(c.oid) AND EXISTS (
                SELECT 1 FROM pg_attribute a JOIN (SELECT c.oid \(UserObjects.relations("'r', 'i', 'm'"))) r ON r.oid = a.attrelid
                WHERE a.attcollation = c.oid AND NOT a.attisdropped) ORDER BY 1, 2
            """, attempt: "compare the collations' versions"
        ).map { row in
            let name = SQL.identifier(row.text("nspname"), row.text("collname"))
            return problem(
                "collation \(row.text("collname"))", row, "\(remedy); ALTER COLLATION \(name) REFRESH VERSION")
        }
        // Before 15 a database has no version of its own.
        let has = try await session.rows(
            "SELECT 1 FROM pg_attribute WHERE attrelid = 'pg_database'::regclass AND attname = 'datcollversion'", attempt: "look at pg_database")
        guard !has.isEmpty else { return problems }
        problems += try await session.rows(
            """
            SELECT datcollversion AS was, pg_database_collation_actual_version(oid) AS is FROM pg_database
            WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)
            """, attempt: "compare the database's collation version"
        ).map { problem("the default collation", $0, "\(remedy); ALTER DATABASE \(SQL.identifier(database)) REFRESH COLLATION VERSION") }
        return problems
    }

    private func problem(_ what: String, _ row: Row, _ remedy: String) -> PreflightProblem {
        .init(
            reason: .unsupportedObject,
            message:
                "\(what) of \(database) on \(place) was of version \(row.text("was")) when indexes were built and is \(row.text("is")) now: an index may hold values twice, and could not be built on the target: \(remedy)"
        )
    }

    /// Predefined collations that columns use, with one such column each. Those of the user's own schemas travel.
    func used() async throws -> [String: String] {
        let rows = try await session.rows(
            """
            SELECT co.collname, min(n.nspname || '.' || c.relname || '.' || a.attname) AS example FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_collation co ON co.oid = a.attcollation AND co.collnamespace = 'pg_catalog'::regnamespace
            WHERE \(UserObjects.schemaCondition) AND NOT a.attisdropped GROUP BY co.collname
            """, attempt: "list the collations in use")
        return Dictionary(rows.map { ($0.text("collname"), "\($0.text("example")) in \(database)") }) { first, _ in first }
    }

    static func predefined(_ session: PostgresConnection) async throws -> Set<String> {
        Set(
            try await session.rows(
                "SELECT DISTINCT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace", attempt: "list the collations"
            ).compactMap { $0[0] })
    }

    /// Pure.
    static func missing(onTarget known: Set<String>, used: [String: String], from: String, to: String) -> [PreflightProblem] {
        used.sorted { $0.key < $1.key }.filter { !known.contains($0.key) }.map { name, column in
            .init(
                reason: .unsupportedObject,
                message:
                    "collation \(name), used by \(column) on \(from), does not exist on \(to): install its locale there and SELECT pg_import_system_collations('pg_catalog'), or give the column another collation"
            )
        }
    }
}
