import FoundationEssentials
public import Logging
import MigrationCore
public import MigrationPorts
import PostgresEngine
import StructuredData

/// Runs one step of a migration to its end, as the Job's container.
public struct MigrationWorker: Sendable {
    private let logger: Logger
    private static let messageLimit = 1024

    public init(logger: Logger) { self.logger = logger }

    /// Reads task and credentials from the environment, runs, writes the termination message, and answers the exit code.
    public static func main(environment: [String: String], logger: Logger) async -> Int32 {
        let result: WorkerResult
        do {
            let task = try JSON.decode(WorkerTask.self, from: environment[WorkerEnvironment.task] ?? "")
            result = await MigrationWorker(logger: logger).run(task: task, environment: environment)
        } catch {
            result = WorkerResult(succeeded: false, reason: .workerRejected, message: "\(WorkerEnvironment.task) holds no task")
        }
        let file = environment[WorkerEnvironment.terminationLog] ?? "/dev/termination-log"
        do {
            try JSON.encode(result).write(to: URL(filePath: file))
        } catch {
            logger.error("cannot write the termination message", metadata: ["file": "\(file)"])
        }
        if !result.succeeded { logger.error("\(result.message)") }
        return result.succeeded ? 0 : 1
    }

    /// Never throws: what went wrong is the result.
    public func run(task: WorkerTask, environment: [String: String]) async -> WorkerResult {
        do {
            let credentials = try WorkerCredentials(task: task, environment: environment)
            let context = CopyContext(task: task, source: credentials.source, target: credentials.target, logger: logger)
            switch task.step {
            case .copy:
                try await CopyRun(context).run()
                return WorkerResult(succeeded: true, message: "copied \(task.plan.databases.count) databases")
            case .verify: return try await verify(context)
            }
        } catch {
            return failure(error, step: task.step)
        }
    }

    private func verify(_ context: CopyContext) async throws -> WorkerResult {
        let mismatches = try await Verification(context).run()
        guard let first = mismatches.first else { return WorkerResult(succeeded: true, message: "row counts are equal") }
        return WorkerResult(
            succeeded: false, reason: .verificationMismatch,
            message: Self.limited("\(mismatches.count) tables differ, e.g. \(first): look for writes that passed the fence"))
    }

    private func failure(_ error: any Error, step: WorkerStep) -> WorkerResult {
        let reason: Reason = step == .copy ? .copyFailed : .verificationFailed
        let message = Self.limited(String(describing: error))
        switch error {
        case is MissingCredential, is CopyRejected: return WorkerResult(succeeded: false, reason: .workerRejected, message: message)
        case let error as PostgresError where error.sqlState == CopyRejected.sqlState:
            return WorkerResult(succeeded: false, reason: .workerRejected, message: message)
        case let error as ToolFailure: return WorkerResult(succeeded: false, reason: reason, message: message, mayRetry: error.isTransient)
        case let error as PostgresError: return WorkerResult(succeeded: false, reason: reason, message: message, mayRetry: error.isTransient)
        case is CancellationError: return WorkerResult(succeeded: false, reason: reason, message: "stopped", mayRetry: true)
        default: return WorkerResult(succeeded: false, reason: reason, message: message)
        }
    }

    /// Fits a termination message, whole characters only.
    private static func limited(_ text: String) -> String {
        var message = text
        while message.utf8.count > messageLimit { message.removeLast(max(1, (message.utf8.count - messageLimit) / 4)) }
        return message
    }
}
