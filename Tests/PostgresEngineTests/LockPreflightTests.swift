import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import PostgresEngine

@Suite("Rules of the lock table") struct LockRules {
    private func problems(
        _ needs: [LockNeeds], jobs: Int = 4, source: LockTable = LockTable(perTransaction: 64, transactions: 100),
        target: LockTable = LockTable(perTransaction: 64, transactions: 100)
    ) -> [String] {
        func access(_ host: String) -> ServerAccess {
            ServerAccess(server: .init(host: host, credentials: .init(name: "")), user: "", password: Redacted(""), certificateAuthorityFile: nil)
        }
        let plan = Plan(
            source: access("old").server, target: access("new").server, databases: [.init(name: "app")], copy: .init(mode: .live, jobs: jobs),
            cutover: .init(pauseSeconds: 1, connections: [], workloads: []))
        let context = DatabaseContext(uid: "u", plan: plan, source: access("old"), target: access("new"), applicationRoles: [])
        return LockChecks(context: context).problems(
            source: ServerFacts(systemIdentifier: "1", major: 15, lockNeeds: needs, lockTable: source),
            target: ServerFacts(systemIdentifier: "2", major: 15, lockTable: target)
        ).map(\.message)
    }

    @Test("each server has to hold what one transaction a database locks, and the message says what to set")
    func room() {
        #expect(problems([.init(dump: 6400, restore: 6400)]) == [])
        #expect(
            problems([.init(dump: 6401, restore: 12_000)]) == [
                "source old:5432 can lock 6400 objects at once (max_locks_per_transaction is 64), describing the databases' tables takes 6401: "
                    + "ALTER SYSTEM SET max_locks_per_transaction = '97'; then restart the server",
                "target new:5432 can lock 6400 objects at once (max_locks_per_transaction is 64), making the databases' tables, each database's in one "
                    + "transaction, takes 12000: ALTER SYSTEM SET max_locks_per_transaction = '181'; then restart the server",
            ])
        #expect(problems([.init(dump: 6401, restore: 12_000)], source: .init(perTransaction: 97, transactions: 100)).count == 1)
    }

    @Test("only as many databases count as are copied at the same time, the largest of them")
    func atOnce() {
        let needs = [LockNeeds](repeating: .init(dump: 3000, restore: 3000), count: 3)
        #expect(problems(needs, jobs: 2) == [])
        #expect(problems(needs, jobs: 3).count == 2)
        #expect(problems(needs + [.init(dump: 3401, restore: 10)], jobs: 2).count == 1)
    }
}

extension DatabaseTests {
    @Suite("Preflight of the lock table") struct LockPreflight {
        @Test("no transaction that makes a database's tables locks more than was counted")
        func counted() async throws {
            let scenario = try await Scenario.make(
                "locks",
                schema: [
                    "CREATE TABLE wide (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL)", "CREATE TABLE narrow (a int)",
                    "CREATE VIEW seen AS SELECT note FROM wide",
                ])
            let needs = try await scenario.source.superuser(scenario.databases[0]) { try await LockNeeds.read($0) }
            // The two tables, the sequence and the view; on the target the TOAST table and its index besides.
            #expect(needs == LockNeeds(dump: 4, restore: 6))
            let locked = try await scenario.target.superuser("postgres") { session in
                try await session.execute(
                    """
                    BEGIN; CREATE TABLE wide (id int NOT NULL, note text NOT NULL); ALTER TABLE wide ALTER id ADD GENERATED ALWAYS AS IDENTITY;
                    CREATE TABLE narrow (a int); CREATE VIEW seen AS SELECT note FROM wide
                    """)
                let count = try await session.rows(
                    "SELECT count(DISTINCT relation) AS count FROM pg_locks WHERE pid = pg_backend_pid() AND NOT fastpath AND relation > 16383"
                ).first?.integer("count")
                try await session.execute("ROLLBACK")
                return count
            }
            #expect(Int(locked ?? .max) <= needs.restore)
            let table = try await scenario.target.superuser("postgres") { try await LockTable.read($0) }
            #expect(table.perTransaction == 64 && table.transactions > 100)
        }
    }
}
