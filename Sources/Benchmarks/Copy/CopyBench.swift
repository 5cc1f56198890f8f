import MigrationCore
import Torture

/// How long a database takes from one server to the other, by every way people have, one after another on the same pair of servers.
public struct CopyBench: Sendable {
    /// Sizes of the database; 1 is 2.2 GB.
    public var scales: [Double]
    /// How often each way copies it.
    public var runs: Int
    /// Tables, and indexes, at once, for everyone who can.
    public var jobs: Int
    /// Whether the worker copies behind a fence instead of under a slot's snapshot.
    public var isFenced: Bool
    /// From which size on the worker copies a table in parts, in MiB.
    public var splitAboveMiB: Int
    /// Who takes part, by a name of its result; everybody when empty.
    public var only: Set<String>
    /// The executable whose worker is measured.
    public var program: String

    /// What a result may be called.
    public static let names = CopyWay.allCases.filter { $0 != .pgRestore }.map(\.rawValue)

    public init(
        scales: [Double], runs: Int, jobs: Int, isFenced: Bool, splitAboveMiB: Int = 1024, only: Set<String> = [], program: String
    ) {
        self.scales = scales
        self.runs = runs
        self.jobs = jobs
        self.isFenced = isFenced
        self.splitAboveMiB = splitAboveMiB
        self.only = only
        self.program = program
    }

    /// - Throws: ``TortureError``, or an error of PostgreSQL, when the stage could not be set up or cleared. A contender's failure is in the result.
    public func run(tell: @Sendable (String) -> Void) async throws -> CopyResults {
        var results: [CopyResult] = []
        for scale in scales {
            let stage = CopyStage(cluster: try Cluster(), database: "bench_copy", jobs: jobs)
            try await stage.makeSource(CopyData.texts(scale: scale))
            var result = try await contest(stage, "scale \(scale)", tell)
            if scales.count > 1 { result.scale = scale }
            results.append(result)
            try await stage.remove()
        }
        return CopyResults(results: results)
    }

    private func contest(_ stage: CopyStage, _ size: String, _ tell: @Sendable (String) -> Void) async throws -> CopyResult {
        var contenders: [any CopyContender] = [ScriptContender.runbook, ScriptContender.directory(), ScriptContender.pipe]
        if await ScriptContender.isPgcopydbInstalled(tell) { contenders.append(ScriptContender.pgcopydb) }
        let ours = WorkerContender(program: program, mode: isFenced ? .snapshot : .live, splitAboveMiB: splitAboveMiB)
        contenders += [FloorContender(), ours] as [any CopyContender]
        if !only.isEmpty { contenders.removeAll { !$0.ways.contains { only.contains($0.rawValue) } } }
        let outcome = try await CopyContest(stage: stage, contenders: contenders, runs: runs).run(tell: tell)
        let table = CopyTable(
            ways: CopyWay.allCases.filter { $0 != .pgRestore }, medians: outcome.costs.compactMapValues { CopyCost(medianOf: $0) },
            references: [.runbook, .pgcopydb], jobs: jobs)
        return CopyResult(
            table: table, failures: outcome.failures, subject: "\(size): \(outcome.content), \(outcome.content.bytes / 1_000_000) MB",
            bytes: outcome.content.bytes, title: "copy", isAboutBytes: true)
    }
}
