import HTTPTransport

/// One request as whoever counts them sees it.
public struct AnsweredRequest: Sendable, Hashable {
    /// Such as `GET`.
    public var method: String
    /// The verb as RBAC names it.
    public var verb: String
    /// Host and port of the API server.
    public var host: String
    /// The HTTP status; `nil` when no answer arrived.
    public var status: Int?
    /// Until the answer was there; of a watch, until it was accepted.
    public var duration: Duration

    public init(method: String, verb: String, host: String, status: Int?, duration: Duration) {
        self.method = method
        self.verb = verb
        self.host = host
        self.status = status
        self.duration = duration
    }
}

extension AnsweredRequest {
    /// Host and port of an address.
    static func host(_ address: String) -> String {
        let rest = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        return String(authority[(authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex)...])
    }
}
