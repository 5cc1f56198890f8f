import MigrationCore
import MigrationPorts

/// How many objects all transactions of a server may have locked at the same time. It is fixed when the server starts; a transaction that wants more fails.
struct LockTable: Sendable, Hashable {
    /// `max_locks_per_transaction`
    var perTransaction: Int
    /// Sessions and prepared transactions that the server counts with.
    var transactions: Int

    var places: Int { perTransaction * transactions }

    /// The parameter's value that makes room for so many, and for half as many of everybody else's.
    func enough(for locks: Int) -> Int { max(perTransaction, (locks + locks / 2) / max(1, transactions) + 1) }

    static func read(_ session: PostgresConnection) async throws -> LockTable {
        // What the server itself adds up, but for its auxiliary processes.
        let row = try await session.rows(
            """
            SELECT current_setting('max_locks_per_transaction')::int AS locks, sum(setting::int) AS transactions FROM pg_settings
            WHERE name IN ('max_connections', 'autovacuum_max_workers', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions')
            """, attempt: "read the size of the lock table"
        ).first
        return LockTable(perTransaction: Int(row?.integer("locks") ?? 0), transactions: Int(row?.integer("transactions") ?? 0))
    }
}

/// How many objects of one database a transaction of the copy has locked at its end.
struct LockNeeds: Sendable, Hashable {
    /// On the source: `pg_dump` locks every relation it describes, a publication its tables.
    var dump: Int
    /// On the target: tables, their TOAST tables with indexes, views and sequences are made in one transaction.
    var restore: Int

    static func read(_ session: PostgresConnection) async throws -> LockNeeds {
        let row = try await session.rows(
            """
            SELECT count(*) AS dump, coalesce(sum(CASE WHEN c.reltoastrelid <> 0 THEN 3 ELSE 1 END), 0) AS restore
            \(UserObjects.relations("'r', 'p', 'v', 'm', 'S', 'f'"))
            """, attempt: "count what the copy locks"
        ).first
        return LockNeeds(dump: Int(row?.integer("dump") ?? 0), restore: Int(row?.integer("restore") ?? 0))
    }
}

/// Whether both lock tables hold what the copy locks. Databases are dumped and restored at the same time, as many as there are `copy.jobs`. Pure.
struct LockChecks: Sendable {
    let context: DatabaseContext

    func problems(source: ServerFacts, target: ServerFacts) -> [PreflightProblem] {
        problem(.source, source, needs: source.lockNeeds.map(\.dump)) + problem(.target, target, needs: source.lockNeeds.map(\.restore))
    }

    private func problem(_ side: Side, _ facts: ServerFacts, needs: [Int]) -> [PreflightProblem] {
        let wanted = needs.sorted(by: >).prefix(max(1, context.plan.copy.jobs)).reduce(0, +)
        guard let table = facts.lockTable, wanted > table.places else { return [] }
        let server = side == .source ? context.plan.source : context.plan.target
        let remedy = facts.provider.set(
            "max_locks_per_transaction", to: [String(table.enough(for: wanted))], needsRestart: true, host: server.host)
        let what = side == .source ? "describing the databases' tables" : "making the databases' tables, each database's in one transaction,"
        return [
            .init(
                reason: .serverSettings,
                message:
                    "\(side.rawValue) \(server.host):\(server.port) can lock \(table.places) objects at once (max_locks_per_transaction is "
                    + "\(table.perTransaction)), \(what) takes \(wanted): \(remedy)")
        ]
    }
}
