import DevCluster
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationAPI
import StructuredData
import Torture

/// How a controller bears many objects: from its start until all are answered, then how soon it answers a change, and what it needs meanwhile.
///
/// The objects are suspended: every change costs it a visit and a status, and nothing else.
public struct ControllerBench: Sendable {
    public var contenders: [ControllerContender]
    /// Numbers of objects, measured one after another.
    public var objects: [Int]
    /// The repository's `manifests` folder.
    public var manifests: String
    /// For what hangs: seconds for each single wait.
    public var limitSeconds: Int

    /// Changes one at a time.
    private static let singleChanges = 200
    /// How long the change of 100 objects a second goes on.
    private static let busySeconds = 10
    private static let changesPerSecond = 100
    private static let idleSeconds = 15

    public init(contenders: [ControllerContender], objects: [Int], manifests: String, limitSeconds: Int) {
        self.contenders = contenders
        self.objects = objects
        self.manifests = manifests
        self.limitSeconds = limitSeconds
    }

    /// Measures, and tells about every step through `tell`.
    ///
    /// - Throws: ``TortureError`` when a wait hangs, ``BenchmarkError`` when a controller ends by itself.
    public func run(tell: @Sendable (String) -> Void) async throws -> ControllerResult {
        let cluster = try Cluster()
        // The 1.20 server does not know CEL rules; current clients would refuse the field.
        _ = try await cluster.kubectl("apply", "--validate=false", "-k", manifests + "/crd")
        _ = try await cluster.kubectl("wait", "--for=condition=Established", "crd/databasemigrations.migrations.mystira.app", "--timeout=60s")
        var result = ControllerResult()
        for count in objects {
            for contender in contenders {
                tell("\(contender.name) with \(count) objects")
                var row = try await measure(contender, count, cluster)
                if contender.name == "ours" { row.restartSeconds = try await restart(contender.program, count, cluster) }
                result.add(row, of: contender)
                tell(
                    "  cold sync \(tenths(row.coldSyncSeconds)) s, p50 \(tenths(row.p50Ms)) ms, p99 \(tenths(row.p99Ms)) ms, \(tenths(row.rssMiB)) MiB"
                )
            }
        }
        return result
    }

    /// In a namespace of its own, so that what others left is nobody's business.
    private func measure(_ contender: ControllerContender, _ count: Int, _ cluster: Cluster) async throws -> ControllerResult.Row {
        let namespace = Self.namespace(contender.name, count)
        let client = cluster.client
        _ = try await client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        let migrations = SuspendedMigrations(client: client, namespace: namespace, count: count)
        try await migrations.create()
        let answers = AnswerWatch()
        let follower = Task { await answers.follow(client, namespace: namespace) }
        defer { follower.cancel() }
        let start = ContinuousClock.now
        return try await contender.run(namespace: namespace, kubeconfig: cluster.state.kubeconfig) { process in
            try await insist("\(count) objects to be answered", seconds: limitSeconds, state: { "\(answers.count) are" }) {
                if ProcessTimes.read(String(process)) == nil { throw BenchmarkError.ended(contender.name) }
                return answers.count == count
            }
            let cold = (answers.last ?? .now) - start
            // What the first sync leaves behind is not its rest.
            try await Task.sleep(for: .seconds(5))
            let idle = try await cpuPercent(of: process) { try await Task.sleep(for: .seconds(Self.idleSeconds)) }
            var single: [Double] = []
            for number in 0..<Self.singleChanges {
                single.append(try await migrations.change(number * 7, to: number).latency(answers, limitSeconds: limitSeconds))
            }
            var busy: [Double] = []
            let busyCPU = try await cpuPercent(of: process) { busy = try await changeMany(migrations, answers) }
            try await Task.sleep(for: .seconds(2))
            guard let alone = Percentiles(single), let together = Percentiles(busy), let memory = ProcessMemory.resident.mebibytes(of: process),
                let peak = ProcessMemory.peak.mebibytes(of: process)
            else { throw BenchmarkError.ended(contender.name) }
            return ControllerResult.Row(
                objects: count, coldSyncSeconds: cold / .seconds(1), p50Ms: alone.median, p99Ms: alone.p99, rssMiB: memory, idleCPUPercent: idle,
                busyP50Ms: together.median, busyP99Ms: together.p99, busyCPUPercent: busyCPU, peakRSSMiB: peak)
        }
    }

    private static func namespace(_ name: String, _ count: Int) -> String { "bench-\(name)-\(count)" }

    /// What a restart costs: a new process looks at the objects that the last one has answered. It writes nothing, so its own figures have to tell.
    private func restart(_ program: String, _ count: Int, _ cluster: Cluster) async throws -> Double {
        let port = 18_080
        let metrics = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
        let visits = "controller_runtime_reconcile_total{controller=\"databasemigration\",result=\"success\"} "
        let start = ContinuousClock.now
        return try await ControllerContender.ours(program, metricsPort: port)
            .run(namespace: Self.namespace("ours", count), kubeconfig: cluster.state.kubeconfig) { _ in
                try await insist("\(count) objects to be looked at again", seconds: limitSeconds) {
                    let lines = String(decoding: try await metrics.raw("/metrics"), as: UTF8.self).split(separator: "\n")
                    return lines.contains { $0.hasPrefix(visits) && (Int($0.dropFirst(visits.count)) ?? 0) >= count }
                }
                return (ContinuousClock.now - start) / .seconds(1)
            }
    }

    // MARK: Changes

    private func changeMany(_ migrations: SuspendedMigrations, _ answers: AnswerWatch) async throws -> [Double] {
        try await withThrowingTaskGroup(of: Double.self) { group in
            let start = ContinuousClock.now
            for number in 0..<(Self.busySeconds * Self.changesPerSecond) {
                try await Task.sleep(until: start + .seconds(1) * (Double(number) / Double(Self.changesPerSecond)))
                group.addTask { try await migrations.change(number, to: 1000 + number).latency(answers, limitSeconds: limitSeconds) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    // MARK: Use

    private func cpuPercent(of process: Int32, during body: () async throws -> Void) async throws -> Double {
        func seconds() -> Double { ProcessTimes.read(String(process)).map { $0.own + $0.ended } ?? 0 }
        let (before, start) = (seconds(), ContinuousClock.now)
        try await body()
        return (seconds() - before) / ((ContinuousClock.now - start) / .seconds(1)) * 100
    }
}
