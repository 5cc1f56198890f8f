/// Why no complete answer arrived. An answer of any status is not an error here.
public struct HTTPError: Error, Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case invalidRequest
        /// The host's name has no address.
        case resolve
        /// No connection: refused, unreachable, or cut off during the handshake.
        case connect
        /// The peer's certificate is not trusted, or ours cannot be used.
        case tls
        case timeout
        /// The peer closed the connection before the answer was complete.
        case closed
        /// The calling task was cancelled.
        case cancelled
        case protocolViolation
        case other
    }

    public var kind: Kind
    public var method: HTTPMethod
    /// The address without user, password, query and fragment, any of which may be secret.
    public var url: String
    /// What libcurl said.
    public var message: String

    public init(kind: Kind, method: HTTPMethod, url: String, message: String) {
        self.kind = kind
        self.method = method
        self.url = Self.withoutSecrets(url)
        self.message = message
    }

    static func withoutSecrets(_ url: String) -> String {
        let address = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = address.firstRange(of: "://") else { return String(address) }
        let rest = address[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        guard let at = host.lastIndex(of: "@") else { return String(address) }
        return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }
}

extension HTTPError: CustomStringConvertible {
    public var description: String { "\(method.rawValue) \(url): \(message) (\(kind.rawValue))" }
}
