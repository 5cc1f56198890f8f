import DevCluster
import FoundationEssentials
import MigrationCore

/// What is needed to look into a run that failed, in a folder of its own.
struct Evidence: Sendable {
    let folder: String

    func keep(
        _ result: RunResult, _ plan: RunPlan, _ arena: Arena, _ migration: MigrationWatch,
        _ journal: Journal
    ) async {
        let manager = FileManager.default
        try? manager.removeItem(atPath: folder)
        try? manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        write("plan", plan.description)
        write("migration", migration.description)
        await add(result)
        let attempts = journal.all.sorted { $0.began < $1.began }
        write(
            "attempts",
            attempts.map {
                "\($0.began / 1000) \($0.ended / 1000) \($0.side.rawValue) \($0.outcome.rawValue) \($0.number) \($0.kind)"
            }.joined(separator: "\n"))
        write(
            "object.yaml",
            (try? await arena.cluster.kubectl(
                "get", "databasemigrations", "-n", arena.namespace, "-o", "yaml")) ?? "")
        write("pods", (try? await arena.cluster.kubectl("get", "pods,jobs", "-A", "-o", "wide")) ?? "")
        write(
            "events",
            (try? await arena.cluster.kubectl(
                "get", "events", "-n", arena.namespace, "--sort-by=.lastTimestamp")) ?? "")
        for server in [arena.cluster.state.servers.source, arena.cluster.state.servers.target] {
            let name = server.log.split(separator: "/").last.map(String.init) ?? server.host
            write(name, tail(server.log, bytes: 2_000_000))
        }
        // Logs of every run of the controller and the workers: kubectl shows the last two.
        let pods = arena.cluster.state.folder + "/pods"
        for pod in (try? manager.contentsOfDirectory(atPath: pods)) ?? []
        where pod.hasPrefix(Cluster.systemNamespace + "_") || pod.hasPrefix(arena.namespace + "_") {
            try? manager.copyItem(atPath: "\(pods)/\(pod)/containers", toPath: "\(folder)/\(pod)")
        }
    }

    func add(_ result: RunResult) async { write("problems", result.problems.joined(separator: "\n")) }

    private func write(_ name: String, _ text: String) {
        if !FileManager.default.fileExists(atPath: folder) {
            try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try? Data((text + "\n").utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    private func tail(_ path: String, bytes: Int) -> String {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return "" }
        return String(decoding: data.suffix(bytes), as: UTF8.self)
    }
}
