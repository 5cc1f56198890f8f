import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Synchronization
import TestServers
import Testing

extension EndToEnd {
    @Suite("Who is told")
    struct NotificationTests {
        @Test("a receiver hears of everything once and in order, while another one hangs and a third refuses")
        func told() async throws {
            let inbox = Inbox()
            let hears = LocalServer { request, connection in
                inbox.add(request)
                connection.write("HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            let hangs = LocalServer { _, connection in connection.waitForClose() }
            let refuses = LocalServer { _, connection in
                connection.write("HTTP/1.1 410 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            let scenario = try await Scenario("told")
            try await scenario.arrange()
            for (name, server) in [("hears", hears), ("hangs", hangs), ("refuses", refuses)] {
                let values = ["url": Data("\(server.url)/geheim\n".utf8), "secret": Data("a key of sixteen bytes and more".utf8)]
                _ = try await scenario.lab.client.create(
                    Secret(metadata: ObjectMeta(name: name, namespace: scenario.namespace), data: values))
            }
            let everything: JSONValue = .array(Occasion.selectable.map { .string($0.rawValue) })
            try await scenario.apply { spec in
                spec["notifications"] = [
                    ["webhookSecretRef": ["name": "hears"], "events": everything, "signingSecretRef": ["name": "hears"]],
                    ["webhookSecretRef": ["name": "hangs"], "events": everything],
                    ["webhookSecretRef": ["name": "refuses"], "events": ["Promoted"]],
                ]
            }
            try await scenario.wait(phase: .promoted)
            try await until("three notifications", seconds: 30) { inbox.bodies.count >= 3 }
            #expect(inbox.bodies.compactMap { $0["event"]?.string } == ["CutoverStarted", "CutOver", "Promoted"])
            #expect(Set(inbox.bodies.compactMap { $0["id"]?.string }).count == 3)
            #expect(inbox.bodies.allSatisfy { $0["namespace"]?.string == scenario.namespace })
            #expect(inbox.heads.allSatisfy { $0.contains("webhook-signature: v1,") && !$0.contains("sixteen bytes") })
            let lab = scenario.lab
            try await until("the refusal to be an Event", seconds: 30) {
                try await lab.client.list(Event.self, namespace: scenario.namespace).items.contains {
                    $0.reason == "NotificationFailed" && $0.note?.contains("refuses was not told of Promoted: answered 410") == true
                }
            }
            // What hangs is still to be told, and nothing of the address is anywhere.
            let object = try await lab.client.get(DatabaseMigration.self, Scenario.migration, namespace: scenario.namespace)
            #expect(object.status?.record?.contains("\"outbox\"") == true)
            #expect(try String(decoding: JSON.encode(object.status), as: UTF8.self).contains("geheim") == false)
            try await scenario.end()
        }

        @Test("a controller killed with something left to tell is followed by one that tells it, under the same id")
        func killed() async throws {
            let (inbox, later) = (Inbox(), Inbox())
            let cutOff = LocalServer { request, connection in
                inbox.add(request)
                // Whoever sent this is gone before it has its answer.
                if inbox.heads.count == 1 { return connection.waitForClose() }
                connection.write("HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            let unknown = LocalServer { request, connection in
                later.add(request)
                connection.write("HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            let scenario = try await Scenario("toldlate")
            try await scenario.arrange()
            func arrangeAddress(_ name: String, _ server: LocalServer) async throws {
                _ = try await scenario.lab.client.create(
                    Secret(metadata: ObjectMeta(name: name, namespace: scenario.namespace), data: ["url": Data(server.url.utf8)]))
            }
            try await arrangeAddress("cut-off", cutOff)
            try await scenario.apply { spec in
                spec["goal"] = "Ready"
                spec["notifications"] = .array(
                    ["cut-off", "unknown"].map { ["webhookSecretRef": ["name": .string($0)], "events": ["ReadyForCutover"]] })
            }
            try await until("the first try") { inbox.bodies.count == 1 }
            try scenario.lab.killController()
            try await arrangeAddress("unknown", unknown)
            try await scenario.wait("nothing left to tell") { $0.phase == "AwaitingCutover" && $0.record?.contains("\"outbox\"") == false }
            #expect(inbox.bodies.count == 2 && later.bodies.count == 1)
            let all = inbox.bodies + later.bodies
            #expect(all.allSatisfy { $0["event"]?.string == "ReadyForCutover" })
            #expect(Set(all.compactMap { $0["id"]?.string }).count == 1)
            try await scenario.end()
        }
    }

    /// What a receiver was sent.
    private final class Inbox: Sendable {
        private let requests = Mutex<[String]>([])

        func add(_ request: String) { requests.withLock { $0.append(request) } }

        var heads: [String] { requests.withLock { $0.map { $0.components(separatedBy: "\r\n\r\n")[0] } } }
        var bodies: [JSONValue] {
            requests.withLock { $0.compactMap { try? JSON.decode(JSONValue.self, from: Data($0.components(separatedBy: "\r\n\r\n")[1].utf8)) } }
        }
    }
}
