/// How the API server answers a request that has no object as its answer: every error, and some deletions.
public struct Status: Codable, Sendable, Hashable {
    /// `Success` or `Failure`.
    public var status: String?
    public var message: String?
    /// CamelCase, for programs: `NotFound`, `Conflict`, `AlreadyExists`, `Expired` …
    public var reason: String?
    /// The HTTP status.
    public var code: Int?
    public var details: StatusDetails?

    public init(status: String? = nil, message: String? = nil, reason: String? = nil, code: Int? = nil, details: StatusDetails? = nil) {
        self.status = status
        self.message = message
        self.reason = reason
        self.code = code
        self.details = details
    }
}

/// What an error is about.
public struct StatusDetails: Codable, Sendable, Hashable {
    public var name: String?
    public var group: String?
    public var kind: String?
    public var uid: String?
    public var retryAfterSeconds: Int?
    public var causes: [StatusCause]?

    public init(
        name: String? = nil, group: String? = nil, kind: String? = nil, uid: String? = nil, retryAfterSeconds: Int? = nil,
        causes: [StatusCause]? = nil
    ) {
        self.name = name
        self.group = group
        self.kind = kind
        self.uid = uid
        self.retryAfterSeconds = retryAfterSeconds
        self.causes = causes
    }
}

/// One of several problems, with the field it is in.
public struct StatusCause: Codable, Sendable, Hashable {
    public var reason: String?
    public var message: String?
    public var field: String?

    public init(reason: String? = nil, message: String? = nil, field: String? = nil) {
        self.reason = reason
        self.message = message
        self.field = field
    }
}
