import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import TestServers
import Testing

extension EndToEnd {
    @Suite("Applications behind two real PgBouncers", .enabled(if: PgBouncerProcess.isPresent))
    struct PoolerTests {
        @Test("they are moved and moved back while they write, and none of them sees an error", arguments: [false, true])
        func moves(besideOthersWithTheirOwnConnections others: Bool) async throws {
            let stage = try await PooledStage.make("pooled")
            let scenario = stage.scenario
            let (file, string) = (try await stage.file(), try await scenario.connectionString())
            if others { try await scenario.arrangeSet("StatefulSet", runs: "exec sleep 600") }
            try await scenario.apply { spec in
                let connections = spec["cutover"]?["connections"]
                stage.pooled(&spec)
                guard others else { return }
                Scenario.restarting(&spec)
                spec["cutover"]?["connections"] = connections
            }
            try await scenario.wait(phase: .promoted)
            try await stage.clients.write(20)
            #expect(try await stage.leads() == [scenario.targetHost])
            #expect(try await stage.file().contains("password='a'' b'"), "the rest of the file stays")
            #expect(try await scenario.connectionString() == (others ? scenario.connectionString(host: scenario.targetHost) : string))
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait(phase: .rolledBack)
            try await stage.clients.write(20)
            #expect(try await stage.leads() == [scenario.sourceHost])
            #expect(try await stage.file() == file)
            #expect(try await scenario.connectionString() == string)
            try await stage.expectNothingLost()
            try await stage.end()
        }

        @Test("a transaction that does not end in time lets the cutover go, with everybody at work on the old side")
        func busy() async throws {
            let stage = try await PooledStage.make("poolbusy")
            try await stage.scenario.apply {
                stage.pooled(&$0)
                $0["goal"] = "Ready"
            }
            try await stage.scenario.wait("readiness") { $0[.ready]?.reason == "GoalReached" }
            let long = try await stage.client()
            try await long.execute("BEGIN; INSERT INTO app.ledger (client, number) VALUES ('long', 1)")
            try await stage.scenario.patchSpec(["goal": "Promoted"])
            let held = try await stage.scenario.wait("the abort") { $0[.reconciling]?.reason == "AwaitingApproval" }
            #expect((held.message ?? "").contains("could not be paused"))
            try await long.execute("COMMIT")
            await long.close()
            try await stage.clients.write(20)
            try await stage.scenario.patchSpec(["attempt": 2])
            try await stage.scenario.wait(phase: .promoted)
            try await stage.expectNothingLost()
            try await stage.end()
        }

        /// How the controller ends while the clients wait, and what becomes of the lanes.
        enum Death: String, CaseIterable, Sendable {
            case restarted, followedByAnother, restartedWithoutLanes
        }

        @Test(
            "the controller is killed while everybody waits: the next one ends the wait, on the new side or, when its time is over, on the old one",
            arguments: Death.allCases)
        func controllerKilled(_ death: Death) async throws {
            let budget = death == .restartedWithoutLanes ? 20 : 60
            let stage = try await PooledStage.make("poolkill")
            let (scenario, lab) = (stage.scenario, stage.scenario.lab)
            defer { try? lab.wantControllers(1) }
            if death == .followedByAnother { try await lab.scaleController(to: 2) }
            try await scenario.apply {
                stage.pooled(&$0)
                $0["cutover"]?["maxPauseSeconds"] = .integer(Int64(budget))
                $0["goal"] = "Ready"
            }
            try await scenario.wait("readiness") { $0[.ready]?.reason == "GoalReached" }
            // Keeps the migration in Draining, with everybody waiting.
            let workers = try await scenario.holdUpLanes()
            defer { scenario.letLanesGo(workers) }
            try await scenario.patchSpec(["goal": "Promoted"])
            try await scenario.wait(phase: .draining)
            if death == .followedByAnother {
                try lab.kubectl("delete", "pod", try await lab.leader(), "-n", Lab.systemNamespace, "--grace-period=0", "--force")
            } else {
                try lab.killController()
            }
            #expect(try await stage.isPaused())
            if death == .restartedWithoutLanes {
                try await scenario.wait("the undoing") { $0.phase == "AwaitingCutover" && $0[.reconciling]?.reason == "AwaitingApproval" }
            } else {
                scenario.letLanesGo(workers)
                try await scenario.wait(phase: .promoted)
            }
            try await stage.clients.write(20)
            #expect(try await stage.leads() == [death == .restartedWithoutLanes ? scenario.sourceHost : scenario.targetHost])
            #expect(stage.clients.longestWait < .seconds(budget + 5), "waited for \(stage.clients.longestWait)")
            try await stage.expectNothingLost()
            try await lab.scaleController(to: 1)
            try await stage.end()
        }

        @Test("what is wrong with a pooler is said before anything is touched")
        func refused() async throws {
            let stage = try await PooledStage.make("poolbad", settings: "pool_mode = session", password: "wrong")
            let before = try await stage.file()
            try await stage.scenario.apply { stage.pooled(&$0) }
            try await stage.scenario.wait("the refused login") { ($0.message ?? "").contains("console refuses the login of Secret pgb-admin") }
            try await stage.writeLogin(PgBouncerProcess.password)
            try await stage.scenario.wait("the pool mode") { ($0.message ?? "").contains("pool_mode session") }
            #expect(try await stage.scenario.artefacts(.source) == 0)
            #expect(try await stage.file() == before)
            try await stage.end()
        }
    }
}
