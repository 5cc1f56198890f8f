import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench apply`: up to which load the target keeps up.
struct BenchApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Measures how many transactions a second lanes apply, and pgcopydb follow beside them.",
        discussion: """
            Its last line without --json is:
            apply: N transactions/s with 4 lanes, M times pgcopydb follow
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "How many transactions each of them has to carry.")
    var transactions = 80_000
    @Option(help: "Unconnected pairs of tables they are spread over.")
    var tables = 8
    @Option(parsing: .upToNextOption, help: "Numbers of lanes to measure.")
    var lanes = [1, 4]
    @Option(help: "Seconds after its first transaction at which a contender is stopped; what it applied until then counts.")
    var seconds = 60

    func validate() throws {
        guard transactions >= tables, tables > 0 else { throw ValidationError("--transactions: give at least one for each of --tables") }
        guard !lanes.isEmpty, lanes.allSatisfy({ (1...32).contains($0) }) else { throw ValidationError("--lanes: give numbers from 1 to 32") }
        guard seconds > 0 else { throw ValidationError("--seconds: give 1 or more") }
    }

    func run() async throws {
        let bench = ApplyBench(transactions: transactions, tables: tables, lanes: lanes, seconds: seconds)
        try self.bench.show(
            try await bench.run {
                print($0); fflush(nil)
            })
    }
}
