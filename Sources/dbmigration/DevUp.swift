import ArgumentParser
import DevCluster
import Glibc

struct DevUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Starts a cluster and returns when it is ready.")

    @OptionGroup var start: DevStartOptions
    @Flag(help: "Stay until Ctrl-C, then stop the cluster.")
    var foreground = false

    func run() async throws {
        let options = try start.options()
        guard foreground else {
            let cluster = try await DevCluster.start(options, program: Program.path())
            print(Self.instructions(cluster.state))
            return
        }
        let interrupt = Interrupt()
        try await DevCluster.run(options, program: Program.path()) { cluster in
            print(Self.instructions(cluster.state))
            // Whoever reads this through a pipe waits for it.
            fflush(nil)
            await interrupt.wait()
        }
    }

    private static func instructions(_ state: DevClusterState) -> String {
        let name = state.name == "default" ? "" : " --name \(state.name)"
        return """
            dev cluster \(state.name) is ready
              API server       \(state.server) (inside the cluster's network)
              source database  \(state.servers.source.host)
              target database  \(state.servers.target.host)
              files and logs   \(state.folder)
            Enter it from any terminal:
              dbmigration dev kubectl\(name) get pods -A
              dbmigration dev psql\(name) source
              dbmigration dev shell\(name)
            Stop it:
              dbmigration dev down\(name)
            """
    }
}

struct DevDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Stops a cluster and removes its files.")

    @OptionGroup var cluster: DevName

    func run() async throws {
        let ran = try await DevCluster.stop(name: cluster.name)
        print(ran ? "dev cluster \(cluster.name) is gone" : "no dev cluster \(cluster.name) ran")
    }
}

struct DevStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Shows a cluster; exit code 1 when it does not run.")

    @OptionGroup var cluster: DevName
    @Flag(help: "The state file as it is, passwords included.")
    var json = false

    func run() async throws {
        let running = try DevCluster.running(name: cluster.name)
        if json {
            print(try running.stateText())
        } else {
            print("dev cluster \(cluster.name) runs as process \(running.state.holder.process); files and logs in \(running.state.folder)")
        }
    }
}
