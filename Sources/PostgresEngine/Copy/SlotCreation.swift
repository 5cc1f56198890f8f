import Logging
import MigrationCore
import MigrationPorts

/// Creates a slot and exports its snapshot. The server first waits for every transaction that has written anywhere in the cluster; meanwhile
/// another session tells the log for whom.
struct SlotCreation: Sendable {
    let context: CopyContext
    let name: String
    /// Keeps the snapshot afterwards.
    let session: PostgresConnection

    private static let patience = Duration.seconds(30 * 60)
    private static let pollPeriod = Duration.seconds(2)
    private static let logPeriod = Duration.seconds(60)

    /// The snapshot's name.
    /// - Throws: ``CopyInterrupted`` after 30 minutes.
    func run() async throws -> String {
        let backend = await session.backend
        return try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { try await create() }
            group.addTask { try await watch(backend) }
            defer { group.cancelAll() }
            guard let snapshot = try await group.next() else { throw CancellationError() }
            return snapshot
        }
    }

    private func create() async throws -> String {
        let attempt = "create slot \(name) in \(session.options.database)"
        let row = try await session.rows(
            "CREATE_REPLICATION_SLOT \(SQL.identifier(name)) LOGICAL pgoutput EXPORT_SNAPSHOT", attempt: attempt
        ).first
        guard let snapshot = row?["snapshot_name"] else { throw CopyInterrupted(description: "\(attempt): the server exported no snapshot") }
        return snapshot
    }

    /// Ends by an error only.
    private func watch(_ backend: Int32) async throws -> String {
        try await Task.sleep(for: Self.pollPeriod)
        return try await context.sourceSessions.withMaintenance { watcher in
            let clock = ContinuousClock()
            let end = clock.now + Self.patience
            var logged: (text: String, at: ContinuousClock.Instant)?
            while clock.now < end {
                let blockers = try await blockers(of: backend, watcher)
                if !blockers.isEmpty, logged?.text != Self.who(blockers) || clock.now > (logged?.at ?? clock.now) + Self.logPeriod {
                    let text = Self.described(blockers)
                    context.logger.notice("the slot waits for transactions to end", metadata: ["slot": "\(name)", "transactions": "\(text)"])
                    logged = (Self.who(blockers), clock.now)
                }
                try await Task.sleep(for: Self.pollPeriod)
            }
            let text = Self.described(try await blockers(of: backend, watcher))
            throw CopyInterrupted(description: "slot \(name) waited \(Self.patience) for transactions to end: \(text); end them")
        }
    }

    private static func who(_ blockers: [Blocker]) -> String { blockers.map(\.who).joined(separator: ", ") }
    private static func described(_ blockers: [Blocker]) -> String { blockers.map { "\($0.who) since \($0.seconds) s" }.joined(separator: ", ") }

    private struct Blocker: Sendable {
        var who: String
        var seconds: Int64
    }

    /// A prepared transaction has no process: the lock table shows 0 for it.
    private func blockers(of backend: Int32, _ watcher: PostgresConnection) async throws -> [Blocker] {
        try await watcher.rows(
            """
            SELECT format('pid %s of %s in %s', pid, usename, datname) AS who, extract(epoch FROM clock_timestamp() - xact_start)::bigint AS seconds
            FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(\(backend)))
            UNION ALL SELECT format('prepared transaction %s in %s', gid, database), extract(epoch FROM clock_timestamp() - prepared)::bigint
            FROM pg_prepared_xacts WHERE 0 = ANY (pg_blocking_pids(\(backend))) ORDER BY 1
            """, attempt: "ask for whom slot \(name) waits"
        ).map { Blocker(who: $0.text("who"), seconds: $0.integer("seconds") ?? 0) }
    }
}
