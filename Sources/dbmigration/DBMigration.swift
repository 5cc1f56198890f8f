import ArgumentParser

/// The one executable: operator, worker, and the tools around them.
@main
struct DBMigration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dbmigration", abstract: "Moves PostgreSQL servers under running applications on Kubernetes.",
        subcommands: [
            ControllerCommand.self, WorkerCommand.self, LintCommand.self, NotifyTestCommand.self, Demo.self, TortureCommand.self, BenchCommand.self,
            Dev.self,
        ])
}
