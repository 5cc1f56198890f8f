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
                let summary = try await CopyRun(context).run()
                let kept = summary.kept > 0 ? ", kept \(summary.kept) that were complete" : ""
                return WorkerResult(succeeded: true, message: "copied \(summary.copied) databases" + kept)
            case .verify: return try await verify(context)
            }
        } catch {
            return failure(error, step: task.step)
        }
    }

    private func verify(_ context: CopyContext) async throws -> WorkerResult {
        let outcome = try await Verification(context).run()
        let busy = outcome.busy.isEmpty ? "" : "; \(outcome.busy.count) busy tables are compared again in the write pause, e.g. \(outcome.busy[0])"
        let stale = outcome.stale.first.map { "; materialized views are as old as the copy in \($0)" } ?? ""
        guard let first = outcome.mismatches.first else {
            let what = context.task.plan.verification == .checksum ? "row counts and checksums" : "row counts"
            return WorkerResult(succeeded: true, message: Self.limited("\(what) are equal" + busy + stale))
        }
        return WorkerResult(
            succeeded: false, reason: .verificationMismatch,
            message: Self.limited("\(outcome.mismatches.count) tables differ, e.g. \(first): look for writes that passed the fence" + busy))
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
        case is CopyInterrupted: return WorkerResult(succeeded: false, reason: reason, message: message, mayRetry: true)
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
