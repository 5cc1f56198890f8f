public import FoundationEssentials
public import StructuredData

/// One HTTP request, complete: nothing about it is kept elsewhere.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// An absolute `http` or `https` address; other schemes are refused.
    public var url: String
    public var headers: HTTPHeaders
    public var body: Data?
    public var timeouts: HTTPTimeouts
    public var tls: HTTPTLS
    /// Default `false`: a redirect is an answer like any other.
    public var followsRedirects = false
    /// The address of a proxy, whatever the environment says; `nil` (the default): `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` decide, as for
    /// other programs.
    public var proxy: Redacted<String>?
    /// Host and port to connect to in the place of the address's, whose host remains the one the peer's certificate has to name; `nil` (the default): the
    /// address's own.
    public var connectTo: String?
    /// Default `false`: HTTP/1.1, and a connection of its own as long as the answer lasts, so that a slow reader slows only its own peer. `true`: HTTP/2
    /// where the server speaks it, on a connection shared with others; for answers that are read at once, and whole. See ``HTTPClient``.
    public var sharesConnection = false
    /// Default `false`. `true` lets the server compress the answer (gzip).
    public var acceptsCompression = false
    /// ``HTTPClient/send(_:)`` stops reading here and marks the response as truncated; `nil` (the default) reads everything.
    public var maximumBodyBytes: Int?

    public init(
        _ method: HTTPMethod = .get, _ url: String, headers: HTTPHeaders = [:], body: Data? = nil, timeouts: HTTPTimeouts = HTTPTimeouts(),
        tls: HTTPTLS = HTTPTLS(), maximumBodyBytes: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.tls = tls
        self.maximumBodyBytes = maximumBodyBytes
    }
}

public enum HTTPMethod: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// The three limits of a request.
public struct HTTPTimeouts: Sendable, Hashable {
    /// Until the connection stands, TLS included. Default 10 s.
    public var connect: Duration
    /// Until the last byte arrived; `nil` for a stream without an end. Default 30 s.
    public var total: Duration?
    /// The longest silence of the peer, in whole seconds (rounded up); `nil` (the default) allows any.
    public var idle: Duration?

    public init(connect: Duration = .seconds(10), total: Duration? = .seconds(30), idle: Duration? = nil) {
        self.connect = connect
        self.total = total
        self.idle = idle
    }
}

/// Whom we trust and who we are. The default verifies the peer against the system's authorities.
public struct HTTPTLS: Sendable, Hashable {
    /// The authorities a peer's certificate has to come from.
    public enum Trust: Sendable, Hashable {
        case system
        /// A PEM file, read at each connection, so that a rotated file is picked up.
        case file(String)
        case pem(Data)
    }

    public var trust: Trust
    /// `false` accepts any certificate and any host name. Only for those who asked for it.
    public var verify: Bool
    public var identity: HTTPClientIdentity?

    public init(trust: Trust = .system, verify: Bool = true, identity: HTTPClientIdentity? = nil) {
        self.trust = trust
        self.verify = verify
        self.identity = identity
    }
}

/// A client certificate and its key, both PEM.
public struct HTTPClientIdentity: Sendable, Hashable {
    public var certificate: Data
    public var key: Redacted<Data>

    public init(certificate: Data, key: Redacted<Data>) {
        self.certificate = certificate
        self.key = key
    }
}
