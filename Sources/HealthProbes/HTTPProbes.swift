public import HTTPTransport
public import MigrationCore
public import MigrationPorts

/// Asks the applications' HTTP endpoints how they are.
///
/// Every check and every address of a check is asked at the same time, on a connection of its own: a connection kept from the visit before
/// would not notice that nobody listens any more.
public struct HTTPProbes: ProbesPort {
    /// The status decides; of a body no more than this is read, in bytes.
    static let bodyLimit = 65_536

    private let addresses: any ServiceAddressResolver
    private let client: HTTPClient

    public init(addresses: any ServiceAddressResolver, client: HTTPClient = .shared) {
        self.addresses = addresses
        self.client = client
    }

    public func read(_ migration: MigrationReference, plan: Plan) async -> [ProbeReading] {
        await Self.concurrently(plan.health.http) { await read($0, namespace: migration.namespace) }
    }

    private func read(_ check: Plan.HTTPCheck, namespace: String) async -> ProbeReading {
        switch check.address {
        case .url(let url):
            return ProbeReading.combine(check.name, [await ask(url, named: nil, check)])
        case .service(let name, let port, let path):
            switch await addresses.readyAddresses(namespace: namespace, service: name, port: port) {
            case .unknown(let why): return ProbeReading(name: check.name, verdict: .inconclusive, message: why)
            case .value(let found) where found.isEmpty:
                return ProbeReading(name: check.name, verdict: .inconclusive, message: "Service \(name) has no ready address")
            case .value(let found):
                return ProbeReading.combine(check.name, await Self.concurrently(found) { await ask($0.url(path: path), named: $0.authority, check) })
            }
        }
    }

    private func ask(_ url: String, named name: String?, _ check: Plan.HTTPCheck) async -> Answer {
        let limit = Duration.seconds(check.timeoutSeconds)
        let request = HTTPRequest(
            .get, url, headers: ["User-Agent": "dbmigration-probe", "Connection": "close", "Accept": "*/*"],
            timeouts: HTTPTimeouts(connect: limit, total: limit), maximumBodyBytes: Self.bodyLimit)
        do {
            return Answer(address: name, status: try await client.send(request).status, expected: check.expectStatus)
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
