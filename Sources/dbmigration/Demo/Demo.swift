import ArgumentParser
import DemoStory
import DevCluster
import FoundationEssentials
import Glibc

/// `dbmigration demo`: the whole job on real parts, in front of your eyes. `hack/demo` runs it.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Moves a staging environment under load, inside a dev cluster, and checks that nothing was lost.",
        discussion: """
            Run it as: dbmigration dev run --name demo --image demo-ledger=PATH -- dbmigration demo
            Its last line is: demo: PHASE · pause N ms · acknowledged N · lost N · duplicated N · errors N
            """)

    @Argument(
        help:
            "live: replicated, switched within seconds; rollback: and back again; snapshot: copied within the pause; pgbouncer: forth and back behind PgBouncer."
    )
    var variant = Variant.live
    @Flag(help: "Leave everything up until Ctrl-C.")
    var keep = false
    @Option(help: "The folder with crd, rbac and manager; that of the repository.")
    var manifests = "manifests"
    @Option(help: "Seconds for the whole story.")
    var deadline: Int?
    @Option(help: "Seconds the applications have to be well.")
    var soak: Int?
    @Option(help: "How often live and pgbouncer go forth and back; in live a fault strikes on every way. 3 for pgbouncer.")
    var cutovers: Int?

    enum Variant: String, ExpressibleByArgument, CaseIterable {
        case live, rollback, snapshot, pgbouncer

        var story: Story.Variant {
            switch self {
            case .live: .live
            case .rollback: .rollback
            case .snapshot: .snapshot
            case .pgbouncer: .pgbouncer
            }
        }
    }

    func run() async throws {
        let interrupt = keep ? Interrupt() : nil
        let cutovers = cutovers ?? (variant == .pgbouncer ? 3 : nil)
        guard cutovers == nil || [.live, .pgbouncer].contains(variant) else {
            throw ValidationError("--cutovers belongs to live and pgbouncer; \(variant.rawValue) is told once")
        }
        guard cutovers ?? 1 > 0 else { throw ValidationError("--cutovers has to be at least 1") }
        let result = try await Story(
            variant: variant.story, manifests: manifests, deadlineSeconds: deadline ?? cutovers.map { 120 + 60 * $0 } ?? 180,
            soakSeconds: soak ?? (cutovers == nil ? 5 : 1), cutovers: cutovers
        ).run()
        if keep { print(instructions(try DevClusterState.fromEnvironment()?.name ?? "demo")) }
        print(result.line)
        // Whoever reads this through a pipe waits for the last line as well.
        fflush(nil)
        await interrupt?.wait()
        if !result.isSuccess { throw ExitCode.failure }
    }

    private func instructions(_ name: String) -> String {
        """
        Everything stays up until Ctrl-C. From another terminal:
          dbmigration dev kubectl --name \(name) get databasemigrations,pods -n mys-staging
          dbmigration dev psql --name \(name) target chain_db
          dbmigration dev shell --name \(name)
        """
    }
}
