import ArgumentParser
import DevCluster
import Logging

struct DevRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Starts a fresh cluster, runs a command inside of it, and stops it; ends with the command's exit code.",
        discussion: "The command finds KUBECONFIG, kubectl on its PATH, and in DBMIGRATION_DEV_STATE the path of a JSON file about everything.")

    @OptionGroup var start: DevStartOptions
    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func run() async throws {
        guard !command.isEmpty else { throw ValidationError("give a command after --") }
        let interrupt = Interrupt()
        let code = try await DevCluster.run(start.options(), program: Program.path()) { cluster in
            try await withThrowingTaskGroup(of: Int32.self) { group in
                group.addTask { try await cluster.execute(command) }
                group.addTask {
                    await interrupt.wait()
                    return 130
                }
                let first = try await group.next()
                group.cancelAll()
                return first ?? 1
            }
        }
        throw ExitCode(code)
    }
}

/// The part of `dev up` and `dev run` that runs inside the cluster's namespaces; not for people.
struct DevSupervise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "supervise", shouldDisplay: false)

    @Argument var folder: String

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        try await Supervisor(folder: folder, logger: Logger(label: "dev-cluster")).run()
    }
}
