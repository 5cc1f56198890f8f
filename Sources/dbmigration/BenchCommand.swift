import ArgumentParser
import Benchmarks
import Glibc
import StructuredData

/// `dbmigration bench`: measurements on a real control plane and real servers. `hack/bench` runs it.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures, inside a dev cluster.",
        discussion: """
            Run it as: dbmigration dev run --name bench --restart-components --image shell=/bin/sh -- dbmigration bench pause
            """,
        subcommands: [
            BenchPauseCommand.self, BenchApplyCommand.self, BenchCopyCommand.self, BenchTablesCommand.self, BenchControllerCommand.self,
            BenchSoakCommand.self,
        ])
}

/// What every benchmark can be told.
struct BenchOptions: ParsableArguments {
    @Flag(help: "End with one line that holds the result as a JSON object.")
    var json = false
    @Option(help: "The folder with the manifests; that of the repository.")
    var manifests = "manifests"
    @Option(help: "Seconds after which a wait hangs.")
    var limit = 240

    /// Prints a result; ends with 1 when it is not good.
    func show(_ result: some BenchmarkResult) throws {
        for line in result.lines { print(line) }
        if json { print(try JSON.text(result)) }
        // Whoever reads this through a pipe waits for the last line as well.
        fflush(nil)
        if !result.isGood { throw ExitCode.failure }
    }
}
