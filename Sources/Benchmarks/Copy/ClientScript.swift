import FoundationEssentials
import MigrationCore
import Subprocess

/// PostgreSQL's client programs, run by a shell. The text is always a constant; what varies, and passwords, travel in the environment.
///
/// `from` runs a program on the source's database and `into` on the target's, as superuser; `$JOBS` and `$FOLDER` are the stage's.
struct ClientScript: Sendable {
    var text: String
    /// What is said of it when it fails.
    var attempt: String

    private static let limitSeconds = 6 * 3600

    /// - Parameter variables: more of them, for this run.
    /// - Returns: what it printed, errors too.
    /// - Throws: ``BenchmarkError/program(_:output:)`` with the last lines.
    @discardableResult func run(_ stage: CopyStage, adding variables: [String: String] = [:]) async throws -> String {
        var environment: [Environment.Key: String?] = ["JOBS": String(stage.jobs), "FOLDER": stage.folder]
        var prelude = "set -euo pipefail\n"
        for (name, side) in [("from", Side.source), ("into", Side.target)] {
            let known = stage.variables(side)
            let words = known.keys.sorted().map { #"\#($0)="$\#(name)_\#($0)""# }
            prelude += "\(name)() { \(words.joined(separator: " ")) \"$@\"; }\n"
            for (key, value) in known { environment[Environment.Key(stringLiteral: "\(name)_\(key)")] = value }
        }
        for (key, value) in variables { environment[Environment.Key(stringLiteral: key)] = value }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        // `timeout` has a process group of its own: its end is the end of everything below it.
        let result = try await Subprocess.run(
            .name("timeout"), arguments: ["-k", "2", String(Self.limitSeconds), "bash", "-c", prelude + text],
            environment: .inherit.updating(environment),
            platformOptions: options, output: .string(limit: 1 << 24), error: .combinedWithOutput)
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            throw BenchmarkError.program(attempt, output: result.standardOutput.split(separator: "\n").suffix(3).joined(separator: "; "))
        }
        return result.standardOutput
    }
}
