public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts

/// What the selected workloads' pods log, through the API server.
public struct PodLogs: LogsPort {
    /// Bytes of all logs that one reading takes, however many pods there are: the controller serves many migrations with little memory.
    static let budgetBytes = 8 << 20
    /// Of one container, at most and at least.
    static let containerBytes = (64 << 10)...(1 << 20)
    /// Containers that one reading asks; more are said to be missing.
    static let containerLimit = 100
    /// Logs read at the same time.
    static let parallel = 4

    private let client: KubernetesClient
    /// For all of it: a node that hangs must not hold up the other checks.
    private let timeoutSeconds: Int

    public init(client: KubernetesClient) { self.init(client: client, timeoutSeconds: 10) }

    init(client: KubernetesClient, timeoutSeconds: Int) {
        self.client = client
        self.timeoutSeconds = timeoutSeconds
    }

    public func matches(_ migration: MigrationReference, plan: Plan, check: Plan.LogCheck, seconds: Int) async -> Fact<MeasuredValues> {
        guard let pattern = try? TextPattern(check.errorPattern) else { return .unknown("errorPattern cannot be used") }
        return await withTaskGroup(of: Fact<MeasuredValues>.self) { group in
            group.addTask { await read(migration, plan, pattern, seconds) }
            group.addTask {
                try? await Task.sleep(for: .seconds(timeoutSeconds))
                return .unknown("the logs were not read within \(timeoutSeconds) s")
            }
            defer { group.cancelAll() }
            return await group.next() ?? .unknown("nothing was read")
        }
    }

    private func read(_ migration: MigrationReference, _ plan: Plan, _ pattern: TextPattern, _ seconds: Int) async -> Fact<MeasuredValues> {
        do {
            let all = try await Workloads(client: client).pods(migration, plan).flatMap(Source.all)
            guard !all.isEmpty else { return .unknown("no container of the selected workloads runs") }
            let sources = all.prefix(Self.containerLimit)
            let share = Self.budgetBytes / sources.count
            let limit = min(Self.containerBytes.upperBound, max(Self.containerBytes.lowerBound, share))
            var count = LogCount()
            if all.count > sources.count { count.miss("\(all.count - sources.count) containers of \(all.count) were not asked") }
            try await withThrowingTaskGroup(of: LogCount.self) { group in
                for (index, source) in sources.enumerated() {
                    if index >= Self.parallel, let one = try await group.next() { count.add(one) }
                    group.addTask { try await read(source, migration, pattern, seconds, limit) }
                }
                for try await one in group { count.add(one) }
            }
            return .value(count.values)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func read(
        _ source: Source, _ migration: MigrationReference, _ pattern: TextPattern, _ seconds: Int, _ limit: Int
    ) async throws(KubernetesError) -> LogCount {
        var count = LogCount()
        do {
            let log = try await client.podLogs(
                source.pod, namespace: migration.namespace, container: source.container, limitBytes: limit, sinceSeconds: seconds)
            await count.add(log, isWhole: log.utf8.count < limit, of: "\(source.pod)/\(source.container)", pattern)
        } catch {
            // A pod that went meanwhile logs nothing any more.
            guard error.kind == .notFound else { throw error }
        }
        return count
    }

    /// One container that has a log.
    private struct Source: Sendable {
        var pod: String
        var container: String

        /// Containers that never started have none.
        static func all(_ pod: Pod) -> [Source] {
            (pod.status?.containerStatuses ?? []).filter { $0.state?.running != nil || $0.state?.terminated != nil || ($0.restartCount ?? 0) > 0 }
                .map { Source(pod: pod.name, container: $0.name) }
        }
    }
}
