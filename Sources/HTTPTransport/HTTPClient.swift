import FoundationEssentials

/// Sends requests through libcurl: one thread of its own runs every transfer, so no task's thread ever blocks.
///
/// Requests that allow it (``HTTPRequest/sharesConnection``) share one HTTP/2 connection for each server. All others have an HTTP/1.1 connection
/// as long as their answer lasts: a stream can then be paused by its reader, and one dead connection cannot silence every watch at once. The usual
/// proxy variables are honoured. Nothing is logged.
public final class HTTPClient: Sendable {
    /// One client, hence one thread and one pool of connections, for a whole program.
    public static let shared = HTTPClient()

    private let loop: TransferLoop

    public init() { loop = TransferLoop() }

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
        let handle = TransferHandle(transfer: transfer, loop: loop)
        loop.post(.start(transfer))
        let head = try await handle.head()
        return HTTPStream(status: head.status, headers: head.headers, body: HTTPBody(handle: handle))
    }
}
