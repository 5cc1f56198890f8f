public import FoundationEssentials
public import HTTPTransport
public import MigrationCore
public import MigrationPorts

/// Asks the applications' HTTP endpoints how they are.
///
/// Every check and every address of a check is asked at the same time, on a connection of its own: a connection kept from the visit before
/// would not notice that nobody listens any more.
public struct HTTPProbes: ProbesPort {
    /// The content of a Secret by namespace and name, or why it cannot be had.
    public typealias SecretReader = @Sendable (_ namespace: String, _ name: String) async -> Fact<[String: Data]>

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
        await Self.concurrently(plan.health.http) { await read($0, namespace: migration.namespace) }
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
                let answers = await Self.concurrently(found) { await ask($0.url(path: path), named: $0.authority, question) }
                return ProbeReading.combine(check.name, answers)
            }
        }
    }

    /// A check with what its Secrets hold.
    private struct Question: Sendable {
        var check: Plan.HTTPCheck
        var pattern: TextPattern?
        var headers: HTTPHeaders = ["User-Agent": "dbmigration-probe", "Connection": "close", "Accept": "*/*"]
        var tls = HTTPTLS()
    }

    /// Read for every reading: a token that was renewed counts at once.
    private func ask(for check: Plan.HTTPCheck, namespace: String) async -> Fact<Question> {
        var question = Question(check: check)
        if let text = check.bodyPattern {
            guard let pattern = try? TextPattern(text) else { return .unknown("bodyPattern cannot be used") }
            question.pattern = pattern
        }
        if let name = check.headersSecret {
            switch await secrets(namespace, name) {
            case .unknown(let why): return .unknown(why)
            case .value(let fields):
                for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
                    guard let text = Self.headerValue(value) else { return .unknown("key \(field) of Secret \(name) is no value of a header field") }
                    question.headers[field] = text
                }
            }
        }
        if let key = check.certificateAuthority {
            switch await secrets(namespace, key.name) {
            case .unknown(let why): return .unknown(why)
            case .value(let values):
                guard let pem = values[key.key] else { return .unknown("Secret \(key.name) has no key \(key.key)") }
                question.tls = HTTPTLS(trust: .pem(pem))
            }
        }
        return .value(question)
    }

    /// The line break at the end of what an editor saved belongs to nobody.
    private static func headerValue(_ data: Data) -> String? {
        var text = String(decoding: data, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7f } ? nil : text
    }

    private func ask(_ url: String, named name: String?, _ question: Question) async -> Answer {
        let check = question.check
        let limit = Duration.seconds(check.timeoutSeconds)
        var request = HTTPRequest(
            .get, url, headers: question.headers, timeouts: HTTPTimeouts(connect: limit, total: limit), tls: question.tls,
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

    /// The results in the order of the inputs.
    private static func concurrently<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @Sendable @escaping (Input) async -> Output
    ) async -> [Output] {
        await withTaskGroup(of: (Int, Output).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask { (index, await body(input)) }
            }
            var results: [(Int, Output)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

extension ServiceAddress {
    /// Host and port as a URL has them.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func url(path: String) -> String { "http://\(authority)\(path.hasPrefix("/") ? "" : "/")\(path)" }
}
