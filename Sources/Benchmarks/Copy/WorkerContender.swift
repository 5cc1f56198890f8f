import FoundationEssentials
import Logging
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Subprocess

/// This project's copy: one worker process, told what the Job would tell it, from its start to its end. The fences stand before, as in a migration.
struct WorkerContender: CopyContender {
    /// The executable.
    let program: String
    let mode: Plan.Copy.Mode
    /// From which size on it copies a table in parts, in MiB.
    let splitAboveMiB: Int
    private let port = PostgresMigration(logger: Logger(label: "bench"))

    let ways: [CopyWay] = [.ours]
    /// Of the first Job in Live mode, and of the first closed fence in the other.
    private static let epoch: Int64 = 1

    init(program: String, mode: Plan.Copy.Mode, splitAboveMiB: Int = 1024) {
        self.program = program
        self.mode = mode
        self.splitAboveMiB = splitAboveMiB
    }

    private func context(_ stage: CopyStage) -> DatabaseContext {
        let (source, target) = (stage.access(.source), stage.access(.target))
        let plan = Plan(
            source: source.server, target: target.server, databases: [Plan.Database(name: stage.database)],
            copy: Plan.Copy(mode: mode, jobs: stage.jobs, indexJobs: stage.jobs, splitAboveMiB: splitAboveMiB),
            cutover: Plan.Cutover(pauseSeconds: 60, connections: [], workloads: []))
        return DatabaseContext(uid: stage.uid, plan: plan, source: source, target: target, applicationRoles: [])
    }

    func prepare(_ stage: CopyStage) async throws {
        let context = context(stage)
        try await port.prepareTarget(context)
        if mode == .snapshot { try await port.closeSource(context, epoch: 0) }
    }

    func run(_ way: CopyWay, _ stage: CopyStage) async throws -> Double? {
        let log = "\(stage.folder)/termination-log"
        // env takes a path, and becomes the program.
        let result = try await Subprocess.run(
            .name("env"), arguments: ["--", program, "worker", WorkerStep.copy.rawValue], environment: try environment(stage, log: log),
            input: .none, output: .discarded, error: .discarded
        ) { try await ProcessMemory.watchPeak($0.processIdentifier.value) }
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            let text = (try? Data(contentsOf: URL(filePath: log))).flatMap { try? JSON.decode(WorkerResult.self, from: $0).message }
            throw BenchmarkError.program("worker copy", output: text ?? "it ended with \(result.terminationStatus) and no message")
        }
        return result.closureResult
    }

    /// What the Job's container has.
    private func environment(_ stage: CopyStage, log: String) throws -> Environment {
        let context = context(stage)
        let task = WorkerTask(uid: context.uid, step: .copy, number: 1, sourceEpoch: Self.epoch, plan: context.plan)
        let variables = [
            WorkerEnvironment.task: try JSON.text(task), WorkerEnvironment.terminationLog: log,
            WorkerEnvironment.sourceUser: context.source.user, WorkerEnvironment.sourcePassword: context.source.password.reveal(),
            WorkerEnvironment.sourceCertificateAuthority: context.source.certificateAuthorityFile,
            WorkerEnvironment.targetUser: context.target.user, WorkerEnvironment.targetPassword: context.target.password.reveal(),
            WorkerEnvironment.targetCertificateAuthority: context.target.certificateAuthorityFile,
        ]
        return .inherit.updating(Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }

    func end(_ stage: CopyStage) async throws {
        let context = context(stage)
        if mode == .snapshot { try await port.openSource(context, epoch: Self.epoch) }
        for side in [Side.target, .source] { try await port.removeArtefacts(context, side: side) }
    }
}
