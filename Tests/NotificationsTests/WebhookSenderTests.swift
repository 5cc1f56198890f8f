import Foundation
import HTTPTransport
import MigrationCore
import MigrationPorts
import StructuredData
import Synchronization
import TestServers
import Testing

@testable import Notifications

@Suite("Posting to a receiver")
struct WebhookSenderTests {
    private func sender(_ url: String, _ other: [String: String] = [:]) -> WebhookSender {
        let values = other.merging(["url": url]) { first, _ in first }.mapValues { Data($0.utf8) }
        return WebhookSender(
            secrets: { namespace, name in
                namespace == "mys" && name == "hook" ? .value(values) : .unknown("Secret \(name) cannot be read: not found")
            }, client: HTTPClient(), now: { 1_700_000_000 })
    }

    @Test("the request holds id, time, signature and body, and the signature fits the body that arrived")
    func request() async throws {
        let seen = Mutex<String?>(nil)
        let server = LocalServer { request, connection in
            seen.withLock { $0 = request }
            connection.write("HTTP/1.1 204 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        var receiver = WebhookPayloadTests.receiver()
        receiver.signing = .init(name: "hook", key: "signing")
        let secret = "a key of more than sixteen bytes"
        let outcome = await sender(server.url + "/path?token=geheim", ["signing": secret]).send(WebhookPayloadTests.message(), to: receiver)
        #expect(outcome == .sent)
        let request = try #require(seen.withLock { $0 })
        #expect(request.hasPrefix("POST /path?token=geheim HTTP/1.1\r\n"))
        let parts = request.components(separatedBy: "\r\n\r\n")
        let headers = parts[0].lowercased()
        #expect(headers.contains("webhook-id: u.0\r\n") && headers.contains("webhook-timestamp: 1700000000\r\n"))
        let signature = WebhookSignature(secret: Data(secret.utf8))?.sign(id: "u.0", seconds: 1_700_000_000, body: Data(parts[1].utf8))
        #expect(parts[0].contains("webhook-signature: \(signature ?? "")"))
        #expect(!parts[1].contains("geheim") && !parts[1].contains(secret))
    }

    @Test(
        "an answer says whether to try again",
        arguments: [
            ("200 OK", "", WebhookOutcome.sent), ("404 x", "", .refused("answered 404")), ("503 x", "", .busy("answered 503", after: nil)),
            ("429 x", "Retry-After: 7\r\n", .busy("answered 429", after: .seconds(7))),
            (
                "429 x", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n",
                .busy("answered 429", after: .seconds(30))
            ),
            ("429 x", "Retry-After: 86400\r\n", .busy("answered 429", after: .seconds(600))),
            ("302 x", "Location: http://evil.example.com/\r\n", .refused("answered 302; redirects are not followed, correct the URL")),
        ])
    func answers(status: String, header: String, outcome: WebhookOutcome) async {
        let server = LocalServer { _, connection in
            connection.write("HTTP/1.1 \(status)\r\n\(header)Content-Length: 6\r\nConnection: close\r\n\r\ngeheim")
        }
        #expect(await sender(server.url).send(WebhookPayloadTests.message(), to: WebhookPayloadTests.receiver()) == outcome)
    }

    @Test("a receiver that hangs costs its time limit, and what fails never tells the address")
    func hangs() async {
        let server = LocalServer { _, connection in connection.waitForClose() }
        let clock = ContinuousClock()
        let begin = clock.now
        #expect(
            await sender(server.url + "/geheim").send(WebhookPayloadTests.message(), to: WebhookPayloadTests.receiver())
                == .busy("no whole answer (timeout)", after: nil))
        #expect(begin.duration(to: clock.now) < .seconds(20))
        let nobody = await sender("https://127.0.0.1:1/geheim").send(WebhookPayloadTests.message(), to: WebhookPayloadTests.receiver())
        #expect(nobody == .busy("no whole answer (connect)", after: nil))
    }

    @Test("what the Secret lacks is tried again, what is wrong in it is not")
    func secrets() async {
        var receiver = WebhookPayloadTests.receiver()
        let plain = sender("http://hooks.example.com/geheim", ["signing": "short"])
        #expect(
            await plain.send(WebhookPayloadTests.message(), to: receiver)
                == .refused("key url of Secret hook holds a URL without TLS to a host outside of the cluster; use https"))
        receiver.webhook = .init(name: "hook", key: "other")
        #expect(await plain.send(WebhookPayloadTests.message(), to: receiver) == .busy("Secret hook has no key other", after: nil))
        receiver.webhook = .init(name: "none", key: "url")
        #expect(await plain.send(WebhookPayloadTests.message(), to: receiver) == .busy("Secret none cannot be read: not found", after: nil))
        receiver = WebhookPayloadTests.receiver()
        receiver.signing = .init(name: "hook", key: "signing")
        guard case .refused(let why) = await sender("http://127.0.0.1:1/", ["signing": "short"]).send(WebhookPayloadTests.message(), to: receiver)
        else { return #expect(Bool(false), "sent without a signature") }
        #expect(why.contains("is no signing key"))
    }
}
