import FoundationEssentials
import Logging
import MigrationCore
import MigrationPorts

/// The whole copy: every database, at most `copy.jobs` tables and `copy.indexJobs` indexes at the same time. Run again after any failure, it goes on
/// where it was; in live mode as long as somebody has kept its snapshots.
public struct CopyRun: Sendable {
    /// Databases by what was done.
    public struct Summary: Sendable, Hashable {
        /// From their first table on, or from where an earlier worker had come.
        public var copied: Int
        /// Complete already, with every change since kept for them.
        public var kept: Int
    }

    let context: CopyContext

    public init(_ context: CopyContext) { self.context = context }

    /// - Throws: ``PostgresError``, ``CopyRejected``, ``CopyInterrupted`` and failures of `pg_dump`.
    public func run() async throws -> Summary {
        try await Admission(context: context).check()
        let folder = FileManager.default.temporaryDirectory.path + "/dbmigration-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var copies: [DatabaseCopy] = []
        do {
            for database in context.task.plan.databases { copies.append(try await DatabaseCopy.take(context, database, folder: folder)) }
            // Once more, now that a clean-up of the target would have to take the locks first.
            try await Admission(context: context).check()
            let summary = try await run(copies)
            for copy in copies { await copy.holder.close() }
            return summary
        } catch {
            for copy in copies {
                if !Self.mayGoOn(after: error) { await copy.forgetSnapshots() }
                await copy.holder.close()
            }
            throw error
        }
    }

    /// Whether what failed may succeed under the same snapshots: a connection that broke or a full disk may, a table that is no longer as they show it may not.
    private static func mayGoOn(after error: any Error) -> Bool {
        switch error {
        case let error as PostgresError: error.isTransient
        case let error as ToolFailure: error.isTransient
        case let error as CopyInterrupted: error.mayGoOn
        default: error is CancellationError
        }
    }

    private func run(_ copies: [DatabaseCopy]) async throws -> Summary {
        let context = context
        let prepared = try await concurrently(copies, limit: context.jobs) { try await $0.prepare() }
        let begun = prepared.filter { $0.phase < .finished }
        let copies = begun.map(\.copy)
        let queue = CopyQueue(CopyOrder(try await divide(begun)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<context.jobs {
                group.addTask {
                    var lane = CopyLane(context, copies, queue)
                    try await lane.run()
                }
            }
            for _ in 0..<context.indexJobs {
                group.addTask {
                    var lane = BuildLane(context, copies, queue)
                    try await lane.run()
                }
            }
            // The first failure ends the others: what they have committed is kept.
            for try await _ in group {}
        }
        let kept = context.isLive ? prepared.count { $0.phase >= .finished } : 0
        return Summary(copied: prepared.count - kept, kept: kept)
    }

    /// What is left to do in each database, with the parts of large tables noted in the journals.
    private func divide(_ prepared: [DatabaseCopy.Prepared]) async throws -> [[TableWork]] {
        let split = TableSplit(
            limitMiB: context.task.plan.copy.splitAboveMiB, jobs: context.jobs,
            totalBytes: prepared.reduce(0) { $0 + $1.inventory.tables.reduce(0) { $0 + $1.bytes } })
        return try await concurrently(prepared) { database in
            let work = database.inventory.work(split)
            try await database.copy.note(work.compactMap(\.division))
            return work
        }
    }
}
