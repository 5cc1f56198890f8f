import Foundation
import HTTPTransport
import StructuredData
import Synchronization
import TestServers
import Testing

@Suite("HTTP client against a socket", .timeLimit(.minutes(5)))
struct HTTPClientTests {
    private let client = HTTPClient()

    @Test("method, header and body arrive; status, header and body come back")
    func exchange() async throws {
        let seen = Mutex("")
        let server = LocalServer { request, connection in
            seen.withLock { $0 = request }
            connection.write("HTTP/1.1 201 Created\r\nX-One: a b\r\nContent-Length: 5\r\n\r\nhello")
        }
        let request = HTTPRequest(.patch, server.url + "/p?q=1", headers: ["Content-Type": "text/plain", "X-Two": "2"], body: Data("body".utf8))
        let response = try await client.send(request)
        #expect(response.status == 201)
        #expect(response.headers["x-one"] == "a b")
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
        let text = seen.withLock { $0 }
        #expect(text.hasPrefix("PATCH /p?q=1 HTTP/1.1\r\n"))
        #expect(text.contains("X-Two: 2\r\n"))
        #expect(text.hasSuffix("\r\n\r\nbody"))
        #expect(!text.contains("Expect"))
    }

    @Test("a POST without a body sends a length of 0", arguments: [HTTPMethod.post, .put])
    func emptyBody(method: HTTPMethod) async throws {
        let server = LocalServer { request, connection in
            let ok = request.lowercased().contains("content-length: 0") && request.hasPrefix(method.rawValue)
            connection.write("HTTP/1.1 \(ok ? 204 : 500) X\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(try await client.send(HTTPRequest(method, server.url)).status == 204)
    }

    @Test("a redirect is an answer, unless it shall be followed")
    func redirect() async throws {
        let server = LocalServer { request, connection in
            connection.write(
                request.contains("GET /there")
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthere"
                    : "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        var request = HTTPRequest(.get, server.url + "/here")
        #expect(try await client.send(request).status == 302)
        request.followsRedirects = true
        #expect(try await client.send(request).body == Data("there".utf8))
    }

    @Test("a long body is cut where asked")
    func limit() async throws {
        let server = LocalServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 1_000_000))
        }
        var request = HTTPRequest(.get, server.url)
        request.maximumBodyBytes = 100
        let response = try await client.send(request)
        #expect(response.body.count == 100)
        #expect(response.isTruncated)
    }

    @Test("silence ends in a timeout; the error names no query")
    func timeout() async throws {
        let server = LocalServer { _, connection in connection.waitForClose() }
        let request = HTTPRequest(.get, "http://u:p@127.0.0.1:\(server.port)/x?token=secret", timeouts: HTTPTimeouts(total: .milliseconds(200)))
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.kind == .timeout)
        #expect(error?.url == "http://127.0.0.1:\(server.port)/x")
        #expect(error?.description.contains("secret") == false)
    }

    @Test("a stream that falls silent ends after the idle limit")
    func idle() async throws {
        let server = LocalServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            connection.waitForClose()
        }
        let request = HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(total: nil, idle: .seconds(1)))
        let stream = try await client.stream(request)
        let error = await #expect(throws: HTTPError.self) { for try await _ in stream.body {} }
        #expect(error?.kind == .timeout)
    }

    @Test("what cannot be reached says how it failed")
    func unreachable() async throws {
        let refused = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, "http://127.0.0.1:1/")) }
        #expect(refused?.kind == .connect)
        let unknown = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, "http://no-such-host.invalid/")) }
        #expect(unknown?.kind == .resolve)
        let scheme = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, "file:///etc/hostname")) }
        #expect(scheme?.kind == .invalidRequest)
        let header = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(.get, "http://127.0.0.1:1/", headers: ["A": "b\r\nC: d"]))
        }
        #expect(header?.kind == .invalidRequest)
    }

    @Test("a connection that ends early is an error, not a short body")
    func truncated() async throws {
        let server = LocalServer { _, connection in connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") }
        let error = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(.get, server.url)) }
        #expect(error?.kind == .closed)
    }

    @Test("cancelling the task ends the request and closes the connection")
    func cancellation() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: String.self)
        let server = LocalServer { _, connection in
            arrival.yield("request")
            connection.waitForClose()
            arrival.yield("closed")
        }
        let task = Task { [client] in try await client.send(HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(total: nil))) }
        var events = arrived.makeAsyncIterator()
        #expect(await events.next() == "request")
        task.cancel()
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(await events.next() == "closed")
    }

    @Test("dropping a stream closes its connection")
    func dropped() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: String.self)
        let server = LocalServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\n\r\npiece")
            connection.waitForClose()
            arrival.yield("closed")
        }
        do {
            let stream = try await client.stream(HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(total: nil)))
            var chunks = stream.body.makeAsyncIterator()
            #expect(try await chunks.next() == Data("piece".utf8))
        }
        var events = arrived.makeAsyncIterator()
        #expect(await events.next() == "closed")
    }

    @Test("a slow reader makes the sender wait, and loses nothing")
    func backPressure() async throws {
        let total = 64 << 20
        let sent = Mutex(0)
        let (blocked, blocking) = AsyncStream.makeStream(of: Void.self)
        let server = LocalServer { _, connection in
            var timeout = timeval(tv_sec: 0, tv_usec: 300_000)
            setsockopt(connection.descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 65_536)
            var left = total
            while left > 0 {
                let count = send(connection.descriptor, piece, min(left, piece.count), Int32(MSG_NOSIGNAL))
                if count > 0 {
                    left -= count
                    sent.withLock { $0 += count }
                } else if errno == EAGAIN {
                    blocking.yield()
                } else {
                    return
                }
            }
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(total: nil)))
        var waits = blocked.makeAsyncIterator()
        _ = await waits.next()
        #expect(sent.withLock { $0 } < total / 2)
        var received = 0
        for try await chunk in stream.body { received += chunk.count }
        #expect(received == total)
    }

    @Test("an answer may be compressed where it is asked for, and arrives unpacked")
    func gzip() async throws {
        // printf hello | gzip -n
        let packed = try #require(Data(base64Encoded: "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=="))
        let server = LocalServer { request, connection in
            guard request.contains("Accept-Encoding: gzip\r\n") else { return connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain") }
            connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
            connection.write(packed)
        }
        var request = HTTPRequest(.get, server.url)
        #expect(try await client.send(request).body == Data("plain".utf8))
        request.acceptsCompression = true
        #expect(try await client.send(request).body == Data("hello".utf8))
    }

    @Test("a proxy that is named gets the request, with its password, which no error shows")
    func proxy() async throws {
        let proxy = LocalServer { request, connection in
            // u:p in base64
            let isRight = request.hasPrefix("GET http://far.invalid/x HTTP/1.1") && request.contains("Proxy-Authorization: Basic dTpw")
            connection.write("HTTP/1.1 \(isRight ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
        }
        var request = HTTPRequest(.get, "http://far.invalid/x")
        request.proxy = Redacted("http://u:p@127.0.0.1:\(proxy.port)")
        #expect(try await client.send(request).status == 200)
        request.proxy = Redacted("http://u:hush@127.0.0.1:1")
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.kind == .connect)
        #expect(error?.description.contains("hush") == false)
    }

    @Test("a SOCKS proxy gets the name as it is, and then the request")
    func socks() async throws {
        let proxy = LocalServer(accept: { connection in
            func read(_ count: Int) -> [UInt8] {
                var bytes = [UInt8](repeating: 0, count: count)
                guard recv(connection.descriptor, &bytes, count, Int32(MSG_WAITALL)) == count else { return [UInt8](repeating: 0, count: count) }
                return bytes
            }
            // RFC 1928: the methods; then version, command, a zero, the kind of address (3: a name), its length, the name and the port.
            _ = read(Int(read(2)[1]))
            connection.write(Data([5, 0]))
            let head = read(5)
            let name = String(decoding: read(Int(head[4])), as: UTF8.self)
            _ = read(2)
            connection.write(Data([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
            let isRight = head[3] == 3 && name == "far.invalid" && connection.readRequest()?.hasPrefix("GET /x ") == true
            connection.write("HTTP/1.1 \(isRight ? 200 : 500) X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        })
        var request = HTTPRequest(.get, "http://far.invalid/x")
        request.proxy = Redacted("socks5h://127.0.0.1:\(proxy.port)")
        #expect(try await client.send(request).status == 200)
    }

    @Test("a connection goes where it is told to, whatever host the address names")
    func connectTo() async throws {
        let server = LocalServer { request, connection in
            let isRight = request.lowercased().contains("host: far.invalid:99\r\n")
            connection.write("HTTP/1.1 \(isRight ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
        }
        var request = HTTPRequest(.get, "http://far.invalid:99/x")
        request.connectTo = "127.0.0.1:\(server.port)"
        #expect(try await client.send(request).status == 200)
    }

    @Test("the environment's proxy gets what no_proxy does not name; one that is named by the request gets everything")
    func environment() async {
        // The variables are everybody's.
        await #expect(processExitsWith: .success) { try await HTTPClientTests.obeysEnvironment() }
    }

    /// For a process of its own.
    private static func obeysEnvironment() async throws {
        let answers = { (status: Int) in
            LocalServer { _, connection in connection.write("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") }
        }
        let (server, proxy) = (answers(200), answers(299))
        func status(_ url: String, through named: String? = nil) async throws -> Int {
            var request = HTTPRequest(.get, url)
            request.proxy = named.map { Redacted($0) }
            return try await HTTPClient().send(request).status
        }
        setenv("http_proxy", proxy.url, 1)
        #expect(try await status(server.url) == 299)
        #expect(try await status("http://far.invalid/") == 299)
        for list in ["127.0.0.1", "near.invalid,127.0.0.0/8", "*"] {
            setenv("no_proxy", list, 1)
            #expect(try await status(server.url) == 200, "\(list)")
        }
        setenv("no_proxy", ".near.invalid", 1)
        #expect(try await status("http://far.invalid/") == 299)
        await #expect(throws: HTTPError.self) { try await status("http://a.near.invalid/") }
        setenv("no_proxy", "127.0.0.1", 1)
        #expect(try await status(server.url, through: proxy.url) == 299)
    }

    @Test("many requests at once share the thread")
    func concurrent() async throws {
        let server = LocalServer { request, connection in
            let path = request.split(separator: " ")[1]
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\nConnection: close\r\n\r\n\(path)")
        }
        try await withThrowingTaskGroup(of: Bool.self) { [client] group in
            for index in 0..<50 {
                group.addTask {
                    let response = try await client.send(HTTPRequest(.get, "\(server.url)/\(index)"))
                    return String(decoding: response.body, as: UTF8.self) == "/\(index)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("header values do not print")
    func redaction() {
        let request = HTTPRequest(.get, "http://h/", headers: ["Authorization": "Bearer secret"])
        #expect(!"\(request)".contains("secret"))
        var text = ""
        dump(request, to: &text)
        #expect(!text.contains("secret"))
    }
}
