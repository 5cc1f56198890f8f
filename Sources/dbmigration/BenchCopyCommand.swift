import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench copy`: how long a database takes from one server to the other.
struct BenchCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Measures how long the worker's copy takes, and pg_dump, pgcopydb and bare COPY beside it.",
        discussion: """
            The way that lost anything, or failed, has no figure. Its last line without --json is:
            copy: N s, N × runbook, N × pgcopydb, N × (floor + indexes), N s a GB, worker N MiB
            With --json it is one object: {"seconds": {"runbook", "directory", "pipe", "pgcopydb", "floor", "indexes", "ours"}, "workerRSSMiB"};
            an array of such objects, each with "scale" and "bytes", when several scales were given.
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "Size of the database, 1 is 2.2 GB; several, by commas, one after another.", transform: Self.scales)
    var scale = [1.0]
    @Option(help: "How often each way copies it.")
    var runs = 3
    @Option(help: "Tables, and indexes, at once.")
    var jobs = 2
    @Flag(help: "Let the worker copy behind a closed fence (mode Snapshot), not beside writers (mode Live).")
    var fenced = false
    @Option(name: .customLong("split-above"), help: "From how many MiB on the worker copies a table in parts.")
    var splitAboveMiB = 1024
    @Option(parsing: .upToNextOption, help: "Only these ways, e.g. floor ours.")
    var only: [String] = []
    @Flag(help: "Append the result to the file of --notes.")
    var record = false
    @Option(help: "Where --record writes.")
    var notes = "docs/benchmarks.md"

    private static func scales(_ text: String) throws -> [Double] {
        let values = text.split(separator: ",").map { Double($0) }
        guard !values.isEmpty, values.allSatisfy({ ($0 ?? 0) > 0 }) else { throw ValidationError("give numbers above 0, with commas between them") }
        return values.compactMap(\.self)
    }

    func validate() throws {
        guard runs > 0 else { throw ValidationError("--runs: give 1 or more") }
        guard splitAboveMiB > 0 else { throw ValidationError("--split-above: give 1 or more") }
        guard only.allSatisfy(CopyBench.names.contains) else {
            throw ValidationError("--only: give names out of \(CopyBench.names.joined(separator: ", "))")
        }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs: give 1 to 64") }
    }

    func run() async throws {
        let bench = CopyBench(
            scales: scale, runs: runs, jobs: jobs, isFenced: fenced, splitAboveMiB: splitAboveMiB, only: Set(only),
            program: try Program.path())
        let result = try await bench.run {
            print($0); fflush(nil)
        }
        if record { try await result.record(in: notes, command: command) }
        try self.bench.show(result)
    }

    private var command: String {
        "hack/bench copy --scale \(scale.map { "\($0)" }.joined(separator: ",")) --runs \(runs) --jobs \(jobs)" + (fenced ? " --fenced" : "")
    }
}
