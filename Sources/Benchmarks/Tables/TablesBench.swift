import MigrationCore
import Torture

/// How long very many small tables take, one after another by those who can do it in parallel.
public struct TablesBench: Sendable {
    public var tables: Int
    public var runs: Int
    public var jobs: Int
    /// The executable whose worker is measured.
    public var program: String

    public init(tables: Int, runs: Int, jobs: Int, program: String) {
        self.tables = tables
        self.runs = runs
        self.jobs = jobs
        self.program = program
    }

    /// - Throws: ``TortureError``, or an error of PostgreSQL, when the stage could not be set up or cleared. A contender's failure is in the result.
    public func run(tell: @Sendable (String) -> Void) async throws -> CopyResult {
        let stage = CopyStage(cluster: try Cluster(), database: "bench_tables", jobs: jobs)
        try await stage.makeSource(ManyTables.texts(tables))
        var contenders: [any CopyContender] = [WorkerContender(program: program, mode: .live)]
        if await ScriptContender.isPgcopydbInstalled(tell) { contenders.append(ScriptContender.pgcopydb) }
        contenders.append(ScriptContender.directory(as: .pgRestore))
        let outcome = try await CopyContest(stage: stage, contenders: contenders, runs: runs).run(tell: tell)
        try await stage.remove()
        let table = CopyTable(
            ways: [.ours, .pgcopydb, .pgRestore], medians: outcome.costs.compactMapValues { CopyCost(medianOf: $0) },
            references: [.pgRestore, .pgcopydb],
            jobs: jobs)
        return CopyResult(
            table: table, failures: outcome.failures, subject: "\(outcome.content)", bytes: outcome.content.bytes, title: "tables",
            isAboutBytes: false)
    }
}
