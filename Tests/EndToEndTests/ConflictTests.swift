import Foundation
import HTTPTransport
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Somebody else keeps changing the object, so that one status write after another is refused with 409")
    struct ConflictTests {
        @Test("before the pause, in it and in the soak: nothing is done while it lasts, nothing twice afterwards, and nothing is lost")
        func storms() async throws {
            let (scenario, writer) = try await Scenario.underWrites("storm")
            // Into whatever comes first.
            try await scenario.storm {
                try await scenario.apply { spec in
                    Scenario.live(&spec)
                    spec["goal"] = "Ready"
                    spec["health"]?["soakSeconds"] = 10
                }
            }
            try await scenario.wait("readiness") { $0[.ready]?.reason == "GoalReached" }
            try await scenario.storm { try await scenario.patchSpec(["goal": "Promoted"]) }
            for phase in ["Draining", "Soaking"] {
                try await scenario.wait("phase \(phase)") { ($0.timeline ?? []).contains { $0.phase == phase } }
                try await scenario.storm {}
            }
            let status = try await scenario.wait(phase: .promoted)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            #expect(await !scenario.applicationCanWrite(.source))
            let phases = (status.timeline ?? []).map(\.phase)
            #expect(phases.count == Set(phases).count, "\(phases)")
            #expect(try await scenario.jobs().filter { $0.contains("copy") || $0.contains("verify") }.allSatisfy { $0.hasSuffix("-1") })
            let application = try await scenario.lab.client.get(Deployment.self, "ledger", namespace: scenario.namespace)
            #expect(application.metadata.generation == 2, "made once, restarted once")
            try await scenario.end()
        }
    }
}

extension Scenario {
    /// Changes the object as fast as it can, from before `body` until twenty more status writes were refused.
    fileprivate func storm(_ body: () async throws -> Void) async throws {
        let before = try await lab.refusedWrites()
        let task = Task { [lab, namespace] in
            var number = 0
            while !Task.isCancelled {
                number += 1
                let patch: JSONValue = ["metadata": ["annotations": ["example.test/storm": .string("\(number)")]]]
                _ = try? await lab.client.patch(DatabaseMigration.self, Self.migration, namespace: namespace, .merge(patch))
            }
        }
        defer { task.cancel() }
        try await body()
        try await until("the storm to be felt") { try await lab.refusedWrites() >= before + 20 }
    }
}

extension Lab {
    /// How many writes of the controller the API server has refused with 409, by the controller's own count.
    fileprivate func refusedWrites() async throws -> Int {
        let pods = try await client.list(Pod.self, namespace: Self.systemNamespace, labels: "app.kubernetes.io/component=controller").items
        guard let address = pods.first?.status?.podIP else { throw LabError("no controller has an address") }
        let answer = try await HTTPClient.shared.send(HTTPRequest(.get, "http://\(address):8080/metrics"))
        return String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix("rest_client_requests_total{code=\"409\"") && $0.contains("method=\"PATCH\"") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
}
