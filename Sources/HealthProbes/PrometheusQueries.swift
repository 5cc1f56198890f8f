import FoundationEssentials
public import HTTPTransport
public import MigrationCore
public import MigrationPorts

/// Asks Prometheus, or what has its HTTP API, for the present value of queries. Whatever is no value is unknown: that a server does not answer says
/// nothing about the applications.
public struct PrometheusQueries: MeasurementsPort {
    /// Larger answers are not read, in bytes. Room for some thousand series; a query that gives more wants an aggregation.
    static let bodyLimit = 1 << 20

    private let secrets: SecretReader
    private let client: HTTPClient

    public init(secrets: @escaping SecretReader, client: HTTPClient = .shared) {
        self.secrets = secrets
        self.client = client
    }

    public func measure(_ migration: MigrationReference, _ checks: [Plan.PrometheusCheck]) async -> [String: Fact<MeasuredValues>] {
        let found = await concurrently(checks) { await measure($0, namespace: migration.namespace) }
        return Dictionary(zip(checks.map(\.name), found)) { first, _ in first }
    }

    private func measure(_ check: Plan.PrometheusCheck, namespace: String) async -> Fact<MeasuredValues> {
        let headers: HTTPHeaders = ["Accept": "application/json"]
        switch await CheckCredentials.read(check.headersSecret, check.certificateAuthority, headers, namespace, secrets) {
        case .unknown(let why): return .unknown(why)
        case .value(let credentials):
            let limit = Duration.seconds(check.timeoutSeconds)
            let request = HTTPRequest(
                .get, Self.url(check), headers: credentials.headers, timeouts: HTTPTimeouts(connect: limit, total: limit), tls: credentials.tls,
                maximumBodyBytes: Self.bodyLimit)
            do {
                return PrometheusAnswer.measurement(try await client.send(request))
            } catch {
                return .unknown("Prometheus: \(Answer(address: nil, error: error, timeoutSeconds: check.timeoutSeconds).message)")
            }
        }
    }

    /// The server gives up as soon as we do.
    static func url(_ check: Plan.PrometheusCheck) -> String {
        let base = check.address.hasSuffix("/") ? check.address : check.address + "/"
        return "\(base)api/v1/query?query=\(encoded(check.query))&timeout=\(check.timeoutSeconds)s"
    }

    /// Everything but letters and digits, because `+` would be read as a space.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber {
                result.append(character)
            } else {
                result += ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
}
