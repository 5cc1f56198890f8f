import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Connection strings: where they stand, and who writes them")
    struct ConnectionTests {
        @Test("a ConfigMap with a document, keys by pattern and parts in keys of their own go there and come back byte for byte")
        func places() async throws {
            let (scenario, writer) = try await Scenario.underWrites("places")
            try await scenario.arrangePlaces()
            let before = try await scenario.places()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["cutover"]?["connections"] = scenario.connections
            }
            try await scenario.wait(phase: .promoted)
            let there = try await scenario.places()
            for (place, text) in there {
                #expect(text == before[place]?.replacingOccurrences(of: scenario.sourceHost, with: scenario.targetHost), "\(place)")
            }
            let kept = try await scenario.lab.client.list(Secret.self, namespace: scenario.namespace, labels: DatabaseMigration.label).items
            #expect(kept.count == 4, "one Secret of originals for each object: \(kept.map(\.name))")
            #expect(kept.allSatisfy { $0.metadata.ownerReferences == nil && $0.metadata.finalizers == ["migrations.mystira.app/originals"] })

            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait(phase: .rolledBack)
            #expect(try await scenario.places() == before)
            await writer.stop()
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }

        @Test("an immutable ConfigMap, a string of another database and text that is none: refused by name, without a value")
        func refused() async throws {
            let scenario = try await Scenario("refused")
            try await scenario.arrange()
            let client = scenario.lab.client
            let url = scenario.connectionString(host: scenario.sourceHost)
            _ = try await client.create(
                ConfigMap(metadata: ObjectMeta(name: "fixed", namespace: scenario.namespace), data: ["url": url], immutable: true))
            let strange = ["other": url.replacingOccurrences(of: "/\(scenario.database)?", with: "/somewhere?"), "text": "hunter2"]
            _ = try await client.create(
                Secret(metadata: ObjectMeta(name: "strange", namespace: scenario.namespace), data: strange.mapValues { Data($0.utf8) }))
            try await scenario.apply { spec in
                spec["cutover"]?["connections"] = [
                    ["configMapRef": ["name": "fixed", "key": "url"]], ["secretRef": ["name": "strange", "key": "other"]],
                    ["secretRef": ["name": "strange", "key": "t*t"]],
                ]
            }
            let status = try await scenario.wait("the refusal") {
                $0[.preflightPassed]?.reason == "UnsupportedObject" || $0.message?.contains("Preflight found") == true
            }
            let message = status[.preflightPassed]?.message ?? ""
            for part in ["ConfigMap fixed is immutable", "Secret strange, key other", "database somewhere", "Secret strange, key text"] {
                #expect(message.contains(part), "\(part) is not in: \(message)")
            }
            #expect(!message.contains("hunter2") && !message.contains(scenario.password), "\(message)")
            try await scenario.end()
        }

        @Test("secretWriter External: digests ahead, a pause that ends in time when nobody writes, and a switch when somebody does")
        func external() async throws {
            let (scenario, writer) = try await Scenario.underWrites("external")
            let untouched = try await scenario.secretVersion()
            let before = try await scenario.connectionString()
            let after = scenario.connectionString(host: scenario.targetHost)
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
                spec["cutover"]?["secretWriter"] = "External"
                spec["cutover"]?["maxPauseSeconds"] = 5
            }
            let ready = try await scenario.wait("the digest") { $0.cutover?.connections?.first?.digest != nil && $0.phase == "AwaitingCutover" }
            let told = try #require(ready.cutover?.connections?.first)
            #expect(told.kind == "Secret" && told.name == Scenario.secret && told.key == Scenario.key && told.wanted == "target" && !told.held)
            #expect(try await told.digest == scenario.digest(of: after))

            try await scenario.patchSpec(["goal": "Promoted"])
            let late = try await scenario.wait("the undo") { $0[.reconciling]?.reason == "AwaitingApproval" }
            #expect(late.phase == "AwaitingCutover")
            #expect(late.message?.contains("waiting for Secret \(Scenario.secret), key \(Scenario.key)") == true, "\(late.message ?? "")")
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.secretVersion() == untouched, "the controller never writes")

            try await scenario.patchSpec(["attempt": 2, "cutover": ["maxPauseSeconds": 60]])
            try await scenario.wait("the wait for the writer") { $0.phase == "Switching" && $0[.reconciling]?.reason == "AwaitingConnections" }
            try await scenario.write(after, as: "gitops")
            let turned = try await scenario.secretVersion()
            try await scenario.wait(phase: .promoted)
            #expect(try await scenario.secretVersion() == turned)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }

            try await scenario.patchSpec(["goal": "RolledBack"])
            let back = try await scenario.wait("the wait on the way back") {
                $0.phase == "RollingBack" && $0[.reconciling]?.reason == "AwaitingConnections"
            }
            #expect(back.cutover?.connections?.first?.wanted == "source")
            #expect(try await back.cutover?.connections?.first?.digest == scenario.digest(of: before))
            #expect(await scenario.applicationCanWrite(.source), "the source is open before anybody is waited for")
            try await scenario.write(before, as: "gitops")
            let restored = try await scenario.secretVersion()
            try await scenario.wait(phase: .rolledBack)
            await writer.stop()
            try await writer.expectNothingLost(on: .source)
            #expect(try await scenario.secretVersion() == restored)
            try await scenario.end()
        }

        @Test("a string that something turns back: warned of before, named, not fought over, and the soak goes on when it gives in")
        func turnedBack() async throws {
            let scenario = try await Scenario("turned")
            try await scenario.arrange()
            try scenario.lab.kubectl("-n", scenario.namespace, "label", "secret", Scenario.secret, "argocd.argoproj.io/instance=shop")
            let before = try await scenario.connectionString()
            try await scenario.apply { $0["health"]?["soakSeconds"] = 20 }
            try await scenario.wait(phase: .soaking)
            let after = try await scenario.connectionString()
            try await scenario.write(before, as: "argocd-controller")
            let status = try await scenario.wait("the drift to be seen") { $0[.reconciling]?.reason == "ConnectionsTurnedBack" }
            let place = "Secret \(Scenario.secret), key \(Scenario.key) (by argocd-controller)"
            #expect(status.message?.contains(place) == true, "\(status.message ?? "")")
            // Long after the soak would have ended: it is neither written again nor promoted.
            let later = try await scenario.wait("25 good readings", seconds: 120) { ($0.endpoints?.first?.consecutive ?? 0) >= 25 }
            #expect(later.phase == "Soaking")
            #expect(try await scenario.connectionString() == before)
            let events = try scenario.lab.kubectl("-n", scenario.namespace, "get", "events.events.k8s.io", "-o", "jsonpath={.items[*].reason}")
            #expect(events.contains("ConnectionOwned") && events.contains("ConnectionsTurnedBack"), "\(events)")

            try await scenario.write(after, as: "argocd-controller")
            try await scenario.wait(phase: .promoted)
            try await scenario.end()
        }
    }
}

extension Scenario {
    /// The objects of an application with its strings in many places.
    fileprivate func arrangePlaces() async throws {
        let url = connectionString(host: sourceHost).trimmingCharacters(in: .newlines)
        _ = try await lab.client.create(
            ConfigMap(
                metadata: ObjectMeta(name: "app-config", namespace: namespace),
                data: ["settings.yaml": "# main\ndatabase:\n  url: '\(url)'\n  pool: 5\n", "other": "stays\n"]))
        try await create(
            "app-many", ["A_DATABASE_URL": url, "B_DATABASE_URL": url + "&application_name=b", "README": sourceHost + " is not for this"])
        try await create(
            "app-parts",
            ["DB_HOST": sourceHost + "\n", "DB_PORT": "5432", "DB_USER": role, "DB_PASSWORD": password, "DB_NAME": database, "other": sourceHost])
    }

    private func create(_ name: String, _ values: [String: String]) async throws {
        _ = try await lab.client.create(
            Secret(metadata: ObjectMeta(name: name, namespace: namespace), data: values.mapValues { Data($0.utf8) }))
    }

    fileprivate var connections: JSONValue {
        let name = JSONValue.string(database)
        let parts: JSONValue = ["host": "DB_HOST", "port": "DB_PORT", "user": "DB_USER", "password": "DB_PASSWORD", "database": "DB_NAME"]
        return [
            ["secretRef": ["name": .string(Self.secret), "key": .string(Self.key)], "database": name],
            ["configMapRef": ["name": "app-config", "key": "settings.yaml"]],
            ["secretRef": ["name": "app-many", "keys": ["*_DATABASE_URL"]], "database": name],
            ["secretRef": ["name": "app-parts", "parts": parts]],
        ]
    }

    /// Every text of those objects that may change, by its place.
    fileprivate func places() async throws -> [String: String] {
        var texts = ["Secret \(Self.secret) \(Self.key)": try await connectionString()]
        let map = try await lab.client.get(ConfigMap.self, "app-config", namespace: namespace)
        texts["ConfigMap app-config settings.yaml"] = map.data?["settings.yaml"]
        for (name, keys) in [("app-many", ["A_DATABASE_URL", "B_DATABASE_URL"]), ("app-parts", ["DB_HOST", "DB_PORT", "DB_NAME"])] {
            let secret = try await lab.client.get(Secret.self, name, namespace: namespace)
            for key in keys { texts["Secret \(name) \(key)"] = String(decoding: secret.data?[key] ?? Data(), as: UTF8.self) }
        }
        return texts
    }

    /// What somebody else does to the application's Secret.
    fileprivate func write(_ text: String, as manager: String) async throws {
        let patch = #"{"data":{"\#(Self.key)":"\#(Data(text.utf8).base64EncodedString())"}}"#
        try lab.kubectl("-n", namespace, "patch", "secret", Self.secret, "--type=merge", "--field-manager=\(manager)", "-p", patch)
    }

    /// As the documentation tells readers of Secrets to make it.
    fileprivate func digest(of text: String) async throws -> String {
        let uid = try await lab.client.get(DatabaseMigration.self, Self.migration, namespace: namespace).uid ?? ""
        let key = try await lab.client.get(Secret.self, "dbmigration-digest-\(uid)", namespace: namespace).data?["key"] ?? Data()
        let file = FileManager.default.temporaryDirectory.appending(path: "\(namespace).txt")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let hexadecimal = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let made = try Lab.run("/usr/bin/openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(hexadecimal)", file.path])
        return "hmac-sha256:" + (made.output.split(separator: "= ").last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Changes with every write of the application's Secret.
    fileprivate func secretVersion() async throws -> String? {
        try await lab.client.get(Secret.self, Self.secret, namespace: namespace).metadata.resourceVersion
    }
}
