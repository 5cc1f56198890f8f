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
    /// PATH with the newest major that is installed side by side (as Debian does) in front.
    private static var searchPath: String {
        let root = "/usr/lib/postgresql"
        let majors = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }.sorted(by: >)
        return (majors.map { "\(root)/\($0)/bin" } + [ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"]).joined(separator: ":")
    }

    /// What it wrote to standard output.
    ///
    /// - Throws: ``ToolFailure`` with the end of its standard error.
    static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:], attempt: String, limit: Int) async throws -> String {
        var variables: [Environment.Key: String?] = ["PATH": searchPath]
        for (name, value) in environment { if let key = Environment.Key(rawValue: name) { variables[key] = value } }
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(variables), output: .string(limit: limit),
            error: .string(limit: 64 * 1024))
        guard result.terminationStatus.isSuccess else {
            let lines = result.standardError.split(separator: "\n").suffix(4).joined(separator: "; ")
            var wasKilled = true
            if case .exited = result.terminationStatus { wasKilled = false }
            throw ToolFailure(attempt: attempt, message: "\(name) ended with \(result.terminationStatus): \(lines)", wasKilled: wasKilled)
        }
        return result.standardOutput
    }

    /// Major version of the installed `pg_dump`; `nil` when there is none.
    static func major() async -> Int? {
        guard let text = try? await run("pg_dump", ["--version"], attempt: "ask pg_dump for its version", limit: 4096) else { return nil }
        return text.split(separator: " ").compactMap { word in Int(word.split(separator: ".").first ?? "") }.first
    }
}
