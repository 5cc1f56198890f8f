import HTTPTransport

/// How long the API server may take for an answer, by what it has to do for it.
public struct RequestTimeouts: Sendable, Hashable {
    /// One object, or a path such as `/readyz`. Default 15 s.
    public var read: Duration
    /// One page of a list, or a Pod's log. Default 60 s, the server's own limit.
    public var list: Duration
    /// Creating, changing and deleting. Default 40 s: admission webhooks alone may take 30 s.
    public var write: Duration
    /// How long a watch lasts until the server ends it, in whole seconds; it then goes on where it was. Default 290 s.
    public var watch: Duration
    /// How long a watch may be silent; the server sends a bookmark each minute. Default 90 s.
    public var watchSilence: Duration

    public init(
        read: Duration = .seconds(15), list: Duration = .seconds(60), write: Duration = .seconds(40), watch: Duration = .seconds(290),
        watchSilence: Duration = .seconds(90)
    ) {
        self.read = read
        self.list = list
        self.write = write
        self.watch = watch
        self.watchSilence = watchSilence
    }

    func http(_ request: APIRequest) -> HTTPTimeouts {
        switch request.verb {
        case "watch": HTTPTimeouts(total: nil, idle: watchSilence)
        case "list": HTTPTimeouts(total: list)
        case "get": HTTPTimeouts(total: request.subresource == "log" ? list : read)
        default: HTTPTimeouts(total: write)
        }
    }
}
