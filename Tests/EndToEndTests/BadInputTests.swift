import DevCluster
import Foundation
import HTTPTransport
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Bad input is refused with what was found and what to do")
    struct BadInputTests {
        /// Arranges no application: preflight's other problems must not depend on it.
        private func refused(
            _ name: String, _ reason: String, names: [String], spec change: (inout JSONValue) -> Void = { _ in },
            prepare: (Scenario) async throws -> Void = { _ in }
        ) async throws {
            let scenario = try await Scenario(name)
            try await scenario.arrange(application: .none)
            try await prepare(scenario)
            try await scenario.apply(change)
            let status = try await scenario.wait("a refusal with \(reason)") { status in
                status[.preflightPassed]?.status == "False" && (status.conditions ?? []).contains { ($0.message ?? "").contains(names[0]) }
            }
            let message = status[.preflightPassed]?.message ?? ""
            #expect(status.phase == "Preflight")
            #expect(status[.preflightPassed]?.reason == reason || message.contains(reason), "\(status[.preflightPassed]?.reason ?? ""): \(message)")
            for name in names { #expect(message.contains(name), "\(message) should name \(name)") }
            #expect(!message.contains(scenario.password), "no secret in status")
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test func unreachableHost() async throws {
            try await refused("unreachable", "Unreachable", names: ["nowhere.invalid"]) { $0["target"]?["host"] = "nowhere.invalid" }
        }

        @Test func wrongPassword() async throws {
            try await refused(
                "password", "AuthenticationFailed", names: ["mys-staging-core"],
                prepare: { scenario in
                    let patch: JSONValue = ["data": ["password": .string(Data("wrong".utf8).base64EncodedString())]]
                    _ = try await scenario.lab.client.patch(Secret.self, "target-admin", namespace: scenario.namespace, .merge(patch))
                })
        }

        @Test func missingSecret() async throws {
            try await refused("secret", "SecretMissing", names: ["not-there"]) { $0["source"]?["credentialsSecretRef"] = ["name": "not-there"] }
        }

        @Test func missingKey() async throws {
            try await refused("key", "SecretMissing", names: ["app-db", "no-such-key"]) { spec in
                let database = spec["databases"]?[0]?["name"] ?? nil
                spec["cutover"]?["connections"] = [["secretRef": ["name": "app-db", "key": "no-such-key"], "database": database]]
            }
        }

        @Test func notAConnectionString() async throws {
            try await refused("notdsn", "ConnectionStringInvalid", names: ["app-db"]) { spec in
                let database = spec["databases"]?[0]?["name"] ?? nil
                spec["cutover"]?["connections"] = [["secretRef": ["name": "app-db", "key": "other"], "database": database]]
            }
        }

        @Test func targetNotEmpty() async throws {
            try await refused(
                "notempty", "TargetNotEmpty", names: ["notempty_"],
                prepare: { scenario in
                    try await scenario.lab.sql(.target, "postgres", "CREATE DATABASE \"\(scenario.database)\"")
                    try await scenario.lab.sql(.target, scenario.database, "CREATE TABLE precious (id int)")
                })
        }

        @Test func missingDatabase() async throws {
            try await refused("nodb", "DatabaseMissing", names: ["no_such_db"]) { spec in
                spec["databases"] = [["name": "no_such_db"]]
                spec["cutover"]?["connections"] = [["secretRef": ["name": "app-db", "key": "connection-string"], "database": "no_such_db"]]
            }
        }

        @Test func sameServer() async throws {
            let scenario = try await Scenario("same")
            // The address of the source under another name: only the system identifier tells.
            let address = scenario.lab.state.servers.source.address
            try await refused("same", "SameServer", names: [address]) { spec in
                spec["target"]?["host"] = .string(address)
                spec["target"]?["sslMode"] = "require"
                spec["target"]?["credentialsSecretRef"] = ["name": "source-admin"]
            }
        }

        @Test func selectorMatchesNothing() async throws {
            try await refused("selector", "NoWorkloadSelected", names: ["no-such-app"]) { spec in
                spec["cutover"]?["workloads"] = [["selector": ["matchLabels": ["app": "no-such-app"]]]]
            }
        }

        @Test("an invalid spec: all problems at once, Stalled, nothing begun")
        func invalidSpec() async throws {
            let scenario = try await Scenario("spec")
            try await scenario.arrange(application: .none)
            try await scenario.apply { spec in
                spec["strategy"] = "Fresh"
                spec["target"] = spec["source"]
                spec["cutover"]?["connections"] = [["secretRef": ["name": "app-db", "key": "connection-string"], "database": "unknown_db"]]
            }
            let status = try await scenario.wait("Stalled") { $0[.stalled]?.status == "True" }
            let message = status[.specValid]?.message ?? ""
            for part in ["spec.strategy", "spec.target", "spec.cutover.connections[0].database"] {
                #expect(message.contains(part), "\(message)")
            }
            #expect(status[.ready]?.status == "False")
            try await scenario.end()
        }

        @Test("forbidden by RBAC: the message names the verb and the resource")
        func forbidden() async throws {
            let scenario = try await Scenario("forbidden")
            let lab = scenario.lab
            var configuration = try ClusterConfiguration.kubeconfig(paths: [lab.state.kubeconfig])
            _ = try await lab.client.create(Namespace(metadata: ObjectMeta(name: scenario.namespace)))
            _ = try await lab.client.create(ServiceAccount(metadata: ObjectMeta(name: "nobody", namespace: scenario.namespace)))
            let token = try await lab.client.createSubresource(
                ServiceAccount.self, "nobody", namespace: scenario.namespace, subresource: "token",
                body: TokenRequest(metadata: ObjectMeta(), spec: .init()),
                returning: TokenRequest.self)
            configuration.credentials = .token(Redacted(token.status?.token ?? ""))
            configuration.tls.identity = nil
            let client = KubernetesClient(configuration)
            let error = await #expect(throws: KubernetesError.self) { _ = try await client.get(Secret.self, "app-db", namespace: scenario.namespace) }
            #expect(error?.kind == .forbidden)
            #expect("\(error?.description ?? "")".contains("get") && "\(error?.description ?? "")".contains("secrets"))
            try await scenario.end()
        }
    }
}
