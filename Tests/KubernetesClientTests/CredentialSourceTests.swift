import Foundation
import KubernetesModel
import StructuredData
import Synchronization
import TestServers
import Testing

@testable import KubernetesClient

@Suite("credentials that change", .timeLimit(.minutes(5)))
struct CredentialSourceTests {
    private static func configuration(_ folder: String) throws -> ClusterConfiguration {
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: "https://h"}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, installHint: get it}}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/config"))
        return try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"])
    }

    /// Prints another token at each run.
    private static func counting(expires: String = "") -> String {
        """
        #!/bin/sh
        cd "$(dirname "$0")"; echo run >> runs
        echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t'$(wc -l < runs)'"\(expires)}}'
        """
    }

    @Test("two requests whose old token is refused bring one run, and neither gives up")
    func refusedTwice() async throws {
        try await withFiles(["plugin": Self.counting()]) { folder in
            let source = CredentialSource(try Self.configuration(folder).credentials)
            let old = try await source.current()
            #expect(await source.renew(old))
            let fresh = try await source.current()
            #expect(fresh.token?.reveal() == "t2")
            #expect(await source.renew(old), "the second request may try again, too")
            #expect(try await source.current() == fresh, "and finds what was fetched for the first")
            #expect(await source.renew(fresh))
            #expect(try await source.current().token?.reveal() == "t3")
        }
    }

    @Test("credentials are kept until they expire", arguments: [("2020-01-01T00:00:00Z", 2), ("2999-01-01T00:00:00Z", 1)])
    func expiry(expires: String, runs: Int) async throws {
        try await withFiles(["plugin": Self.counting(expires: ",\"expirationTimestamp\":\"\(expires)\"")]) { folder in
            let source = CredentialSource(try Self.configuration(folder).credentials)
            _ = try await source.current()
            #expect(try await source.current().token?.reveal() == "t\(runs)")
        }
    }

    @Test("a plugin that hangs is ended, with what it started")
    func hanging() async throws {
        try await withFiles(["plugin": "#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho $! > \"$(dirname \"$0\")/child\"\nwait\nsleep 300\n"]) { folder in
            guard case .exec(var plugin) = try Self.configuration(folder).credentials else { return #expect(Bool(false), "no plugin") }
            // Long enough for it to have started its child, on a busy machine too.
            plugin.limit = .seconds(3)
            let source = CredentialSource(.exec(plugin))
            let error = await #expect(throws: ConfigurationError.self) { try await source.current() }
            #expect(error?.message == "kubeconfig \(folder)/config: the exec plugin of user 'u' (./plugin) did not end within 3 s")
            let child = try #require(Int32(String(contentsOfFile: "\(folder)/child", encoding: .utf8).trimmed))
            // Gone, or dead and not yet collected by whoever inherited it.
            while let state = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8), !state.contains(") Z ") { await Task.yield() }
        }
    }

    @Test(
        "a plugin that fails says why in one line",
        arguments: [
            ("#!/bin/sh\nprintf 'no\\nlogin\\n' >&2; exit 3\n", "failed (exited(3)): no · login; get it"),
            ("#!/bin/sh\necho secret\n", "did not print an ExecCredential with a status"),
            ("#!/no/such/shell\n", "failed ("), ("#!/bin/sh\nhead -c 3000000 /dev/zero\n", "could not be run: "),
        ])
    func failing(plugin: String, says: String) async throws {
        try await withFiles(["plugin": plugin]) { folder in
            let source = CredentialSource(try Self.configuration(folder).credentials)
            let error = await #expect(throws: ConfigurationError.self) { try await source.current() }
            let message = error?.message ?? ""
            #expect(message.hasPrefix("kubeconfig \(folder)/config: the exec plugin of user 'u' (./plugin) \(says)"), "\(message)")
            #expect(!message.contains { $0.isNewline } && !message.contains("secret"))
        }
    }

    /// Takes requests with one token only, and keeps the tokens it saw.
    private static func server(takes good: String, _ seen: Seen) -> LocalServer {
        LocalServer { request, connection in
            let token = request.split(separator: "\r\n").first { $0.hasPrefix("Authorization: Bearer ") }.map { String($0.dropFirst(22)) } ?? ""
            seen.tokens.withLock { $0.append(token) }
            let body = token == good ? #"{"metadata":{"name":"a"}}"# : #"{"kind":"Status","reason":"Unauthorized","code":401}"#
            let status = token == good ? 200 : 401
            connection.write("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        }
    }

    private final class Seen: Sendable {
        let tokens = Mutex<[String]>([])
    }

    @Test("a token that is refused is read again, and the request sent once more, not twice")
    func refusedToken() async throws {
        try await withFiles(["token": "old"]) { folder in
            let (seen, path) = (Seen(), "\(folder)/token")
            let server = Self.server(takes: "new", seen)
            let client = KubernetesClient(ClusterConfiguration(server: server.url, credentials: .tokenFile(path)))
            let error = await #expect(throws: KubernetesError.self) { try await client.get(ConfigMap.self, "a", namespace: "n") }
            #expect(error?.kind == .unauthorized)
            #expect(seen.tokens.withLock { $0 } == ["old", "old"])
            // The one that is kept is younger than ten seconds: only the refusal leads to the file.
            try Data("new".utf8).write(to: URL(fileURLWithPath: path))
            seen.tokens.withLock { $0 = [] }
            #expect(try await client.get(ConfigMap.self, "a", namespace: "n").name == "a")
            #expect(seen.tokens.withLock { $0 } == ["old", "new"])
        }
    }

    @Test("a token file is read again after its ten seconds, and not before")
    func tokenAge() async throws {
        try await withFiles(["token": "one"]) { folder in
            let now = Mutex(ContinuousClock.now)
            let source = CredentialSource(.tokenFile("\(folder)/token")) { now.withLock { $0 } }
            _ = try await source.current()
            try Data("two".utf8).write(to: URL(fileURLWithPath: "\(folder)/token"))
            now.withLock { $0 += .milliseconds(9_999) }
            #expect(try await source.current().token?.reveal() == "one")
            now.withLock { $0 += .milliseconds(1) }
            #expect(try await source.current().token?.reveal() == "two")
        }
    }

    @Test("a token file that vanishes while it is replaced does not take the token away, even after a 401")
    func tokenFile() async throws {
        try await withFiles(["token": "one\n"]) { folder in
            let source = CredentialSource(.tokenFile("\(folder)/token"))
            let one = try await source.current()
            try FileManager.default.removeItem(atPath: "\(folder)/token")
            #expect(await source.renew(one))
            #expect(try await source.current() == one)
            try Data("two".utf8).write(to: URL(fileURLWithPath: "\(folder)/token"))
            #expect(try await source.current().token?.reveal() == "two")
            let error = await #expect(throws: ConfigurationError.self) { try await CredentialSource(.tokenFile("\(folder)/no")).current() }
            #expect(error?.message == "the token file \(folder)/no is missing")
        }
    }
}
