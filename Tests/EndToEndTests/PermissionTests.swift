import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("A permission is withdrawn in the middle, and given back")
    struct PermissionTests {
        @Test("connection strings that must not be written any more: the switch goes back in the time of a rollout, and the next one succeeds")
        func secrets() async throws {
            let scenario = try await Scenario("norole")
            try await scenario.arrangeRestarting()
            let original = try await scenario.connectionString()
            let writer = Writer(scenario)
            writer.start()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                Scenario.restarting(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait("readiness for the cutover") { $0[.ready]?.reason == "GoalReached" }
            let rules = try await scenario.lab.withdraw("patch", of: "secrets")
            do {
                try await scenario.patchSpec(["goal": "Promoted"])
                let stuck = try await scenario.wait("the refusal to be told") { $0.message?.contains("cannot patch resource") == true }
                #expect(stuck.phase == "Switching")
                let back = try await scenario.wait(phase: .rolledBack)
                #expect(back[.stalled]?.reason == "RolloutFailed")
                #expect(back.message?.contains("the connection strings could not be written") == true, "\(back.message ?? "")")
            } catch {
                try await scenario.lab.setRules(rules)
                throw error
            }
            try await scenario.lab.setRules(rules)
            #expect(try await scenario.connectionString() == original)
            #expect(await !scenario.applicationCanWrite(.target))
            try await until("writes on the source again") { [before = writer.acknowledged(on: .source)] in
                writer.acknowledged(on: .source) > before + 20
            }
            try await scenario.patchSpec(["attempt": 2])
            try await scenario.wait(phase: .promoted)
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }
    }
}

extension Lab {
    private static let roles = APIResource(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles", kind: "ClusterRole", isNamespaced: false)

    /// - Returns: the rules of before.
    fileprivate func withdraw(_ verb: String, of resource: String) async throws -> JSONValue {
        let role = try await client.get(Self.roles, "dbmigration")
        let rules = (role["rules"]?.array ?? []).map { rule -> JSONValue in
            guard rule["resources"]?.array?.contains(.string(resource)) == true else { return rule }
            var rule = rule
            rule["verbs"] = .array((rule["verbs"]?.array ?? []).filter { $0 != .string(verb) })
            return rule
        }
        try await setRules(.array(rules))
        return role["rules"] ?? []
    }

    fileprivate func setRules(_ rules: JSONValue) async throws {
        _ = try await client.patch(Self.roles, "dbmigration", .merge(["rules": rules]))
    }
}
