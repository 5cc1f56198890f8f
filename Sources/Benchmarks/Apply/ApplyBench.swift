import Torture

/// Up to which load the target keeps up: how fast each contender applies a backlog of known size. While a source commits fewer transactions a second
/// than that, what is behind shrinks; while it commits more, it grows without bound.
///
/// The contenders run one after another on the same pair of servers, each with databases of its own and the same transactions.
public struct ApplyBench: Sendable {
    /// Each of three changes: two rows updated and one inserted, in one of ``tables`` pairs of tables.
    public var transactions: Int
    /// Pairs of tables that nothing connects; their transactions hit rows of their own.
    public var tables: Int
    /// Numbers of lanes to measure.
    public var lanes: [Int]
    /// Longest time for one contender from its first transaction on, in seconds; what it applied until then counts.
    public var seconds: Int

    public init(transactions: Int, tables: Int, lanes: [Int], seconds: Int) {
        self.transactions = transactions
        self.tables = tables
        self.lanes = lanes
        self.seconds = seconds
    }

    /// - Throws: ``TortureError`` or ``BenchmarkError`` when the stage could not be set up, or lanes do not carry all.
    public func run(tell: @Sendable (String) -> Void) async throws -> ApplyResult {
        let cluster = try Cluster()
        var contenders: [any ApplyContender] = lanes.map { LaneContender(cluster: cluster, lanes: $0) }
        let other = PgcopydbContender(cluster: cluster)
        let isInstalled = try await other.isInstalled()
        if isInstalled { contenders.append(other) } else { tell("pgcopydb or wal2json is not installed: measured without it") }
        var results: [ApplyResult.Contender] = []
        for contender in contenders {
            do {
                let result = try await measure(contender, cluster)
                tell(result.text)
                results.append(result)
            } catch let error as BenchmarkError where !(contender is LaneContender) {
                tell("\(contender.name) has no result: \(error)")
            }
        }
        return ApplyResult(transactions: transactions, tables: tables, contenders: results)
    }

    private func measure(_ contender: any ApplyContender, _ cluster: Cluster) async throws -> ApplyResult.Contender {
        let stage = ApplyStage(cluster: cluster, database: "bench_apply_\(contender.label)", tables: tables)
        try await stage.make()
        try await contender.prepare(stage)
        let made = try await stage.load(transactions / tables)
        let progress = try await watched(contender, stage, until: made * contender.share / 100)
        let isEqual = progress.last.count == made ? try await stage.isEqual() : nil
        try await contender.end(stage)
        try await stage.remove()
        return ApplyResult.Contender(contender.name, progress, isEqual: isEqual)
    }

    private func watched(_ contender: any ApplyContender, _ stage: ApplyStage, until wanted: Int) async throws -> ApplyStage.Progress {
        let seconds = seconds
        return try await withThrowingTaskGroup(of: ApplyStage.Progress?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await contender.run(stage)
                return nil
            }
            group.addTask { try await stage.watch(until: wanted, seconds: seconds) }
            while let ended = try await group.next() { if let ended { return ended } }
            throw CancellationError()
        }
    }
}

/// Something that carries the changes of one database to another one.
protocol ApplyContender: Sendable {
    var name: String { get }
    /// Part of a database's name.
    var label: String { get }
    /// Percent of the transactions that are waited for.
    var share: Int { get }
    /// Fills the target, before or after what the contender has to do there. From here on nothing that is written gets lost, and nothing is applied yet.
    func prepare(_ stage: ApplyStage) async throws
    /// Applies, or lets others do it; what it leaves running ends when its task is cancelled or with ``end(_:)``.
    func run(_ stage: ApplyStage) async throws
    /// Nothing of it is left on either server.
    func end(_ stage: ApplyStage) async throws
}
