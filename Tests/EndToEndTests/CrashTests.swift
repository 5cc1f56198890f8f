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
    /// A server that loses a process by kill -9 ends every session and recovers from its log, as after a power failure.
    @Suite("A database server dies in a live migration, under writes")
    struct CrashTests {
        @Test("while rows are copied: another worker goes on, and nothing is lost", arguments: Side.allCases)
        func copying(_ side: Side) async throws {
            let (scenario, writer) = try await Scenario.underWrites("crashcopy\(side.rawValue)", rows: 300_000)
            try await scenario.apply(Scenario.live)
            try await scenario.rowsUnderWay()
            try await scenario.lab.crash(side)
            try await scenario.wait(phase: .promoted, seconds: 150)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }

        @Test("each while changes follow and after the switch: the lanes go on, forth and back, and nothing is lost")
        func replicating() async throws {
            let (scenario, writer) = try await Scenario.underWrites("crash")
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
                // Probes that fail while the server recovers must not decide.
                spec["health"]?["http"] = [
                    ["name": "ledger", "service": ["name": "ledger", "port": "http", "path": "/health"], "failureLimit": 100]
                ]
            }
            try await scenario.wait(phase: .awaitingCutover)
            for side in Side.allCases { try await scenario.lab.crash(side) }
            try await scenario.patchSpec(["goal": "Promoted"])
            try await scenario.wait("the soak") { ($0.timeline ?? []).contains { $0.phase == "Soaking" } }
            for side in Side.allCases { try await scenario.lab.crash(side) }
            try await scenario.wait(phase: .promoted)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            try await scenario.wait("the way back") { $0[.rollbackReady]?.status == "True" }
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait(phase: .rolledBack)
            await writer.stop()
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }
    }
}

extension Lab {
    /// kill -9 to a server's checkpointer; returns once the server has recovered.
    func crash(_ side: Side) async throws {
        let checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        guard let process = try await sql(side, "postgres", checkpointer).first?[0] else {
            throw LabError("the \(side.rawValue) has no checkpointer")
        }
        let killed = try Self.run("/bin/kill", ["-9", process])
        guard killed.status == 0 else { throw LabError("kill -9 \(process): \(killed.output)") }
        try await until("the \(side.rawValue) to recover") {
            (try? await sql(side, "postgres", checkpointer).first?[0]).map { $0 != process } ?? false
        }
    }
}
