import MigrationCore

/// Collations of one database: whether its indexes still follow them.
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
}
