import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Testing

extension EndToEnd {
    /// What people do to the servers while a migration is under way, and what somebody asks for that cannot work.
    @Suite("Interference is noticed, named, and costs no write")
    struct InterferenceTests {
        @Test("Live mode where it cannot work: the check, the table and every way out are named")
        func liveRefused() async throws {
            let scenario = try await Scenario("nolive")
            try await scenario.arrange()
            try await scenario.lab.sql(.source, scenario.database, "SET ROLE \(SQL.identifier(scenario.role)); CREATE TABLE app.keyless (a int)")
            try await scenario.apply(Scenario.live)
            let status = try await scenario.wait("the refusal") { $0[.preflightPassed]?.reason == "ReplicaIdentityMissing" }
            #expect(status.phase == "Preflight")
            let message = status[.preflightPassed]?.message ?? ""
            for part in ["app.keyless", "REPLICA IDENTITY FULL", scenario.database] { #expect(message.contains(part), "\(message)") }
            #expect(try await scenario.artefacts(.source) == 0, "nothing was changed on the source")
            try await scenario.end()
        }

        @Test("a second migration of the same database waits for the first, and says for which")
        func secondWaits() async throws {
            let scenario = try await Scenario("second")
            try await scenario.arrange()
            try await scenario.apply { $0["goal"] = "Ready" }
            try await scenario.wait(phase: .awaitingCutover)
            var second = scenario.manifest()
            second["metadata"]?["name"] = "second"
            let client = scenario.lab.client
            _ = try await client.create(DatabaseMigration.resource, second)
            let waiting = try await scenario.lab.waitFor(DatabaseMigration.self, "second", scenario.namespace, "the second to wait") {
                $0.status?[.reconciling]?.reason == "WaitingForOwner"
            }
            #expect(waiting.status?.phase == "Pending")
            let owner = "\(scenario.namespace)/\(Scenario.migration)"
            #expect(waiting.status?.message?.contains(owner) == true)
            try await scenario.delete(cascade: "background")
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace)
            // Whoever waits looks again after a while, and when its object changes.
            _ = try await client.patch(DatabaseMigration.self, "second", namespace: scenario.namespace, .merge(["spec": ["goal": "Ready"]]))
            try await scenario.lab.waitFor(DatabaseMigration.self, "second", scenario.namespace, "the second to go on") {
                $0.status?.phase == "AwaitingCutover"
            }
            try await scenario.end()
        }

        @Test("a fence removed by hand, each part of it in turn, undoes the cutover")
        func fenceRemoved() async throws {
            let scenario = try await Scenario("tampered", copyLasts: 60)
            try await scenario.arrange()
            try await scenario.apply()
            let name = SQL.identifier(scenario.database)
            let ways = [
                ("the connection limit", "postgres", "ALTER DATABASE \(name) CONNECTION LIMIT -1"),
                ("default_transaction_read_only", "postgres", "ALTER DATABASE \(name) RESET default_transaction_read_only"),
                (
                    "the guard", scenario.database,
                    "SET default_transaction_read_only = off; BEGIN READ WRITE; DROP FUNCTION _dbmigration.guard() CASCADE; COMMIT"
                ),
                ("_dbmigration.fence", "postgres", "DELETE FROM _dbmigration.fence WHERE database = \(SQL.literal(scenario.database))"),
            ]
            for (attempt, way) in ways.enumerated() {
                try await scenario.patchSpec(["attempt": .integer(Int64(attempt + 1))])
                try await scenario.wait("Copying in attempt \(attempt + 1)") { $0.phase == "Copying" && $0.attempt == attempt + 1 }
                try await scenario.lab.sql(.source, way.1, way.2)
                let status = try await scenario.wait("the undo after \(way.0) went") { $0[.reconciling]?.reason == "AwaitingApproval" }
                #expect(status.phase == "AwaitingCutover")
                let message = status.message ?? ""
                #expect(message.contains("no longer holds"), "\(message)")
                #expect(message.contains(way.0), "\(message)")
                #expect(await scenario.applicationCanWrite(.source), "after \(way.0) went")
            }
            try await scenario.end()
        }

        @Test("a write on the target that passed its guard before the switch stops the promotion")
        func writtenTarget() async throws {
            let scenario = try await Scenario("smuggled")
            try await scenario.arrange()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            let updated = "SELECT pg_stat_get_tuples_updated('app.ledger'::regclass)"
            let before = try await scenario.lab.sql(.target, scenario.database, updated).first?[0]
            let smuggle = "SET session_replication_role = replica; BEGIN READ WRITE; UPDATE app.ledger SET note = 'smuggled' WHERE id = 1; COMMIT"
            try await scenario.lab.sql(.target, scenario.database, smuggle)
            try await until("the server to count it") { try await scenario.lab.sql(.target, scenario.database, updated).first?[0] != before }
            try await scenario.patchSpec(["goal": "Promoted"])
            let status = try await scenario.wait("the stall") { $0[.stalled]?.status == "True" }
            #expect(status[.stalled]?.reason == "VerificationMismatch")
            #expect(status.message?.contains("app.ledger") == true, "\(status.message ?? "")")
            #expect(try await scenario.connectionString().contains(scenario.sourceHost))
            #expect(await scenario.applicationCanWrite(.source))
            #expect(await !scenario.applicationCanWrite(.target))
            try await scenario.end()
        }

        @Test("a lane that makes the source keep more log than allowed is dropped and named before the disk is in danger")
        func tooMuchLog() async throws {
            let scenario = try await Scenario("retained")
            try await scenario.arrange()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
                spec["copy"]?["maxRetainedWALMiB"] = 64
            }
            try await scenario.wait(phase: .awaitingCutover)
            // The lane cannot get on: what it applies waits for this lock.
            let locker = try await PostgresConnection.open(
                scenario.lab.superuser(.target), ConnectionOptions(database: scenario.database, applicationName: "e2e"))
            try await locker.execute("BEGIN READ WRITE; LOCK TABLE app.ledger IN ACCESS EXCLUSIVE MODE")
            try await scenario.lab.sql(.source, scenario.database, "INSERT INTO app.ledger (number) VALUES (-2)")
            try await scenario.lab.sql(
                .source, scenario.database, "SELECT count(pg_logical_emit_message(false, 'e2e', repeat('x', 1048576))) FROM generate_series(1, 80)")
            try await scenario.patchSpec(["goal": "Promoted"])
            let status = try await scenario.wait("the lane to be dropped") { $0[.stalled]?.status == "True" }
            await locker.close()
            #expect(status[.stalled]?.reason == "RetainedWALExceeded" && status.phase == "Failed")
            #expect(status.message?.contains("copy.maxRetainedWALMiB = 64") == true, "\(status.message ?? "")")
            let slots = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
            #expect(try await scenario.lab.sql(.source, scenario.database, slots).first?[0] == "0")
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }
    }
}
