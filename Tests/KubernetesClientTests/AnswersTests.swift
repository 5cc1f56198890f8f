import Foundation
import HTTPTransport
import KubernetesModel
import StructuredData
import Synchronization
import TestServers
import Testing

@testable import KubernetesClient

/// A kind whose objects a newer version may have made: the reader of this one wants numbers.
private struct Counted: KubernetesObject {
    static let resource = APIResource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
    var metadata = ObjectMeta()
    var data: [String: Int]?
}

@Suite("what answers of the API server are made of", .timeLimit(.minutes(5)))
struct AnswersTests {
    private static let good = #"{"metadata":{"name":"good","namespace":"n","uid":"1","resourceVersion":"7"},"data":{"x":1}}"#
    private static let bad = #"{"metadata":{"name":"bad","namespace":"n","uid":"2","resourceVersion":"8"},"data":{"x":"many"}}"#

    private func event(_ type: String, _ object: String, known: (@Sendable (ObjectHead) -> Bool)? = nil) throws -> WatchEvent<Counted> {
        var userInfo: [CodingUserInfoKey: any Sendable] = [:]
        if let key = KnownVersions.key, let known { userInfo[key] = KnownVersions(has: known) }
        return try JSON.decode(from: Data(#"{"type":"\#(type)","object":\#(object)}"#.utf8), userInfo: userInfo)
    }

    /// Answers every request by its first line, and hangs up.
    private func server(_ answer: @escaping @Sendable (String) -> (status: Int, body: String)) -> LocalServer {
        LocalServer { request, connection in
            let (status, body) = answer(String(request.prefix { !$0.isNewline }))
            connection.write("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        }
    }

    @Test("one object that cannot be read is told by itself, with the member it is about, in lists and in events")
    func unreadable() throws {
        let page = try JSON.decode(
            ListPage<Readable<Counted>>.self, from: #"{"metadata":{"resourceVersion":"9"},"items":[\#(Self.good),\#(Self.bad)]}"#)
        guard case .object(let object)? = page.items?[0], case .unreadable(let other)? = page.items?[1] else {
            return #expect(Bool(false), "read: \(page)")
        }
        #expect(object.data == ["x": 1])
        #expect(other == UnreadableObject(ObjectHead(namespace: "n", name: "bad", uid: "2", resourceVersion: "8"), problem: ".data.x is no Int"))
        guard case .unreadable(let changed) = try event("MODIFIED", Self.bad), case .unreadable(let gone) = try event("DELETED", Self.bad) else {
            return #expect(Bool(false), "no such events")
        }
        #expect(changed == other)
        #expect(gone.isGone)
        #expect(throws: DecodingError.self) { try event("MODIFIED", #"{"data":{}}"#) }
    }

    @Test("an event of a version that is known is not read, and advances the watch all the same")
    func known() throws {
        guard case .bookmark("8") = try event("MODIFIED", Self.bad, known: { $0.uid == "2" && $0.resourceVersion == "8" }) else {
            return #expect(Bool(false), "was read")
        }
        guard case .applied = try event("MODIFIED", Self.good, known: { _ in false }) else { return #expect(Bool(false), "was not read") }
    }

    @Test("a page token that expired: everything is asked for at once")
    func expiredToken() async throws {
        let server = server { line in
            if line.contains("continue=") { return (410, #"{"kind":"Status","reason":"Expired","code":410,"message":"too old"}"#) }
            if line.contains("limit=") { return (200, #"{"metadata":{"resourceVersion":"9","continue":"t"},"items":[\#(Self.good)]}"#) }
            return (200, #"{"metadata":{"resourceVersion":"10"},"items":[\#(Self.good),\#(Self.good.replacing("good", with: "other"))]}"#)
        }
        let list = try await KubernetesClient(ClusterConfiguration(server: server.url)).list(Counted.self, namespace: "n")
        #expect(list.items.map(\.name) == ["good", "other"])
        #expect(list.resourceVersion == "10")
    }

    @Test(
        "how long a server asks us to wait: seconds, a date by the server's own clock, or what its status says",
        arguments: [
            (["Retry-After": "7"], 7), (["Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"], 30),
            (["Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"], 0), (["Retry-After": "Fri, 31 Dec 2999 23:59:59 GMT"], 300),
            (["Retry-After": "-5"], 0), (["Retry-After": "soon"], 4), ([:], 4),
        ])
    func retryAfter(fields: [String: String], seconds: Int) {
        var headers = HTTPHeaders()
        for (name, value) in fields { headers.append(name, value) }
        let request = APIRequest(verb: "get", method: .get, resource: Counted.resource)
        let body = Data(#"{"kind":"Status","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":4}}"#.utf8)
        #expect(request.error(status: 429, headers: headers, body: body).retryAfter == .seconds(seconds))
    }

    @Test("every request is told, with its answer or without one")
    func told() async throws {
        let server = server { line in line.contains("/good ") ? (200, Self.good) : (404, #"{"kind":"Status","reason":"NotFound","code":404}"#) }
        let told = Mutex<[AnsweredRequest]>([])
        let client = KubernetesClient(ClusterConfiguration(server: server.url), onAnswer: { request in told.withLock { $0.append(request) } })
        _ = try await client.get(Counted.self, "good", namespace: "n")
        await #expect(throws: KubernetesError.self) { try await client.delete(Counted.self, "other", namespace: "n") }
        let away = KubernetesClient(
            ClusterConfiguration(server: "http://127.0.0.1:1"), onAnswer: { request in told.withLock { $0.append(request) } })
        await #expect(throws: KubernetesError.self) { try await away.list(Counted.self) }
        let seen = told.withLock { $0 }
        #expect(seen.map(\.method) == ["GET", "DELETE", "GET"])
        #expect(seen.map(\.verb) == ["get", "delete", "list"])
        #expect(seen.map(\.status) == [200, 404, nil])
        #expect(seen.map(\.host) == ["127.0.0.1:\(server.port)", "127.0.0.1:\(server.port)", "127.0.0.1:1"])
    }
}
