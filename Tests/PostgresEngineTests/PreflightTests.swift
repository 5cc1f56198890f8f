import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Testing

extension DatabaseTests {
    @Suite("Preflight") struct Preflights {
        private func problems(_ scenario: Scenario, _ change: (inout DatabaseContext) -> Void) async -> [PreflightProblem] {
            var context = scenario.context
            change(&context)
            return await scenario.port.preflight(context)
        }

        @Test("servers that cannot be reached or entered")
        func access() async throws {
            let scenario = try await Scenario.make("access")
            let unreachable = await problems(scenario) { $0.target.server.port = 1 }
            #expect(unreachable.map(\.reason) == [.unreachable])
            let wrong = await problems(scenario) {
                $0.source.password = Redacted("wrong-password")
                $0.target.server.port = 1
            }
            #expect(wrong.map(\.reason) == [.authenticationFailed, .unreachable])
            #expect(wrong.allSatisfy { !$0.message.contains("wrong-password") && $0.message.contains("127.0.0.1:") })
        }

        @Test("the same server twice, a missing database, an application's wrong password")
        func same() async throws {
            let scenario = try await Scenario.make("same")
            let found = await problems(scenario) { context in
                context.target = context.source
                context.plan.databases.append(Plan.Database(name: "missing", targetName: "m2", createIfMissing: false))
                context.applicationRoles[0].password = Redacted("wrong")
            }
            #expect(Set(found.map(\.reason)) == [.sameServer, .databaseMissing, .authenticationFailed])
            #expect(found.filter { $0.reason == .databaseMissing }.count == 2)
        }

        @Test("a target database with foreign content, and one of ours")
        func notEmpty() async throws {
            let scenario = try await Scenario.make("content", schema: ["CREATE TABLE t (a int)"])
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE DATABASE \(name)") }
            try await scenario.target.superuser(scenario.databases[0]) { try await $0.execute("CREATE TABLE theirs (a int)") }
            let found = await scenario.port.preflight(scenario.context)
            #expect(found.map(\.reason) == [.targetNotEmpty])
            #expect(found.first?.message.contains("public.theirs") == true)
        }

        @Test("missing rights, each with its GRANT")
        func rights() async throws {
            let scenario = try await Scenario.make("rights")
            for cluster in [scenario.source, scenario.target] {
                try await cluster.superuser("postgres") { try await $0.execute("CREATE ROLE weak LOGIN PASSWORD \(SQL.literal(Cluster.password))") }
            }
            let found = await problems(scenario) {
                $0.source.user = "weak"
                $0.target.user = "weak"
            }
            #expect(found.allSatisfy { $0.reason == .missingPrivilege })
            let text = found.map(\.message).joined(separator: "\n")
            for remedy in [
                "GRANT pg_signal_backend TO \"weak\"", "GRANT pg_read_all_stats TO \"weak\"", "GRANT CREATE ON DATABASE \"postgres\" TO \"weak\"",
                "ALTER ROLE \"weak\" REPLICATION", "ALTER ROLE \"weak\" CREATEDB", "ALTER ROLE \"weak\" CREATEROLE",
                "GRANT \(SQL.identifier(scenario.role)) TO \"weak\"",
            ] { #expect(text.contains(remedy), "\(remedy)") }
        }

        @Test("prepared transactions, row security, walsenders, another's fence")
        func content() async throws {
            let scenario = try await Scenario.make(
                "objects", schema: ["CREATE TABLE t (a int)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t FORCE ROW LEVEL SECURITY"])
            let other = try await Scenario.make("other", schema: ["CREATE TABLE t (a int)"])
            try await other.port.closeSource(other.context, epoch: 0)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("BEGIN; CREATE TABLE p (a int); PREPARE TRANSACTION 'held'")
            let found = await problems(scenario) { context in
                context.plan.copy.jobs = 100
                context.plan.databases.append(Plan.Database(name: other.databases[0]))
            }
            #expect(
                Set(found.map(\.reason)) == [.preparedTransactions, .missingPrivilege, .serverSettings, .stateLost],
                "\(found.map(\.message))")
            try await client.execute("ROLLBACK PREPARED 'held'")
            await client.close()
            try await other.port.openSource(other.context, epoch: 1)
        }
    }
}
