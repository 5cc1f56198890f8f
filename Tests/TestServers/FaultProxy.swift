import Dispatch
import Foundation
public import HTTPTransport
import Synchronization

/// Stands in front of an API server, speaks plain HTTP/1.1 with one request for each connection, and breaks what it is told to.
public final class FaultProxy: Sendable {
    public enum Fault: Sendable {
        /// Answers in the server's place, with a `Status` of this reason.
        case answer(Int, reason: String = "", headers: [String] = [])
        /// Closes the connection without an answer.
        case drop
        case delay(Duration)
        /// Passes on so many lines of the answer's body and half of the next, and closes.
        case cut(afterLines: Int)
        /// Passes on so many lines, and then nothing, while the connection stays open.
        case stall(afterLines: Int)
        /// Passes on so many lines, then says this line, and closes.
        case insert(String, afterLines: Int)
        /// Each line of the answer twice.
        case twice
        /// Lines in pairs, the second first.
        case swapped
    }

    private struct Rule {
        var fault: Fault
        var part: String
        var left: Int
    }

    private struct State {
        var rules: [Rule] = []
        var seen: [String] = []
        var isDown = false

        /// What is to happen to a request.
        mutating func arrived(_ line: String) -> Fault? {
            seen.append(line)
            if isDown { return .drop }
            guard let index = rules.firstIndex(where: { line.contains($0.part) && $0.left > 0 }) else { return nil }
            rules[index].left -= 1
            return rules[index].fault
        }

        func count(of part: String) -> Int { seen.count { $0.contains(part) } }
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let server: LocalServer

    public var url: String { server.url }

    /// - Parameters:
    ///   - upstream: the server's address.
    ///   - tls: whom the proxy trusts and who it is; credentials in header fields are the client's.
    public init(to upstream: String, tls: HTTPTLS = HTTPTLS()) {
        let shared = shared
        server = LocalServer { request, connection in
            let fault = shared.state.withLock { $0.arrived(String(request.prefix { !$0.isNewline })) }
            Self.serve(request, connection, fault, upstream, tls)
        }
    }

    /// - Parameters:
    ///   - part: of the request line (`GET /api/v1/…?watch=true&… HTTP/1.1`).
    ///   - times: so many requests; default: one.
    public func inject(_ fault: Fault, on part: String, times: Int = 1) {
        shared.state.withLock { $0.rules.append(Rule(fault: fault, part: part, left: times)) }
    }

    /// Ends every fault to come.
    public func heal() { shared.state.withLock { ($0.rules, $0.isDown) = ([], false) } }

    /// From now on every connection is closed without an answer.
    public func goDown() { shared.state.withLock { $0.isDown = true } }

    public func requests(_ part: String) -> Int { shared.state.withLock { $0.count(of: part) } }

    /// Waits until so many requests with `part` in their line have arrived, since the beginning.
    public func wait(for count: Int, _ part: String) async throws {
        while requests(part) < count { try await Task.sleep(for: .milliseconds(20)) }
    }

    // MARK: One request

    private static func serve(_ request: String, _ connection: LocalServer.Connection, _ fault: Fault?, _ upstream: String, _ tls: HTTPTLS) {
        switch fault {
        case .drop: return
        case .answer(let status, let reason, let headers):
            let body = #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"injected","reason":"\#(reason)","code":\#(status)}"#
            let fields = (headers + ["Content-Type: application/json", "Content-Length: \(body.utf8.count)", "Connection: close"])
            connection.write("HTTP/1.1 \(status) X\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n\(body)")
        default:
            if case .delay(let time)? = fault { Thread.sleep(forTimeInterval: Double(time.components.seconds)) }
            let done = DispatchSemaphore(value: 0)
            let ending = Ending()
            Task {
                let end = await pass(request, connection, LineFault(fault), upstream, tls)
                ending.isSilent.withLock { $0 = end == .silence }
                done.signal()
            }
            done.wait()
            // Here, on the connection's own thread: a task's thread must not be kept.
            if ending.isSilent.withLock({ $0 }) { connection.waitForClose() }
        }
    }

    private final class Ending: Sendable {
        let isSilent = Mutex(false)
    }

    private static func pass(_ text: String, _ connection: LocalServer.Connection, _ fault: LineFault, _ upstream: String, _ tls: HTTPTLS) async
        -> LineFault.End
    {
        var fault = fault
        guard let request = parse(text, upstream, tls), let stream = try? await HTTPClient.shared.stream(request) else { return .close }
        let own: Set<String> = ["content-length", "transfer-encoding", "connection"]
        let fields = stream.headers.fields.filter { !own.contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)\r\n" }.joined()
        connection.write("HTTP/1.1 \(stream.status) X\r\n\(fields)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        do {
            for try await piece in stream.body {
                let (bytes, end) = fault.pass(piece)
                if !bytes.isEmpty, !connection.write(chunk(bytes)) { return .close }
                if let end { return end }
            }
        } catch { return .close }
        let rest = fault.rest()
        connection.write((rest.isEmpty ? Data() : chunk(rest)) + Data("0\r\n\r\n".utf8))
        return .close
    }

    private static func chunk(_ bytes: Data) -> Data { Data("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Data("\r\n".utf8) }

    private static func parse(_ text: String, _ upstream: String, _ tls: HTTPTLS) -> HTTPRequest? {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3, let method = HTTPMethod(rawValue: String(words[0])) else { return nil }
        var request = HTTPRequest(method, upstream + words[1], timeouts: HTTPTimeouts(total: nil), tls: tls)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = String(line[..<colon])
            // Compressed lines could not be counted.
            if ["host", "connection", "accept-encoding", "content-length"].contains(name.lowercased()) { continue }
            request.headers.append(name, line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        let body = text[end.upperBound...]
        if !body.isEmpty { request.body = Data(body.utf8) }
        return request
    }
}
