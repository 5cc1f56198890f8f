import FoundationEssentials
import Glibc
import Subprocess

/// Everything one run of a container needs.
struct ContainerLaunch: Sendable {
    struct Mount: Sendable, Hashable {
        /// Relative to the pod's folder.
        var source: String
        var target: String
        var isReadOnly: Bool
    }

    var commandLine: [String]
    var environment: [String: String]
    var mounts: [Mount]
    var workingFolder: String
    var podFolder: String
    var hostName: String
    var log: String
    var terminationMessage: String

    /// Runs to the end. `started` gets the process number, which is also the number of its process group.
    func run(started: @Sendable (Int32) async -> Void) async throws -> TerminationStatus {
        try Files.write("", to: terminationMessage, mode: 0o666)
        var options = PlatformOptions()
        options.createSession = true
        let places = mounts.flatMap { [$0.source, $0.target, $0.isReadOnly ? "ro" : "rw"] }
        let (imageFolder, program) = visibleProgram
        let arguments =
            ["--mount", "--uts", "sh", "-c", ContainerScript.text, "container", log, hostName, workingFolder, podFolder, imageFolder] + places + [
                "--", program,
            ]
            + commandLine.dropFirst()
        let result = try await Subprocess.run(
            .name("unshare"), arguments: Arguments(arguments), environment: .init(environment), platformOptions: options, input: .none,
            output: .discarded, error: .discarded
        ) { execution in
            await started(execution.processIdentifier.value)
        }
        // Whatever the program left behind in its group goes with it.
        kill(-result.processIdentifier.value, SIGKILL)
        return result.terminationStatus
    }

    /// The program's path inside, and its folder when a mount would hide it (an emptyDir on /tmp hides programs below /tmp).
    var visibleProgram: (imageFolder: String, program: String) {
        let program = commandLine.first ?? ""
        guard let slash = program.lastIndex(of: "/"), mounts.contains(where: { program.hasPrefix($0.target + "/") }) else { return ("-", program) }
        return (String(program[..<slash]), "/run/image" + program[slash...])
    }

    /// The termination message: at most 4096 bytes of its file, or the end of the log when the policy says so and the run failed.
    func message(policy: String?, failed: Bool) -> String? {
        let limit = 4096
        if let text = Files.text(terminationMessage), !text.isEmpty { return String(decoding: text.utf8.prefix(limit), as: UTF8.self) }
        guard policy == "FallbackToLogsOnError", failed, let text = Files.text(log), !text.isEmpty else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(80).joined(separator: "\n")
        return String(decoding: lines.utf8.suffix(2048), as: UTF8.self)
    }
}
