import DevCluster
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Torture

/// The write pause of the Live mode, measured over many cutovers of one migration, each followed by a rollback.
public struct PauseBench: Sendable {
    public var cutovers: Int
    /// Transactions a second, of all databases together.
    public var rate: Int
    /// Added to each round trip to a database server.
    public var roundTripMilliseconds: Double
    public var databases: Int
    /// The repository's `manifests` folder.
    public var manifests: String
    /// For what hangs: seconds for each single wait.
    public var limitSeconds: Int

    private static let port: UInt16 = 6432
    private static let writersPerDatabase = 4

    public init(cutovers: Int, rate: Int, roundTripMilliseconds: Double, databases: Int, manifests: String, limitSeconds: Int) {
        self.cutovers = cutovers
        self.rate = rate
        self.roundTripMilliseconds = roundTripMilliseconds
        self.databases = databases
        self.manifests = manifests
        self.limitSeconds = limitSeconds
    }

    /// Measures, and tells about every cutover through `tell`.
    ///
    /// - Throws: ``TortureError`` when the stage could not be set up, or a wait hangs.
    public func run(tell: @Sendable (String) -> Void) async throws -> PauseResult {
        let cluster = try Cluster()
        let stage = PauseStage(cluster: cluster, port: Int(Self.port), databases: (1...databases).map { "bench-\($0)" })
        let links = try [cluster.state.servers.source, cluster.state.servers.target].map { server in
            try DelayedLink(
                address: server.address, port: Self.port, to: UInt16(server.port), oneWayMilliseconds: roundTripMilliseconds / 2)
        }
        defer { for link in links { link.stop() } }
        try await cluster.install(manifests: manifests, switches: [:])
        try await stage.makeDatabases()
        let gaps = WriteGaps()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            for writer in writers(stage, gaps) { group.addTask { await writer.run() } }
            try await insist("writes on the source", seconds: limitSeconds) { gaps.count > 20 }
            try await stage.makeObjects()
            var pauses: [PauseResult.Pause] = []
            for attempt in 1...cutovers {
                let pause = try await cutover(attempt, stage, gaps)
                pauses.append(pause)
                tell(
                    "pause \(attempt): database part \(Int(pause.databaseMilliseconds)) ms, clients' longest gap \(Int(pause.clientMilliseconds)) ms")
            }
            return PauseResult(rate: rate, roundTripMilliseconds: roundTripMilliseconds, databases: databases, pauses: pauses)
        }
    }

    private func writers(_ stage: PauseStage, _ gaps: WriteGaps) -> [PauseWriter] {
        guard rate > 0 else { return [] }
        let count = Self.writersPerDatabase
        return stage.databases.flatMap { database in
            (1...count).map { number in
                PauseWriter(
                    stage: stage, database: database, number: number, period: .seconds(1) * (Double(databases * count) / Double(rate)), gaps: gaps)
            }
        }
    }

    /// There and back again.
    private func cutover(_ attempt: Int, _ stage: PauseStage, _ gaps: WriteGaps) async throws -> PauseResult.Pause {
        if attempt > 1 { try await stage.set(["goal": "Ready", "attempt": .integer(Int64(attempt))]) }
        try await stage.reach(.awaitingCutover, attempt: attempt, seconds: limitSeconds)
        try await Task.sleep(for: .seconds(1))
        _ = gaps.take()
        try await stage.set(["goal": "Promoted"])
        try await stage.reach(.soaking, attempt: attempt, seconds: limitSeconds)
        let opened = try await stage.openedAt()
        let before = gaps.count
        try await insist("writes on the target", seconds: limitSeconds) { gaps.count > before + 20 }
        let client = gaps.take()
        guard let closed = try await stage.status().cutover?.closedAt else { throw BenchmarkError.noPause }
        try await stage.set(["goal": "RolledBack"])
        try await stage.reach(.rolledBack, attempt: attempt, seconds: limitSeconds)
        return PauseResult.Pause(
            databaseMilliseconds: opened - Double(closed.microsecondsSince1970) / 1000, clientMilliseconds: client)
    }
}
