import FoundationEssentials
import Subprocess

/// A client program of PostgreSQL failed.
public struct ToolFailure: Error, Sendable, CustomStringConvertible {
    public var attempt: String
    /// The end of what it wrote to standard error, in English.
    public var message: String
    /// Ended by a signal, as a node short of memory does it.
    public var wasKilled: Bool

    public init(attempt: String, message: String, wasKilled: Bool = false) {
        self.attempt = attempt
        self.message = message
        self.wasKilled = wasKilled
    }

    public var description: String { "\(attempt): \(message)" }

    /// What libpq and the server say when a connection breaks, or when a server is not there at the moment. Not a refused login.
    private static let lostConnection = [
        "server closed the connection", "terminating connection", "connection to server was lost", "no connection to the server",
        "could not receive data from server", "could not send data to server", "SSL connection has been closed", "SSL SYSCALL error",
        "Connection refused", "Connection timed out", "timeout expired", "No route to host", "Network is unreachable",
        "could not translate host name",
        // A snapshot ends with the session that exported it.
        "invalid snapshot identifier", "could not import the requested snapshot",
        "the database system is", "too many clients", "too many connections", "remaining connection slots", "number of requested standby connections",
    ]

    /// Whether the same attempt may succeed later without anybody changing anything.
    public var isTransient: Bool { wasKilled || Self.lostConnection.contains { message.range(ofText: $0) != nil } }
}

/// Runs `pg_dump` and `pg_restore`.
enum PostgresTool {
    /// Where the newest `pg_dump` is, and its major: of those that Debian installs side by side and those on the PATH. Asked once.
    private static let newest = Task { () -> (folder: String, major: Int)? in
        let root = "/usr/lib/postgresql"
        let majors = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }.sorted(by: >)
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":").map(String.init)
        var found: (folder: String, major: Int)?
        var asked: Set<String> = []
        for folder in majors.map({ "\(root)/\($0)/bin" }) + path {
            let program = URL(filePath: folder + "/pg_dump").resolvingSymlinksInPath().path
            guard asked.insert(program).inserted, FileManager.default.isExecutableFile(atPath: program), let major = await major(in: folder) else {
                continue
            }
            if major > found?.major ?? 0 { found = (folder, major) }
        }
        return found
    }

    private static func major(in folder: String) async -> Int? {
        let answer = try? await Subprocess.run(
            .name("pg_dump"), arguments: ["--version"], environment: .inherit.updating(["PATH": folder]), output: .string(limit: 4096),
            error: .discarded)
        guard let answer, answer.terminationStatus.isSuccess else { return nil }
        return answer.standardOutput.split(separator: " ").compactMap { Int($0.split(separator: ".").first ?? "") }.first
    }

    /// What it wrote to standard output.
    ///
    /// - Throws: ``ToolFailure`` with the end of its standard error.
    static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:], attempt: String, limit: Int) async throws -> String {
        // What it runs itself is of the same build.
        let path = [await newest.value?.folder, ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"].compactMap { $0 }
        var variables: [Environment.Key: String?] = ["PATH": path.joined(separator: ":")]
        for (name, value) in environment { if let key = Environment.Key(rawValue: name) { variables[key] = value } }
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(variables), output: .string(limit: limit),
            error: .string(limit: 64 * 1024))
        guard result.terminationStatus.isSuccess else {
            let lines = complaint(of: name, result.standardError)
            var wasKilled = true
            if case .exited = result.terminationStatus { wasKilled = false }
            throw ToolFailure(attempt: attempt, message: "\(name) ended with \(result.terminationStatus): \(lines)", wasKilled: wasKilled)
        }
        return result.standardOutput
    }

    /// What a client program says went wrong: its last lines, of every SQL text in them only the first line, since a long one hides the error before it.
    static func complaint(of name: String, _ standardError: String) -> String {
        var lines: [Substring] = []
        var isInsideText = false
        for line in standardError.split(separator: "\n") {
            if line.hasPrefix(name + ":") { isInsideText = false }
            if !isInsideText { lines.append(line) }
            if line.contains("Query was: ") || line.contains("Command was: ") { isInsideText = true }
        }
        return lines.suffix(4).joined(separator: "; ")
    }

    /// Major version of the installed `pg_dump`; `nil` when there is none.
    static func major() async -> Int? { await newest.value?.major }
}
