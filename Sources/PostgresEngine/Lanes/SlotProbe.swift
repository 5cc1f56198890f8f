/// Asks the publisher itself whether it can decode what a slot keeps. A worker ends with the same few words for everything, and the reason is in a
/// log that we cannot read; the publisher's own error tells a slot which nothing will ever read again from a row that the subscriber refuses.
///
/// PostgreSQL makes such slots: when a TRUNCATE or a rewrite of a table commits while a slot is being built, the slot may begin with a transaction that
/// saw neither the old table nor the new one ("could not map filenode … to relation OID").
struct SlotProbe: Sendable {
    /// In the publisher's database, of any kind.
    let session: PostgresConnection
    let uid: String

    /// For each of two statements. Decoding begins where the oldest transaction did that was open at the confirmed position.
    private static let seconds = 3
    /// The worker fails at the first transaction it did not have; what it had may be confirmed a little later.
    private static let changes = 1000

    /// The server's error when decoding fails within the server; `nil` when it works, or when nothing can be said.
    ///
    /// Read from a copy of the slot, which this session loses with any error: a worker that could recover always finds its own slot free.
    ///
    /// - Throws: ``PostgresError`` when the session broke.
    func failure(of name: String) async throws -> String? {
        let copy = SQL.literal("\(LaneName.prefix(uid: uid))probe_\(await session.backend)")
        do {
            try await session.execute(
                "SET statement_timeout = '\(Self.seconds)s'; SELECT pg_copy_logical_replication_slot(\(SQL.literal(name)), \(copy), true)",
                attempt: "copy slot \(name)")
        } catch let error as PostgresError {
            try await recover(from: error)
            return nil
        }
        do {
            try await session.execute(
                """
                SELECT count(*) FROM pg_logical_slot_peek_binary_changes(\(copy), NULL, \(Self.changes),
                    'proto_version', '1', 'publication_names', \(SQL.literal(SQL.identifier(name))))
                """, attempt: "decode slot \(name)")
            try await session.execute("SELECT pg_drop_replication_slot(\(copy)); SET statement_timeout = 0", attempt: "drop a copy of slot \(name)")
            return nil
        } catch let error as PostgresError {
            try await recover(from: error)
            return Self.isFinal(error) ? error.message : nil
        }
    }

    /// An internal error: the same WAL and the same catalog lead to it each time. What is missing, full, slow, busy or forbidden may change.
    static func isFinal(_ error: PostgresError) -> Bool { error.sqlState?.hasPrefix("XX") == true }

    private func recover(from error: PostgresError) async throws {
        try Task.checkCancellation()
        if error.kind == .connectionLost { throw error }
        try await session.execute("SET statement_timeout = 0")
    }
}
