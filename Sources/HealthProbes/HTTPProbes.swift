import FoundationEssentials
public import HTTPTransport
public import MigrationCore
public import MigrationPorts

/// Asks the applications' HTTP endpoints how they are.
///
/// Every check and every address of a check is asked at the same time, on a connection of its own: a connection kept from the visit before
/// would not notice that nobody listens any more.
public struct HTTPProbes: ProbesPort {
    /// Of a body no more than this is read and searched, in bytes.
    static let bodyLimit = 65_536

    private let addresses: any ServiceAddressResolver
    private let secrets: SecretReader
    private let client: HTTPClient

    public init(addresses: any ServiceAddressResolver, secrets: @escaping SecretReader, client: HTTPClient = .shared) {
        self.addresses = addresses
        self.secrets = secrets
        self.client = client
    }

    public func read(_ migration: MigrationReference, plan: Plan) async -> [ProbeReading] {
        await concurrently(plan.health.http) { await read($0, namespace: migration.namespace) }
    }

    private func read(_ check: Plan.HTTPCheck, namespace: String) async -> ProbeReading {
        let question: Question
        switch await ask(for: check, namespace: namespace) {
        case .unknown(let why): return ProbeReading(name: check.name, verdict: .inconclusive, message: why)
        case .value(let known): question = known
        }
        switch check.address {
        case .url(let url):
            return ProbeReading.combine(check.name, [await ask(url, named: nil, question)])
        case .service(let name, let port, let path):
            switch await addresses.readyAddresses(namespace: namespace, service: name, port: port) {
            case .unknown(let why): return ProbeReading(name: check.name, verdict: .inconclusive, message: why)
            case .value(let found) where found.isEmpty:
                return ProbeReading(name: check.name, verdict: .inconclusive, message: "Service \(name) has no ready address")
            case .value(let found):
                let answers = await concurrently(found) { await ask($0.url(path: path), named: $0.authority, question) }
                return ProbeReading.combine(check.name, answers)
            }
        }
    }

    /// A check with what its Secrets hold.
    private struct Question: Sendable {
        var check: Plan.HTTPCheck
        var pattern: TextPattern?
        var credentials: CheckCredentials
    }

    private func ask(for check: Plan.HTTPCheck, namespace: String) async -> Fact<Question> {
        var pattern: TextPattern?
        if let text = check.bodyPattern {
            pattern = try? TextPattern(text)
            if pattern == nil { return .unknown("bodyPattern cannot be used") }
        }
        return await CheckCredentials.read(
            check.headersSecret, check.certificateAuthority, ["Connection": "close", "Accept": "*/*"], namespace, secrets
        ).map { Question(check: check, pattern: pattern, credentials: $0) }
    }

    private func ask(_ url: String, named name: String?, _ question: Question) async -> Answer {
        let check = question.check
        let limit = Duration.seconds(check.timeoutSeconds)
        var request = HTTPRequest(
            .get, url, headers: question.credentials.headers, timeouts: HTTPTimeouts(connect: limit, total: limit), tls: question.credentials.tls,
            maximumBodyBytes: Self.bodyLimit)
        request.followsRedirects = check.followsRedirects
        do {
            let response = try await client.send(request)
            let isBodyRight = question.pattern.map { $0.matches(String(decoding: response.body, as: UTF8.self)) }
            return Answer(address: name, status: response.status, expected: check.expectStatus, isBodyRight: isBodyRight)
        } catch {
            return Answer(address: name, error: error, timeoutSeconds: check.timeoutSeconds)
        }
    }
}

extension ServiceAddress {
    /// Host and port as a URL has them.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func url(path: String) -> String { "http://\(authority)\(path.hasPrefix("/") ? "" : "/")\(path)" }
}
