import MigrationCore

/// Lanes of this very migration that nothing on the target knows of: the target was replaced or cleaned by hand, or the servers were
/// restored from backups of different times. Slots among them keep WAL for nobody.
enum UnknownLanes {
    /// Publications of a database, subscriptions and slots of its server that begin with this migration's name.
    static func onServer(_ session: PostgresConnection, uid: String) async throws -> [String] {
        let lane = SQL.literal(LaneName.prefix(uid: uid))
        return try await session.rows(
            """
            SELECT 'replication slot ' || slot_name FROM pg_replication_slots WHERE starts_with(slot_name, \(lane))
            UNION SELECT 'subscription ' || subname FROM pg_stat_subscription WHERE starts_with(subname, \(lane)) ORDER BY 1
            """, attempt: "look for lanes of ours"
        ).compactMap { $0[0] }
    }

    static func inDatabase(_ session: PostgresConnection, uid: String) async throws -> [String] {
        try await session.rows(
            "SELECT 'publication ' || pubname FROM pg_publication WHERE starts_with(pubname, \(SQL.literal(LaneName.prefix(uid: uid)))) ORDER BY 1",
            attempt: "look for lanes of ours"
        ).compactMap { $0[0].map { "\($0) in \(session.options.database)" } }
    }

    /// - Parameters:
    ///   - remains: by server, `source host:port`.
    ///   - isKnown: a fence row, journal or lane row of ours stands on the target. Then the remains are the lanes' own business.
    static func problem(_ remains: [(place: String, objects: [String])], isKnown: Bool) -> PreflightProblem? {
        let found = remains.filter { !$0.objects.isEmpty }.map { "\($0.objects.joined(separator: ", ")) on \($0.place)" }
        guard !isKnown, !found.isEmpty else { return nil }
        return .init(
            reason: .stateLost,
            message:
                "lanes of this migration stand there, but the target knows nothing of it: \(found.joined(separator: "; ")): bring the target back, or drop them (ALTER SUBSCRIPTION … DISABLE, SET (slot_name = NONE), DROP SUBSCRIPTION; SELECT pg_drop_replication_slot(…); DROP PUBLICATION)"
        )
    }
}
