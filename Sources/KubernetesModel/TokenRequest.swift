/// Asks for a token of a ServiceAccount: created at `serviceaccounts/token`.
public struct TokenRequest: KubernetesObject {
    public static let resource = APIResource(group: "authentication.k8s.io", version: "v1", plural: "tokenrequests", kind: "TokenRequest")

    public var metadata: ObjectMeta
    public var spec: TokenRequestSpec?
    public var status: TokenRequestStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: TokenRequestSpec? = nil, status: TokenRequestStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which token is wanted.
public struct TokenRequestSpec: Codable, Sendable, Hashable {
    public var audiences: [String]?
    /// Server default 3600, at least 600.
    public var expirationSeconds: Int64?
    public var boundObjectRef: ObjectReference?

    public init(audiences: [String]? = nil, expirationSeconds: Int64? = nil, boundObjectRef: ObjectReference? = nil) {
        self.audiences = audiences
        self.expirationSeconds = expirationSeconds
        self.boundObjectRef = boundObjectRef
    }
}

/// The token.
public struct TokenRequestStatus: Codable, Sendable, Hashable {
    public var token: String
    public var expirationTimestamp: Time?

    public init(token: String, expirationTimestamp: Time? = nil) {
        self.token = token
        self.expirationTimestamp = expirationTimestamp
    }
}

extension TokenRequestStatus: CustomStringConvertible, CustomReflectable {
    /// Never the token.
    public var description: String { "a token valid until \(expirationTimestamp?.description ?? "an unknown time")" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
