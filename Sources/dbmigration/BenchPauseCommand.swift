import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench pause`: how long a cutover keeps the databases from taking writes.
struct BenchPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Measures the write pause of the Live mode, over many cutovers and rollbacks of one migration.",
        discussion: """
            Its last line without --json is:
            pause: database part median N ms, p99 N ms, longest N ms, of N
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "How many cutovers; each is followed by a rollback.")
    var cutovers = 20
    @Option(help: "Transactions a second, of all databases together.")
    var rate = 200
    @Option(help: "Milliseconds added to each round trip to a database server.")
    var roundTrip = 5.0
    @Option(help: "How many databases.")
    var databases = 3

    func validate() throws {
        guard cutovers > 0 else { throw ValidationError("--cutovers: give 1 or more") }
        guard (1...10).contains(databases) else { throw ValidationError("--databases: give 1 to 10") }
        guard rate >= 0 else { throw ValidationError("--rate: give 0 or more") }
        guard (0...1000).contains(roundTrip) else { throw ValidationError("--round-trip: give 0 to 1000") }
    }

    func run() async throws {
        let bench = PauseBench(
            cutovers: cutovers, rate: rate, roundTripMilliseconds: roundTrip, databases: databases, manifests: self.bench.manifests,
            limitSeconds: self.bench.limit)
        try self.bench.show(
            try await bench.run {
                print($0); fflush(nil)
            })
    }
}
