import DevCluster
import FoundationEssentials
import MigrationCore
import PostgresEngine
import Subprocess
import Torture

/// `pgcopydb follow`, which reads the log through wal2json and applies it as SQL.
struct PgcopydbContender: ApplyContender {
    let cluster: Cluster
    private let folder = FileManager.default.temporaryDirectory.path + "/dbmigration-bench-\(UUID().uuidString)"

    init(cluster: Cluster) { self.cluster = cluster }

    private static let slot = "bench_pgcopydb"
    private static let limitSeconds = 600

    var name: String { "pgcopydb follow" }
    var label: String { "pgcopydb" }
    /// It applies whole files of the log: what it does at its end says nothing about speed.
    var share: Int { 90 }

    func isInstalled() async throws -> Bool {
        guard (try? await pgcopydb(["--version"])) != nil else { return false }
        let plugin = "SELECT 1 FROM pg_ls_dir((SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR')) f WHERE f = 'wal2json.so'"
        return try await !cluster.rows(.source, "postgres", plugin).isEmpty
    }

    func prepare(_ stage: ApplyStage) async throws {
        try await stage.fill(.target)
        try await pgcopydb(
            ["stream", "setup", "--dir", folder, "--slot-name", Self.slot, "--origin", Self.slot, "--not-consistent", "--restart"], stage)
        try await pgcopydb(["stream", "sentinel", "set", "apply"], stage)
    }

    func run(_ stage: ApplyStage) async throws {
        // One makes everything before it durable, the other lets pgcopydb see that it has come to its end. It cannot read logical messages.
        try await stage.touch()
        let end = try await cluster.rows(.source, stage.database, "SELECT pg_current_wal_flush_lsn()").first?[0] ?? ""
        // It applies a file of the log once that is complete, and looks for its end in two places.
        try await cluster.rows(.source, stage.database, "SELECT pg_switch_wal()")
        try await stage.touch()
        try await pgcopydb(["stream", "sentinel", "set", "endpos", end], stage)
        try await pgcopydb(
            ["follow", "--dir", folder, "--slot-name", Self.slot, "--origin", Self.slot, "--resume", "--not-consistent", "--endpos", end], stage)
    }

    func end(_ stage: ApplyStage) async throws {
        try? FileManager.default.removeItem(atPath: folder)
        let slot = SQL.literal(Self.slot)
        try await insist("pgcopydb's slot to be free", seconds: 30) {
            try await cluster.rows(
                .source, stage.database,
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = \(slot); SELECT 1"
            ).count == 1
        }
        try await insist("pgcopydb's origin to be free", seconds: 30) {
            try await cluster.rows(
                .target, stage.database, "SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = \(slot); SELECT 1"
            ).count == 1
        }
    }

    /// `timeout` has a process group of its own: its end is the end of all of pgcopydb's processes.
    @discardableResult private func pgcopydb(_ arguments: [String], _ stage: ApplyStage? = nil) async throws -> String {
        var variables: [Environment.Key: String?] = [:]
        if let stage {
            variables["PGCOPYDB_SOURCE_PGURI"] = cluster.address(.source, stage.database)
            variables["PGCOPYDB_TARGET_PGURI"] = cluster.address(.target, stage.database)
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments(["-k", "2", String(Self.limitSeconds), "pgcopydb"] + arguments),
            environment: .inherit.updating(variables), platformOptions: options, output: .string(limit: 1 << 22), error: .combinedWithOutput)
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            let lines = result.standardOutput.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw BenchmarkError.program("pgcopydb \(arguments.joined(separator: " "))", output: lines)
        }
        return result.standardOutput
    }
}
