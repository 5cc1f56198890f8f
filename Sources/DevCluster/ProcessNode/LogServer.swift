import FoundationEssentials
import Logging
import Subprocess

/// The part of a kubelet's API behind `kubectl logs`: `GET /containerLogs/NAMESPACE/POD/CONTAINER`.
///
/// The API server speaks TLS only, so openssl(1) terminates it: one `s_server` per connection, one connection at a time, which is
/// plenty for a dev cluster. `follow` is not offered: `dbmigration dev logs -f` follows.
struct LogServer: Sendable {
    let folder: StateFolder
    let certificates: Certificates
    let logger: Logger

    /// Answers until cancelled.
    func run() async throws {
        try await certificates.createServing("node", names: [Addresses.nodeName], addresses: [Addresses.node])
        while !Task.isCancelled {
            do { try await serveOnce() } catch {
                logger.warning("the node's log server failed once", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private var command: [String] {
        [
            "openssl", "s_server", "-quiet", "-naccept", "1", "-accept", "\(Addresses.node):\(NodeObject.logPort)", "-cert",
            certificates.certificate("node"),
            "-key", certificates.key("node"),
        ]
    }

    private func serveOnce() async throws {
        _ = try await Subprocess.run(
            .name("env"), arguments: Arguments(["--"] + command), environment: .init(Command.environment()), input: .inputWriter, output: .sequence,
            error: .discarded
        ) { execution in
            var head = ""
            for try await line in execution.standardOutput.strings() {
                head += line
                guard line.allSatisfy(\.isNewline) else { continue }
                _ = try await execution.standardInputWriter.write(LogRequest(head: head).answer(in: folder))
                break
            }
            // The answer ends with the connection.
            try await execution.standardInputWriter.finish()
        }
    }
}

/// One request for a log.
struct LogRequest: Sendable, Hashable {
    var path: [String] = []
    var query: [String: String] = [:]

    init(head: String) {
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count == 3, words[0] == "GET" else { return }
        let parts = words[1].split(separator: "?", maxSplits: 1)
        path = parts[0].split(separator: "/").map(String.init)
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            query[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
    }

    /// The whole HTTP response.
    func answer(in folder: StateFolder) -> String {
        guard path.count == 4, path[0] == "containerLogs" else { return response("404 Not Found", "only container logs are served here\n") }
        let file = PodFolder.newestLog(
            in: folder, namespace: path[1], pod: path[2], container: path[3], previous: query["previous"] == "true")
        guard let text = file.flatMap(Files.text) else { return response("404 Not Found", "there is no such log\n") }
        return response("200 OK", tail(text))
    }

    func tail(_ text: String) -> String {
        var result = text
        if let lines = query["tailLines"].flatMap(Int.init) {
            let all = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0)
            result = all.suffix(lines).map { $0 + "\n" }.joined()
        }
        if let limit = query["limitBytes"].flatMap(Int.init) { result = String(decoding: result.utf8.prefix(limit), as: UTF8.self) }
        return result
    }

    private func response(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
