import ArgumentParser
import DevCluster
import FoundationEssentials

struct DevShell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "shell", abstract: "Opens a shell inside a cluster's network, with kubectl ready.")

    @OptionGroup var cluster: DevName

    func run() async throws {
        let running = try DevCluster.running(name: cluster.name)
        try running.replaceProcess(with: [ProcessInfo.processInfo.environment["SHELL"] ?? "/bin/sh"])
    }
}

struct DevKubectl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kubectl", abstract: "Runs kubectl against a cluster, as its administrator.")

    @OptionGroup var cluster: DevName
    @Argument(parsing: .captureForPassthrough, help: "kubectl's arguments; --name is taken only in front of them.")
    var arguments: [String] = []

    func run() async throws {
        let (name, rest) = DevPassthrough.split(arguments, default: cluster.name)
        let running = try DevCluster.running(name: name)
        try running.replaceProcess(with: ["\(running.state.binaries)/kubectl"] + rest)
    }
}

struct DevPsql: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "psql", abstract: "Opens psql on a cluster's source or target server, as superuser.")

    @OptionGroup var cluster: DevName
    @Argument(help: "source or target.")
    var server: ServerRole
    @Argument(help: "The database.")
    var database = "postgres"
    @Argument(parsing: .postTerminator, help: "More arguments for psql, after --.")
    var arguments: [String] = []

    enum ServerRole: String, ExpressibleByArgument, CaseIterable { case source, target }

    func run() async throws {
        let running = try DevCluster.running(name: cluster.name)
        let chosen = server == .source ? running.state.servers.source : running.state.servers.target
        let variables = PostgresEnvironment.variables(for: chosen, login: chosen.superuser, database: database)
        try running.replaceProcess(with: ["psql"] + arguments, adding: variables)
    }
}

struct DevLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Follows the log of a pod's container without asking the API server.")

    @OptionGroup var cluster: DevName
    @Option(name: .shortAndLong, help: "The pod's namespace.")
    var namespace = "default"
    @Option(name: .shortAndLong, help: "The container; the first by default.")
    var container: String?
    @Flag(name: .shortAndLong, help: "Keep reading.")
    var follow = false
    @Argument(help: "The pod.")
    var pod: String

    func run() async throws {
        let running = try DevCluster.running(name: cluster.name)
        let file = try running.logFile(namespace: namespace, pod: pod, container: container)
        try running.replaceProcess(with: ["tail", "-n", "+1"] + (follow ? ["-F"] : []) + [file])
    }
}

enum DevPassthrough {
    /// Takes a leading `--name X` out of arguments that are otherwise passed on untouched.
    static func split(_ arguments: [String], default name: String) -> (name: String, rest: [String]) {
        guard let first = arguments.first else { return (name, []) }
        if first == "--name", arguments.count > 1 { return (arguments[1], Array(arguments.dropFirst(2))) }
        if first.hasPrefix("--name=") { return (String(first.dropFirst(7)), Array(arguments.dropFirst())) }
        return (name, first == "--" ? Array(arguments.dropFirst()) : arguments)
    }
}
