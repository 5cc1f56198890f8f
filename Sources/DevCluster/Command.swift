import FoundationEssentials
import Subprocess

/// Runs external programs. Shell text is always a constant; what varies goes in as arguments.
enum Command {
    /// The environment for system tools: ours, with the folders of `ip` and `setpriv` for users whose PATH lacks them.
    static func environment(adding extra: [String: String] = [:]) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        return environment.merging(extra) { $1 }
    }

    /// Runs to the end and gives what it printed.
    ///
    /// - Throws: `DevClusterError.commandFailed` with the end of both outputs.
    @discardableResult
    static func run(_ command: [String], environment: [String: String] = Command.environment(), input: String = "") async throws -> String {
        let result = try await Subprocess.run(
            // env(1) takes names and paths alike.
            .name("env"), arguments: Arguments(["--"] + command), environment: .init(environment), input: .string(input),
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        guard result.terminationStatus.isSuccess else {
            throw DevClusterError.commandFailed(
                command: command.joined(separator: " "), status: result.terminationStatus.summary, output: String(result.standardOutput.suffix(2000)))
        }
        return result.standardOutput
    }
}

extension Environment {
    init(_ variables: [String: String]) {
        self = .custom(Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }
}

extension TerminationStatus {
    var summary: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
