import MigrationCore

/// Transactions that the making of a slot would wait for: writers of any database of the server, and prepared ones. Readers hold up nobody.
struct TransactionChecks: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String
    let uid: String
    /// Younger ones end by themselves.
    let longSeconds: Int

    /// - Parameter migrated: databases whose prepared transactions another check reports, whatever their age.
    func problems(except migrated: [String]) async throws -> [PreflightProblem] { try await running() + prepared(except: migrated) }

    private func running() async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT pid, usename, datname, extract(epoch FROM clock_timestamp() - xact_start)::bigint AS age FROM pg_stat_activity
            WHERE backend_xid IS NOT NULL AND xact_start < clock_timestamp() - interval '\(longSeconds) s'
            AND NOT starts_with(coalesce(application_name, ''), \(SQL.literal(Artefacts.applicationName(uid))))
            AND pid NOT IN (SELECT pid FROM pg_stat_subscription WHERE pid IS NOT NULL AND starts_with(subname, \(SQL.literal(LaneName.prefix(uid: uid)))))
            ORDER BY xact_start LIMIT 5
            """, attempt: "look for long transactions"
        ).map { row in
            let pid = row.text("pid")
            return .init(
                reason: .longTransactions,
                message:
                    "process \(pid) (user \(row.text("usename")), database \(row.text("datname"))) on \(place) has been writing in one transaction for \(row.text("age")) s, and a slot waits for it: let it end, or SELECT pg_terminate_backend(\(pid))"
            )
        }
    }

    private func prepared(except migrated: [String]) async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT gid, owner, database, extract(epoch FROM clock_timestamp() - prepared)::bigint AS age FROM pg_prepared_xacts
            WHERE prepared < clock_timestamp() - interval '\(longSeconds) s' AND database NOT IN \(SQL.list(migrated))
            ORDER BY prepared LIMIT 5
            """, attempt: "list prepared transactions of the whole server"
        ).map { row in
            let gid = SQL.literal(row.text("gid"))
            return .init(
                reason: .preparedTransactions,
                message:
                    "prepared transaction \(row.text("gid")) (user \(row.text("owner")), database \(row.text("database"))) on \(place) is \(row.text("age")) s old, and a slot waits for it: COMMIT PREPARED \(gid) or ROLLBACK PREPARED \(gid) in that database"
            )
        }
    }
}
