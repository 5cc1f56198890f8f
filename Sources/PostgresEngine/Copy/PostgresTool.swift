import FoundationEssentials
import Subprocess

/// A client program of PostgreSQL failed.
struct ToolFailure: Error, Sendable, CustomStringConvertible {
    var attempt: String
    var message: String
    var description: String { "\(attempt): \(message)" }
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
            throw ToolFailure(attempt: attempt, message: "\(name) ended with \(result.terminationStatus): \(lines)")
        }
        return result.standardOutput
    }

    /// Major version of the installed `pg_dump`; `nil` when there is none.
    static func major() async -> Int? {
        guard let text = try? await run("pg_dump", ["--version"], attempt: "ask pg_dump for its version", limit: 4096) else { return nil }
        return text.split(separator: " ").compactMap { word in Int(word.split(separator: ".").first ?? "") }.first
    }
}
