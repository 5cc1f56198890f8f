import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("The controller dies")
    struct ControllerDeathTests {
        /// Phases of the Snapshot mode that leave something half done; the Live mode's are killed in tests of their own.
        static let forward: [Phase] = [.provisioning, .fencing, .copying, .verifying, .switching, .cleaningUp]

        @Test("kill -9 in a phase: the outcome is the one without it", arguments: forward)
        func killedForward(_ phase: Phase) async throws {
            let scenario = try await Scenario("kill\(phase.rawValue.lowercased())")
            try await scenario.arrange()
            try await scenario.apply { $0["goal"] = "Completed" }
            try await scenario.killController(in: phase)
            let status = try await scenario.wait(phase: .completed, seconds: 120)
            #expect(status[.ready]?.status == "True")
            #expect(try await scenario.count(.target) >= scenario.rows)
            #expect(try await scenario.connectionString().contains(scenario.targetHost))
            #expect(await scenario.applicationCanWrite(.target))
            #expect(await !scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("kill -9 while rolling back: rolled back all the same")
        func killedBack() async throws {
            let scenario = try await Scenario("killback")
            try await scenario.arrange(application: .unwellOnTarget)
            try await scenario.apply()
            try await scenario.killController(in: .rollingBack)
            try await scenario.wait(phase: .rolledBack, seconds: 120)
            #expect(try await scenario.connectionString().contains(scenario.sourceHost))
            #expect(await scenario.applicationCanWrite(.source))
            #expect(await !scenario.applicationCanWrite(.target))
            try await scenario.end()
        }
    }
}

extension Scenario {
    /// Kills the controller as soon as the phase has been reached, and waits until it is back.
    func killController(in phase: Phase) async throws {
        try await wait("phase \(phase.rawValue) to be reached") { status in
            status.phase == phase.rawValue || (status.timeline ?? []).contains { $0.phase == phase.rawValue }
        }
        try lab.killController()
    }
}
