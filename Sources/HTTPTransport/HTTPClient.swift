import FoundationEssentials

/// Sends requests through libcurl: threads of its own run every transfer, so no task's thread ever blocks.
///
/// Requests that allow it (``HTTPRequest/sharesConnection``) share one HTTP/2 connection for each server. All others have an HTTP/1.1 connection
/// as long as their answer lasts: a stream can then be paused by its reader, and one dead connection cannot silence every watch at once. The usual
/// proxy variables are honoured. Nothing is logged.
public final class HTTPClient: Sendable {
    /// One client, hence one set of connections, for a whole program.
    public static let shared = HTTPClient()

    /// Connections of one request at a time. libcurl 7.88 puts a request on the HTTP/1.1 connection of a watch when it knows an HTTP/2 one to the
    /// same server, and waits there in vain: the two kinds never meet in one pool.
    private let single = TransferLoop(isShared: false)
    private let shared = TransferLoop(isShared: true)

    public init() {}

    /// Sends a request and reads the whole answer.
    /// - Throws: when no answer arrived; a status of 400 or above is an answer.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let stream = try await stream(request)
        var response = HTTPResponse(status: stream.status, headers: stream.headers)
        var chunks = stream.body.makeAsyncIterator()
        while let chunk = try await chunks.next() {
            response.body.append(chunk)
            if let limit = request.maximumBodyBytes, response.body.count > limit {
                response.body = Data(response.body.prefix(limit))
                response.isTruncated = true
                break
            }
        }
        return response
    }

    /// Sends a request and returns as soon as the answer's header is there.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let transfer = Transfer(request)
        let loop = request.sharesConnection && shared.allows(request.url) ? shared : single
        let handle = TransferHandle(transfer: transfer, loop: loop)
        loop.post(.start(transfer))
        let head = try await handle.head()
        return HTTPStream(status: head.status, headers: head.headers, body: HTTPBody(handle: handle))
    }
}
