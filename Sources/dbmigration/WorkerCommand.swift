public import ArgumentParser
import ControllerRuntime
import FoundationEssentials
import Logging
public import MigrationCore
import MigrationWorker

/// `dbmigration worker <step>`: one long step, as a Job. Its task and credentials come from the environment.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Runs one step of a migration; started by the controller as a Job.")

    @Argument(help: "The step, as the task in DBMIGRATION_TASK names it.")
    var step: WorkerStep

    func run() async throws {
        let logger = Logger(label: "dbmigration.worker") { StructuredLogHandler(label: $0, level: .info, format: .json) }
        let code = await MigrationWorker.main(environment: ProcessInfo.processInfo.environment, logger: logger)
        throw ExitCode(code)
    }
}

extension WorkerStep: ExpressibleByArgument {}
