import FoundationEssentials
import HTTPTransport
import MigrationCore
import MigrationPorts

/// What a check asks with: its header fields and whom it trusts.
struct CheckCredentials: Sendable {
    var headers: HTTPHeaders
    var tls = HTTPTLS()

    /// Read for every reading: a token that was renewed counts at once.
    ///
    /// - Parameters:
    ///   - headersSecret: a Secret whose every key is a header field.
    ///   - headers: fields that every check of the kind sends.
    static func read(
        _ headersSecret: String?, _ authority: Plan.SecretKey?, _ headers: HTTPHeaders, _ namespace: String, _ secrets: SecretReader
    ) async -> Fact<CheckCredentials> {
        var credentials = CheckCredentials(headers: headers)
        credentials.headers["User-Agent"] = "dbmigration-probe"
        if let name = headersSecret {
            switch await secrets(namespace, name) {
            case .unknown(let why): return .unknown(why)
            case .value(let fields):
                for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
                    guard let text = headerValue(value) else { return .unknown("key \(field) of Secret \(name) is no value of a header field") }
                    credentials.headers[field] = text
                }
            }
        }
        if let key = authority {
            switch await secrets(namespace, key.name) {
            case .unknown(let why): return .unknown(why)
            case .value(let values):
                guard let pem = values[key.key] else { return .unknown("Secret \(key.name) has no key \(key.key)") }
                credentials.tls = HTTPTLS(trust: .pem(pem))
            }
        }
        return .value(credentials)
    }

    /// The line break at the end of what an editor saved belongs to nobody.
    private static func headerValue(_ data: Data) -> String? {
        var text = String(decoding: data, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7f } ? nil : text
    }
}
