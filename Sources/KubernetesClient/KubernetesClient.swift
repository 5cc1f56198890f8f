import FoundationEssentials
public import HTTPTransport
import KubernetesModel
import StructuredData

/// Speaks to one API server.
///
/// Every verb throws ``KubernetesError``. Requests are not repeated, except once after a 401, with fresh credentials: the caller's own backoff
/// knows better.
public final class KubernetesClient: Sendable {
    /// Objects per page of a list; the page size of client-go's pager.
    static let pageSize = 500

    /// The namespace the configuration names, for commands that were given none.
    public let namespace: String
    let fieldManager: String
    let timeouts: RequestTimeouts

    private let server: ServerAddress
    private let tls: HTTPTLS
    private let proxy: Redacted<String>?
    private let credentials: CredentialSource
    private let userAgent: String
    private let http: HTTPClient
    private let host: String
    private let onAnswer: @Sendable (AnsweredRequest) -> Void

    /// - Parameters:
    ///   - version: this program's, for the `User-Agent`.
    ///   - fieldManager: who owns the fields we write. Default `dbmigration`.
    ///   - onAnswer: told about every request, for metrics; must be quick.
    public init(
        _ configuration: ClusterConfiguration, version: String = "0.1.0", fieldManager: String = "dbmigration",
        timeouts: RequestTimeouts = RequestTimeouts(), http: HTTPClient = .shared, onAnswer: @escaping @Sendable (AnsweredRequest) -> Void = { _ in }
    ) {
        host = AnsweredRequest.host(configuration.server)
        self.onAnswer = onAnswer
        server = ServerAddress(configuration)
        tls = configuration.tls
        proxy = configuration.proxy
        namespace = configuration.namespace
        credentials = CredentialSource(configuration.credentials)
        self.fieldManager = fieldManager
        self.timeouts = timeouts
        self.http = http
        userAgent = "dbmigration/\(version) (linux/\(Self.architecture))"
    }

    private static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }

    // MARK: Requests

    /// Sends a request; an answer of 400 or above is thrown.
    func send(_ request: APIRequest) async throws(KubernetesError) -> HTTPResponse {
        let response = try await authenticated(request, status: \.status) { [http] message throws(HTTPError) in
            var message = message
            message.sharesConnection = true
            message.acceptsCompression = true
            return try await http.send(message)
        }
        guard response.status < 400 else { throw request.error(status: response.status, headers: response.headers, body: response.body) }
        return response
    }

    /// Sends a request and decodes the answer.
    func object<Object: Decodable>(_ request: APIRequest, as type: Object.Type) async throws(KubernetesError) -> Object {
        let response = try await send(request)
        return try decode(response.body, of: request, status: response.status)
    }

    /// - Parameter status: of the answer, where it is known.
    func decode<Value: Decodable>(_ data: Data, of request: APIRequest, status: Int? = nil) throws(KubernetesError) -> Value {
        do {
            return try JSON.decode(Value.self, from: data)
        } catch {
            throw request.error(.decoding, status: status, "the answer is no \(Value.self): \(error)")
        }
    }

    /// Starts a request whose answer has no end; an answer of 400 or above is read and thrown.
    func stream(_ request: APIRequest) async throws(KubernetesError) -> HTTPBody {
        let stream = try await authenticated(request, status: \.status) { [http] message throws(HTTPError) in try await http.stream(message) }
        guard stream.status >= 400 else { return stream.body }
        var body = Data()
        do throws(HTTPError) {
            for try await chunk in stream.body {
                body.append(chunk)
                if body.count >= 65_536 { break }
            }
        } catch {
            throw request.error(error)
        }
        throw request.error(status: stream.status, headers: stream.headers, body: body)
    }

    /// Sends once, and once more with fresh credentials when the first were refused.
    private func authenticated<Answer: Sendable>(
        _ request: APIRequest, status: (Answer) -> Int, _ send: (HTTPRequest) async throws(HTTPError) -> Answer
    ) async throws(KubernetesError) -> Answer {
        let first = try await resolve(request)
        let answer = try await once(request, first, status: status, send)
        guard status(answer) == 401, await credentials.renew(first) else { return answer }
        return try await once(request, resolve(request), status: status, send)
    }

    private func once<Answer: Sendable>(
        _ request: APIRequest, _ resolved: ResolvedCredentials, status: (Answer) -> Int, _ send: (HTTPRequest) async throws(HTTPError) -> Answer
    ) async throws(KubernetesError) -> Answer {
        let start = ContinuousClock.now
        func told(_ status: Int?) {
            onAnswer(
                AnsweredRequest(method: request.method.rawValue, verb: request.verb, host: host, status: status, duration: start.duration(to: .now)))
        }
        do throws(HTTPError) {
            let answer = try await send(message(request, resolved))
            told(status(answer))
            return answer
        } catch {
            told(nil)
            throw request.error(error)
        }
    }

    private func resolve(_ request: APIRequest) async throws(KubernetesError) -> ResolvedCredentials {
        do throws(ConfigurationError) {
            return try await credentials.current()
        } catch {
            throw request.error(.credentials, error.description)
        }
    }

    private func message(_ request: APIRequest, _ resolved: ResolvedCredentials) -> HTTPRequest {
        var message = HTTPRequest(request.method, server.url + request.target, timeouts: timeouts.http(request), tls: tls)
        message.proxy = proxy
        if let peer = server.connectTo {
            message.connectTo = peer
            message.headers["Host"] = host
        }
        message.headers["Accept"] = request.accept
        message.headers["User-Agent"] = userAgent
        if let token = resolved.token { message.headers["Authorization"] = "Bearer " + token.reveal() }
        if let identity = resolved.identity { message.tls.identity = identity }
        if let body = request.body {
            message.headers["Content-Type"] = request.contentType
            message.body = body
        }
        return message
    }
}
