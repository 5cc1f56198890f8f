/// Sessions of this migration which outlived who opened them, or which must not go on. Known by their names, which nobody else uses.
struct OwnSessions: Sendable {
    /// What follows the migration's name in `application_name`.
    enum Kind: String, Sendable { case fence = "/fence", worker = "/w", lane = "/lane", keeper = "/keeper" }

    let session: PostgresConnection
    let uid: String

    private static let pollMilliseconds = 20
    private static let rounds = 250

    /// Asks them to end once, one row for each; for who asks several things in one round trip.
    static func ending(_ kind: Kind, uid: String, where condition: String) -> String {
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, \(SQL.literal(Artefacts.applicationName(uid) + kind.rawValue)))
        AND pid <> pg_backend_pid() AND \(condition)
        """
    }

    /// Ends them and waits, up to 5 s, until none is left; the asking session itself stays.
    func end(_ kind: Kind, where condition: String) async throws {
        let name = SQL.literal(Artefacts.applicationName(uid) + kind.rawValue)
        let statement = Self.ending(kind, uid: uid, where: condition)
        for _ in 0..<Self.rounds {
            if try await session.rows(statement, attempt: "end left-over sessions of migration \(uid)").isEmpty { return }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
        throw FenceFailure(
            server: session.server, what: "sessions of ours do not end",
            remedy: "end those that pg_stat_activity shows with application_name \(name)…")
    }
}
