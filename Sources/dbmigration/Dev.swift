import ArgumentParser
import DevCluster
import FoundationEssentials

/// `dbmigration dev …`: a real control plane, a process node and two PostgreSQL servers on this machine.
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A throw-away Kubernetes cluster with two PostgreSQL servers on this machine.",
        subcommands: [
            DevUp.self, DevDown.self, DevStatus.self, DevRun.self, DevShell.self, DevKubectl.self, DevPsql.self, DevLogs.self, DevSupervise.self,
        ])
}

/// Which cluster a command is about.
struct DevName: ParsableArguments {
    @Option(help: "Tells clusters of one user apart.")
    var name = "default"
}

/// What a cluster is started with.
struct DevStartOptions: ParsableArguments {
    @OptionGroup var cluster: DevName

    @Option(
        name: .customLong("image"), help: ArgumentHelp("The local executable that stands in for an image; may be repeated.", valueName: "name=path"))
    var images: [String] = []

    @Option(help: ArgumentHelp("The folder with the source server's initdb and postgres; the machine's own by default.", valueName: "folder"))
    var sourcePostgres: String?

    @Option(help: ArgumentHelp("The folder with the target server's initdb and postgres; the machine's own by default.", valueName: "folder"))
    var targetPostgres: String?

    @Option(help: "Seconds the start may take.")
    var timeout = 120

    @Flag(help: "Start a server or control plane program that ended again, instead of ending the cluster.")
    var restartComponents = false

    @Option(help: "Seconds a change of a mounted Secret or ConfigMap may take, at random, as with a kubelet.")
    var volumeSeconds = 60

    func options() throws -> DevClusterOptions {
        guard volumeSeconds > 0 else { throw ValidationError("--volume-seconds has to be at least 1") }
        var map = ["dbmigration": try Program.path()]
        for image in images {
            let parts = image.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--image \(image): expected NAME=PATH") }
            let path = absolute(parts[1])
            guard FileManager.default.isExecutableFile(atPath: path) else { throw ValidationError("--image \(image): \(path) is no executable file") }
            map[parts[0]] = path
        }
        return DevClusterOptions(
            name: cluster.name, images: ImageMap(map),
            postgres: PostgresFolders(source: sourcePostgres.map(absolute), target: targetPostgres.map(absolute)), deadlineSeconds: timeout,
            restartsComponents: restartComponents, volumeSeconds: volumeSeconds)
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path }
}

/// This executable.
enum Program {
    static func path() throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") }
}
