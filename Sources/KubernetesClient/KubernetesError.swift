public import HTTPTransport
public import KubernetesModel

/// Why a request to the API server failed: what was attempted, on which object, and what the server answered.
public struct KubernetesError: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case notFound
        /// The object changed since it was read, or another manager owns an applied field.
        case conflict
        case alreadyExists
        case forbidden
        case unauthorized
        /// The resource version is too old: list again.
        case gone
        case invalid
        case tooManyRequests(retryAfter: Duration?)
        case serverError(retryAfter: Duration?)
        /// No answer arrived.
        case transport(HTTPError.Kind)
        /// The answer is not what the API promises, or a value could not be encoded.
        case decoding
        /// Our credentials could not be read or made.
        case credentials
    }

    public var kind: Kind
    /// The verb as RBAC names it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    public var verb: String
    /// As RBAC names it, subresource included: `pods/log`, `deployments.apps`.
    public var resource: String
    public var name: String?
    public var namespace: String?
    /// The HTTP status; `nil` when no answer arrived.
    public var status: Int?
    /// The server's word for programs: `NotFound`, `Expired` …
    public var reason: String?
    public var message: String
    /// The fields it is about, where the server names any.
    public var causes: [StatusCause] = []

    public init(
        kind: Kind, verb: String, resource: String, name: String? = nil, namespace: String? = nil, status: Int? = nil, reason: String? = nil,
        message: String
    ) {
        self.kind = kind
        self.verb = verb
        self.resource = resource
        self.name = name
        self.namespace = namespace
        self.status = status
        self.reason = reason
        self.message = message
    }
}

extension KubernetesError {
    /// How long the server asked us to wait.
    public var retryAfter: Duration? {
        switch kind {
        case .tooManyRequests(let time), .serverError(let time): time
        default: nil
        }
    }

    /// One field of an applied object that somebody else owns.
    public struct FieldConflict: Sendable, Hashable {
        /// Such as `.spec.replicas`.
        public var field: String
        /// The server's words: which manager owns it.
        public var message: String
    }

    /// The fields that server-side apply left to their owners; the request as a whole changed nothing. Repeating it does not help: take the fields over
    /// (`force`) or leave them out.
    public var fieldConflicts: [FieldConflict] {
        guard kind == .conflict else { return [] }
        return causes.filter { $0.reason == "FieldManagerConflict" }.map { FieldConflict(field: $0.field ?? "", message: $0.message ?? "") }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    public var isTransient: Bool {
        switch kind {
        case .tooManyRequests, .serverError, .gone: true
        case .conflict: fieldConflicts.isEmpty
        case .transport(let kind): kind != .invalidRequest && kind != .tls && kind != .cancelled
        default: false
        }
    }

    public var isCancellation: Bool { kind == .transport(.cancelled) }
}

extension KubernetesError: CustomStringConvertible {
    public var description: String {
        let place = namespace.map { " in namespace \($0)" } ?? ""
        let answer = status.map { "\($0) \(reason ?? ""): " } ?? ""
        return "\(verb) \(resource)\(name.map { "/" + $0 } ?? "")\(place): \(answer)\(message)\(remedy.map { " (\($0))" } ?? "")"
    }

    private var remedy: String? {
        switch kind {
        case .forbidden: "grant the verb '\(verb)' on the resource '\(resource)'"
        case .conflict where !fieldConflicts.isEmpty: "owned by others: \(fieldConflicts.map(\.field).joined(separator: ", "))"
        case .unauthorized: "check the credentials: the server does not know them"
        case .transport(.tls): "check the certificate authority and the client certificate"
        default: nil
        }
    }
}
