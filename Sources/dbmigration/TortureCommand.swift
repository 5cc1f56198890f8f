import ArgumentParser
import Torture

/// `dbmigration torture`: random schemas, loads and faults, and whether anything was lost. `hack/torture` runs it.
struct TortureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract:
            "Migrates random databases under random load and faults, inside a dev cluster, and checks that nothing was lost.",
        discussion: """
            Run it as: dbmigration dev run --name torture --restart-components --image shell=/bin/sh -- dbmigration torture
            Every run is made from its seed before it starts: --seed N --runs 1 does it again. Its last line is:
            torture: N runs · lost N · doubled N · two writable sides N · left behind N · acknowledged N · failed runs N
            """)

    @Option(help: "How many runs.")
    var runs = 20
    @Option(help: "The first run's seed; random by default. Each further run has the next number.")
    var seed: UInt64?
    @Option(help: "The folder with the manifests; that of the repository.")
    var manifests = "manifests"
    @Option(help: "Where logs of failed runs are kept.")
    var evidence = "torture-evidence"
    @Option(help: "Seconds after which a wait hangs.")
    var limit = 240
    @Flag(
        help:
            "Use a controller which loses writes, and end well only when that is found. Needs a debug build."
    )
    var prove = false

    func validate() throws {
        guard runs > 0 else { throw ValidationError("--runs: give 1 or more") }
        #if !DEBUG
            if prove {
                throw ValidationError(
                    "--prove: this is a release build, whose controller cannot be made to lose anything")
            }
        #endif
    }

    func run() async throws {
        let torture = Torture(
            seed: seed ?? UInt64.random(in: 1...999_999), runs: runs, manifests: manifests,
            evidence: evidence, proves: prove, limitSeconds: limit)
        let result = try await torture.run()
        if prove {
            print(
                result.sum.lost > 0
                    ? "torture: proved, the loss was found"
                    : "torture: NOT proved, no loss was found in \(result.runs) runs")
            if result.sum.lost == 0 { throw ExitCode.failure }
        } else if !result.failed.isEmpty {
            throw ExitCode.failure
        }
    }
}
