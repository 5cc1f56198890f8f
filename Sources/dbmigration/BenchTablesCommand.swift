import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench tables`: how long very many small tables take.
struct BenchTablesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables", abstract: "Measures how long the worker takes for many small tables, and pgcopydb and pg_restore beside it.",
        discussion: """
            Its last line without --json is:
            tables: N s, N × pgRestore, N × pgcopydb
            With --json it is one object: {"seconds": {"ours", "pgcopydb", "pgRestore"}}.
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "How many tables of five rows, a primary key and an index.")
    var tables = 10_000
    @Option(help: "How often each way copies them.")
    var runs = 1
    @Option(help: "Tables, and indexes, at once.")
    var jobs = 2

    func validate() throws {
        guard tables > 0 else { throw ValidationError("--tables: give 1 or more") }
        guard runs > 0 else { throw ValidationError("--runs: give 1 or more") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs: give 1 to 64") }
    }

    func run() async throws {
        let bench = TablesBench(tables: tables, runs: runs, jobs: jobs, program: try Program.path())
        try self.bench.show(
            try await bench.run {
                print($0); fflush(nil)
            })
    }
}
