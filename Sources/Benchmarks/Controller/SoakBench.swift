import DevCluster
import KubernetesClient
import KubernetesModel
import Synchronization
import Torture

/// A long time of the controller in a short one: as many events as a day has, and watches that end every few seconds. Its memory has to stay.
public struct SoakBench: Sendable {
    public var program: String
    public var objects: Int
    /// Changes the API server tells, answers included.
    public var events: Int
    /// How long the controller's watches last.
    public var watchSeconds: Int
    /// The repository's `manifests` folder.
    public var manifests: String
    /// For what hangs: seconds for each single wait.
    public var limitSeconds: Int

    private static let changers = 16
    private static let parts = 10
    private static let values = 1000

    public init(program: String, objects: Int, events: Int, watchSeconds: Int, manifests: String, limitSeconds: Int) {
        self.program = program
        self.objects = objects
        self.events = events
        self.watchSeconds = watchSeconds
        self.manifests = manifests
        self.limitSeconds = limitSeconds
    }

    /// Changes the objects as fast as they are answered, and tells about each tenth through `tell`.
    ///
    /// - Throws: ``TortureError`` when a wait hangs, ``BenchmarkError`` when the controller ends by itself.
    public func run(tell: @Sendable (String) -> Void) async throws -> SoakResult {
        let cluster = try Cluster()
        let client = cluster.client
        // The 1.20 server does not know CEL rules; current clients would refuse the field.
        _ = try await cluster.kubectl("apply", "--validate=false", "-k", manifests + "/crd")
        _ = try await cluster.kubectl("wait", "--for=condition=Established", "crd/databasemigrations.migrations.mystira.app", "--timeout=60s")
        let namespace = "bench-soak"
        _ = try await client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        let migrations = SuspendedMigrations(client: client, namespace: namespace, count: objects)
        try await migrations.create()
        let answers = AnswerWatch()
        let follower = Task { await answers.follow(client, namespace: namespace) }
        defer { follower.cancel() }
        let controller = ControllerContender.ours(program, watchSeconds: watchSeconds)
        return try await controller.run(namespace: namespace, kubeconfig: cluster.state.kubeconfig) { process in
            try await insist("\(objects) objects to be answered", seconds: limitSeconds, state: { "\(answers.count) are" }) {
                answers.count == objects
            }
            let start = ContinuousClock.now
            let next = Atomic(0)
            var result = SoakResult(objects: objects, watchSeconds: watchSeconds)
            for part in 1...Self.parts {
                try await changeAll(migrations, answers, until: events * part / Self.parts) { next.add(1, ordering: .relaxed).oldValue }
                guard let memory = ProcessMemory.resident.mebibytes(of: process) else { throw BenchmarkError.ended(controller.name) }
                result.rssMiB.append(memory)
                tell("  \(answers.events) events, \(tenths(memory)) MiB")
            }
            result.events = answers.events
            result.seconds = (ContinuousClock.now - start) / .seconds(1)
            return result
        }
    }

    private func changeAll(
        _ migrations: SuspendedMigrations, _ answers: AnswerWatch, until goal: Int, next: @escaping @Sendable () -> Int
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.changers {
                group.addTask {
                    while answers.events < goal {
                        let number = next()
                        _ = try await migrations.change(number, to: number / migrations.count % Self.values)
                            .latency(answers, limitSeconds: limitSeconds)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
