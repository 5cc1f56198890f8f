/// The right to write one target database: an advisory lock there, held by one session for as long as it lives.
struct CopyLock: Sendable {
    let session: PostgresConnection
    let uid: String

    private static let rounds = 100

    /// Takes the lock and ends every worker's session but this one: who is left there belongs to a worker that died, or is to be stopped.
    func take() async throws {
        for _ in 0..<Self.rounds {
            let taken = try await session.rows("SELECT pg_try_advisory_lock(\(Artefacts.lockClass), 2)", attempt: "take the copy lock").first?[0]
            try await OwnSessions(session: session, uid: uid).end(.worker, where: "datname = current_database()")
            if taken == "t" { return }
        }
        throw CopyRejected(description: "another session holds the copy lock of \(session.options.database)")
    }
}
