import Foundation
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import Notifications

@Suite("What is posted")
struct WebhookPayloadTests {
    static func message(_ text: String = "All checks were good.", _ occasion: Occasion = .promoted) -> WebhookMessage {
        var notification = Record.Notification.test(at: Timestamp(milliseconds: 1_700_000_000_500))
        (notification.occasion, notification.message, notification.phase) = (occasion, text, .promoted)
        return WebhookMessage(
            notification, of: MigrationReference(namespace: "mys", name: "staging", uid: "u"), source: "old.example.com", target: "new.example.com")
    }

    static func receiver(_ format: NotificationReceiver.Format = .generic, template: MessageTemplate = .standard) -> NotificationReceiver {
        NotificationReceiver(
            name: "ops", webhook: .init(name: "hook", key: "url"), format: format, occasions: [.promoted], template: template)
    }

    @Test("generic: every variable by its name, and the text")
    func generic() throws {
        let body = try JSON.decode(JSONValue.self, from: WebhookPayload.body(Self.message(), for: Self.receiver()))
        #expect(
            body == [
                "id": "u.0", "event": "Promoted", "namespace": "mys", "name": "staging", "phase": "Promoted", "reason": "Requested", "attempt": 1,
                "message": "All checks were good.", "source": "old.example.com", "target": "new.example.com", "time": "2023-11-14T22:13:20Z",
                "command": "kubectl describe dbmigration/staging --namespace mys",
                "text": "Promoted: mys/staging is Promoted. All checks were good.\nkubectl describe dbmigration/staging --namespace mys",
            ])
    }

    @Test("Slack reads no links or mentions out of a message")
    func slack() throws {
        let template = try MessageTemplate("{message}")
        let body = try JSON.decode(
            JSONValue.self, from: WebhookPayload.body(Self.message("<!here> a & b"), for: Self.receiver(.slack, template: template)))
        #expect(body == ["text": "&lt;!here&gt; a &amp; b"])
    }

    @Test("Teams gets a card with a paragraph for each line")
    func teams() throws {
        let body = try JSON.decode(JSONValue.self, from: WebhookPayload.body(Self.message(), for: Self.receiver(.teams)))
        let card = body["attachments"]?[0]?["content"]
        #expect(body["type"] == "message" && card?["type"] == "AdaptiveCard")
        #expect(body["attachments"]?[0]?["contentType"] == "application/vnd.microsoft.card.adaptive")
        #expect(card?["body"]?.array?.count == 2)
        #expect(card?["body"]?[1]?["text"] == "kubectl describe dbmigration/staging --namespace mys")
    }

    @Test("who is asked to promote gets the command")
    func command() {
        #expect(Self.message("", .readyForCutover).value(.command).contains(#"{"spec":{"goal":"Promoted"}}"#))
    }

    @Test("the signature is that of the Standard Webhooks specification")
    func signature() throws {
        // The vector that its reference implementations test with.
        let signature = try #require(WebhookSignature(secret: Data("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".utf8)))
        let signed = signature.sign(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Data(#"{"test": 2432232314}"#.utf8))
        #expect(signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(WebhookSignature(secret: Data("short".utf8)) == nil)
        #expect(WebhookSignature(secret: Data("whsec_no base64".utf8)) == nil)
        let plain = WebhookSignature(secret: Data("a key of more than sixteen bytes".utf8))
        #expect(plain?.sign(id: "a", seconds: 1, body: Data()) != signed)
    }

    @Test(
        "over TLS anywhere, without it inside of the cluster only",
        arguments: [
            ("https://hooks.slack.com/services/T0/B0/x\n", true), ("http://alertmanager.monitoring.svc:9093/hook", true),
            ("http://relay.mys.svc.cluster.local/", true), ("http://relay:8080/", true), ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/", true), ("http://localhost/", true), ("http://hooks.example.com/", false), ("http://10.0.0.7/", false),
            ("http://a.b.svc.example.com/", false),
            ("http://127.example.com/", false), ("ftp://hooks.example.com/", false), ("hooks.example.com", false), ("", false),
            ("https://", false), ("http://2130706433/", false),
        ])
    func addresses(url: String, isGood: Bool) {
        switch WebhookAddress.read(Data(url.utf8)) {
        case .success(let address): #expect(isGood && !address.hasSuffix("\n"))
        case .failure(let problem): #expect(!isGood && !problem.message.contains("example"))
        }
    }
}
