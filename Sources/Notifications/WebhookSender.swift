import FoundationEssentials
public import HTTPTransport
import MigrationCore
public import MigrationPorts
import StructuredData

/// What became of one try.
public enum WebhookOutcome: Sendable, Hashable {
    case sent
    /// It may succeed later.
    /// - Parameter after: what the receiver asked us to wait at least.
    case busy(String, after: Duration?)
    /// It will not succeed without a change of something.
    case refused(String)
}

/// Posts notifications. Says why one was not taken in words of our own: neither address nor answer, either of which may be secret.
public struct WebhookSender: Sendable {
    /// For one try, connection included; a receiver that hangs costs no more than that.
    static let timeout = Duration.seconds(10)
    /// The longest time a receiver may make us wait.
    private static let longestRetryAfter: Duration = .seconds(600)

    private let secrets: SecretReader
    private let client: HTTPClient
    private let now: @Sendable () -> Int64

    public init(secrets: @escaping SecretReader, client: HTTPClient = .shared) {
        self.init(secrets: secrets, client: client) { Int64(Date().timeIntervalSince1970) }
    }

    /// - Parameter now: seconds since 1970, for the signature.
    init(secrets: @escaping SecretReader, client: HTTPClient, now: @escaping @Sendable () -> Int64) {
        self.secrets = secrets
        self.client = client
        self.now = now
    }

    /// One try. Secrets are read for each: a new address counts at once.
    public func send(_ message: WebhookMessage, to receiver: NotificationReceiver) async -> WebhookOutcome {
        do {
            let request = try await request(message, receiver)
            return Self.outcome(try await client.send(request))
        } catch let problem as Unready {
            return problem.outcome
        } catch let error as HTTPError {
            return .busy("no whole answer (\(error.kind.rawValue))", after: nil)
        } catch {
            return .refused("the message could not be written as JSON")
        }
    }

    private struct Unready: Error { var outcome: WebhookOutcome }

    private func request(_ message: WebhookMessage, _ receiver: NotificationReceiver) async throws -> HTTPRequest {
        let namespace = message.migration.namespace
        let url = try WebhookAddress.read(await value(receiver.webhook, namespace)).mapError {
            Unready(outcome: .refused("key \(receiver.webhook.key) of Secret \(receiver.webhook.name) \($0.message)"))
        }.get()
        let body = try WebhookPayload.body(message, for: receiver)
        let seconds = now()
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "User-Agent": "dbmigration-notifier", "Connection": "close", "webhook-id": message.id,
            "webhook-timestamp": String(seconds),
        ]
        if let key = receiver.signing {
            guard let signature = WebhookSignature(secret: try await value(key, namespace)),
                let value = signature.sign(id: message.id, seconds: seconds, body: body)
            else {
                let problem = "key \(key.key) of Secret \(key.name) is no signing key: give 16 bytes or more, or whsec_ and base64"
                throw Unready(outcome: .refused(problem))
            }
            headers["webhook-signature"] = value
        }
        var tls = HTTPTLS()
        if let authority = receiver.certificateAuthority { tls = HTTPTLS(trust: .pem(try await value(authority, namespace))) }
        return HTTPRequest(
            .post, url, headers: headers, body: body, timeouts: HTTPTimeouts(connect: Self.timeout, total: Self.timeout), tls: tls,
            maximumBodyBytes: 4_096)
    }

    private func value(_ key: Plan.SecretKey, _ namespace: String) async throws(Unready) -> Data {
        switch await secrets(namespace, key.name) {
        case .unknown(let why): throw Unready(outcome: .busy(why, after: nil))
        case .value(let values):
            guard let value = values[key.key] else { throw Unready(outcome: .busy("Secret \(key.name) has no key \(key.key)", after: nil)) }
            return value
        }
    }

    static func outcome(_ response: HTTPResponse) -> WebhookOutcome {
        switch response.status {
        case 200..<300: return .sent
        case 408, 425, 429, 500...:
            return .busy("answered \(response.status)", after: response.headers.retryAfter.map { min($0, longestRetryAfter) })
        case 300..<400: return .refused("answered \(response.status); redirects are not followed, correct the URL")
        default: return .refused("answered \(response.status)")
        }
    }
}
