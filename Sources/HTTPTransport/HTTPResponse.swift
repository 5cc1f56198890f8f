public import FoundationEssentials

/// The whole answer to a request, whatever its status.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: Data
    /// Whether the body was cut at ``HTTPRequest/maximumBodyBytes``.
    public var isTruncated: Bool

    public init(status: Int, headers: HTTPHeaders = [:], body: Data = Data(), isTruncated: Bool = false) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isTruncated = isTruncated
    }
}

/// An answer whose body is still arriving.
public struct HTTPStream: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: HTTPBody
}

/// A body in the pieces the network delivers; a piece's end means nothing.
///
/// A reader that lags makes the peer wait (the transfer is paused above 256 KiB). When the last copy of the body and its iterators is
/// dropped, the transfer is aborted. One reader at a time.
public struct HTTPBody: AsyncSequence, Sendable {
    public typealias Element = Data
    public typealias Failure = HTTPError

    let handle: TransferHandle

    public struct AsyncIterator: AsyncIteratorProtocol {
        let handle: TransferHandle

        public mutating func next() async throws(HTTPError) -> Data? { try await handle.nextChunk() }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPError) -> Data? { try await handle.nextChunk() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(handle: handle) }
}
