import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Snapshot migration on a real control plane and two real servers")
    struct SnapshotMigrationTests {
        @Test("moves the database, the Secret and the application, and promotes")
        func promotes() async throws {
            let scenario = try await Scenario("happy")
            try await scenario.arrange()
            let before = try await scenario.connectionString()
            try await scenario.apply()
            let status = try await scenario.wait("Ready") { $0[.ready]?.status == "True" }

            #expect(status.phase == "Promoted")
            #expect(status[.ready]?.reason == "GoalReached")
            #expect(status[.reconciling] == nil && status[.stalled] == nil)
            #expect(try await scenario.count(.target) == scenario.rows)
            let after = try await scenario.connectionString()
            #expect(after == before.replacingOccurrences(of: scenario.sourceHost, with: scenario.targetHost), "only the host changes")
            #expect(await scenario.applicationCanWrite(.target))
            #expect(await !scenario.applicationCanWrite(.source), "the source stays fenced")
            try await scenario.end()
        }

        @Test("goal Ready waits before the pause; Promoted and Completed take it on, clean up, and close the window")
        func goals() async throws {
            let scenario = try await Scenario("goals")
            try await scenario.arrange()
            try await scenario.apply { $0["goal"] = "Ready" }
            let waiting = try await scenario.wait("goal Ready") { $0[.ready]?.status == "True" }
            #expect(waiting.phase == "AwaitingCutover")
            #expect(await scenario.applicationCanWrite(.source), "nothing is fenced yet")

            try await scenario.patchSpec(["goal": "Completed"])
            let done = try await scenario.wait(phase: .completed)
            #expect(done[.rollbackReady]?.reason == "RollbackWindowClosed")
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            #expect(try await scenario.jobs().isEmpty)
            let kept = try await scenario.lab.client.list(Secret.self, namespace: scenario.namespace, labels: DatabaseMigration.label)
            #expect(kept.items.isEmpty, "originals are discarded")
            #expect(await !scenario.applicationCanWrite(.source), "the source stays read-only")
            try await scenario.end()
        }

        @Test("failed health before the first client write rolls back: original bytes, source writable, Stalled with the reason")
        func rollsBackOnHealth() async throws {
            let scenario = try await Scenario("unwell")
            try await scenario.arrange(application: .unwellOnTarget)
            let before = try await scenario.connectionString()
            try await scenario.apply()
            let status = try await scenario.wait(phase: .rolledBack)
            #expect(status[.stalled]?.status == "True")
            #expect(status[.stalled]?.reason == "ProbeFailed")
            #expect(status[.rolledBack]?.status == "True")
            #expect(try await scenario.connectionString() == before)
            #expect(await scenario.applicationCanWrite(.source))
            #expect(await !scenario.applicationCanWrite(.target), "the target is fenced again")

            // The next attempt copies anew: what was written on the source since must arrive.
            let rows = try await scenario.count(.source)
            try scenario.lab.kubectl("-n", scenario.namespace, "set", "env", "deployment/ledger", "FAIL_HEALTH_WHEN_HOST-")
            try await scenario.patchSpec(["attempt": 2])
            let second = try await scenario.wait("the second attempt to be Ready") { $0[.ready]?.status == "True" }
            #expect(second.phase == "Promoted" && second.attempt == 2)
            #expect(try await scenario.count(.target) == rows)
            try await scenario.end()
        }

        @Test("a failed probe after a client write does not roll back by itself, nor on request without accepting the loss")
        func refusesLoss() async throws {
            let scenario = try await Scenario("wrote")
            try await scenario.arrange()
            try await scenario.apply { $0["health"]?["soakSeconds"] = 3600 }
            try await scenario.wait(phase: .soaking)
            #expect(await scenario.applicationCanWrite(.target))
            let wrote = try await scenario.wait("the write to be seen") { $0[.rollbackReady]?.status == "False" }
            #expect(wrote[.rollbackReady]?.reason == "NoReverseLane")
            #expect(wrote.cutover?.pauseMilliseconds ?? -1 >= 0)

            try scenario.lab.kubectl("-n", scenario.namespace, "scale", "deployment/ledger", "--replicas=0")
            try scenario.lab.kubectl("-n", scenario.namespace, "set", "env", "deployment/ledger", "FAIL_HEALTH_WHEN_HOST=\(scenario.targetHost)")
            try scenario.lab.kubectl("-n", scenario.namespace, "scale", "deployment/ledger", "--replicas=1")
            let unhealthy = try await scenario.wait("failed health") { $0[.healthy]?.status == "False" }
            #expect(unhealthy.phase == "Soaking")

            try await scenario.patchSpec(["goal": "RolledBack"])
            let refused = try await scenario.wait("the refusal to be said") { $0[.reconciling]?.reason == "AwaitingApproval" }
            #expect((refused.message ?? "").contains("acceptLoss"))
            #expect(refused.phase == "Soaking")

            try await scenario.patchSpec(["rollback": ["acceptLoss": "NoReverseLane"]])
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back[.ready]?.reason == "GoalReached", "asked for, so it is the goal")
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("a worker killed -9 in the middle of a copy is followed by another that loses and doubles nothing")
        func workerKilled() async throws {
            let scenario = try await Scenario("worker", rows: 1_000_000)
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.rowsUnderWay()
            let killed = try Lab.run("/usr/bin/pkill", ["-9", "-f", "dbmigration worker copy"])
            #expect(killed.status == 0, "a worker ran")
            let status = try await scenario.wait("Ready") { $0[.ready]?.status == "True" }
            #expect(status.phase == "Promoted")
            #expect(try await scenario.count(.target) == scenario.rows)
            #expect((try await scenario.jobs()).contains { $0.hasSuffix("copy-2") }, "a second Job finished the copy")
            try await scenario.end()
        }
    }
}
