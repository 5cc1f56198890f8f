import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench soak`: whether the controller's memory stays.
struct BenchSoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak", abstract: "Measures the controller's memory over a day's events, with watches that end every few seconds.",
        discussion: """
            With --json its last line is one object: {"objects", "watchSeconds", "events", "seconds", "rssMiB": [after each tenth]}. It fails when the
            memory at the end is more than a tenth above that after the first two tenths.
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "How many objects.")
    var objects = 1000
    @Option(help: "How many changes, the controller's answers included.")
    var events = 100_000
    @Option(help: "How long the controller's watches last.")
    var watchSeconds = 3

    func validate() throws {
        for (name, value) in [("--objects", objects), ("--events", events), ("--watch-seconds", watchSeconds)] where value < 1 {
            throw ValidationError("\(name): found \(value); give 1 or more")
        }
    }

    func run() async throws {
        let soak = SoakBench(
            program: try Program.path(), objects: objects, events: events, watchSeconds: watchSeconds, manifests: bench.manifests,
            limitSeconds: bench.limit)
        try bench.show(
            try await soak.run {
                print($0); fflush(nil)
            })
    }
}
