import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("The control plane dies in a live migration, under writes")
    struct ControlPlaneDeathTests {
        @Test(
            "kill -9 before the cutover and in the soak: what was decided is done once it is back", arguments: [DevComponents.Name.etcd, .apiServer])
        func killed(_ component: DevComponents.Name) async throws {
            let (scenario, writer) = try await Scenario.underWrites(component == .etcd ? "etcd" : "apiserver")
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            try await scenario.lab.crash(component)
            // A server that has just begun says 503 for kinds that it has yet to read.
            try await until("the goal to be taken") { (try? await scenario.patchSpec(["goal": "Promoted"])) != nil }
            try await scenario.wait("the soak") { ($0.timeline ?? []).contains { $0.phase == Phase.soaking.rawValue } }
            try await scenario.lab.crash(component)
            try await scenario.wait(phase: .promoted)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            #expect(await !scenario.applicationCanWrite(.source))
            try await scenario.end()
        }
    }
}

extension Lab {
    /// kill -9 to a program of the control plane, which stays away until somebody has missed it; returns once the API server can read again.
    func crash(_ component: DevComponents.Name) async throws {
        let components = try DevComponents(state)
        guard let process = components.process(component) else { throw LabError("\(component.rawValue) does not run, or is not started again") }
        try components.hold(component)
        defer { components.release(component) }
        try signal("KILL", String(process))
        try await until("the API server to be of no use") { await !answers() }
        components.release(component)
        try await until("the API server to answer again", seconds: 90) { await answers() }
    }

    /// Whether the API server can read what etcd holds.
    private func answers() async -> Bool { (try? await client.get(Namespace.self, "default")) != nil }
}
