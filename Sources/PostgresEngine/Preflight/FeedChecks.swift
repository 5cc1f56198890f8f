import MigrationCore

/// Replication that is the user's own. What has our prefix, of whichever migration, is none of its business.
struct FeedChecks: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String

    /// With which the names of every migration's lanes begin.
    private static let anyLane = "dbmigration_"

    /// Enabled subscriptions that write into one of some databases: no fence stops them, and a lane with `origin = none` leaves out what they write.
    /// In a session on any database. Azure hides `pg_subscription`; there the running ones are listed.
    func subscriptions(_ databases: [String]) async throws -> [PreflightProblem] {
        let isReadable =
            try await session.rows(
                "SELECT has_column_privilege('pg_catalog.pg_subscription', 'subdbid', 'SELECT')", attempt: "ask for subscriptions"
            ).first?[0] == "t"
        let query =
            isReadable
            ? """
            SELECT s.subname, d.datname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
            WHERE s.subenabled AND d.datname IN \(SQL.list(databases)) AND NOT starts_with(s.subname, '\(Self.anyLane)') ORDER BY 2, 1
            """
            : """
            SELECT DISTINCT s.subname, a.datname FROM pg_stat_subscription s JOIN pg_stat_activity a ON a.pid = s.pid
            WHERE a.datname IN \(SQL.list(databases)) AND NOT starts_with(s.subname, '\(Self.anyLane)') ORDER BY 2, 1
            """
        return try await session.rows(query, attempt: "look for subscriptions").map { row in
            let name = row.text("subname")
            return .init(
                reason: .unsupportedObject,
                message:
                    "subscription \(name) in \(row.text("datname")) on \(place) writes past every fence, and its rows may be lost on the way: ALTER SUBSCRIPTION \(SQL.identifier(name)) DISABLE, and subscribe on the target after the switch"
            )
        }
    }

    /// Names of publications that only have to be known of. In a session on the database.
    ///
    /// - Parameter isLive: ``publications()`` reports those FOR ALL TABLES.
    func others(isLive: Bool) async throws -> [String] {
        try await session.rows(
            "SELECT pubname FROM pg_publication WHERE NOT (\(isLive) AND puballtables) AND NOT starts_with(pubname, '\(Self.anyLane)') ORDER BY 1",
            attempt: "look for publications"
        ).map { $0.text("pubname") }
    }

    /// In a session on the database.
    func publications() async throws -> [PreflightProblem] {
        try await session.rows(
            "SELECT pubname FROM pg_publication WHERE puballtables AND NOT starts_with(pubname, '\(Self.anyLane)') ORDER BY 1",
            attempt: "look for publications"
        ).map { row in
            let name = row.text("pubname")
            return .init(
                reason: .unsupportedObject,
                message:
                    "publication \(name) FOR ALL TABLES in \(session.options.database) on \(place) does not travel, and its subscribers would hear nothing of the target: let them subscribe to the target after the switch, and DROP PUBLICATION \(SQL.identifier(name))"
            )
        }
    }
}
