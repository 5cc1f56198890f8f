import FoundationEssentials
import Logging
import MigrationCore
import MigrationPorts

/// The whole copy: every database, at most `copy.jobs` tables at the same time. Run again after any failure, it goes on where it was.
public struct CopyRun: Sendable {
    let context: CopyContext

    public init(_ context: CopyContext) { self.context = context }

    /// - Throws: ``PostgresError``, ``CopyRejected`` and failures of `pg_dump`.
    public func run() async throws {
        try await Admission(context: context).check()
        let folder = FileManager.default.temporaryDirectory.path + "/dbmigration-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var copies: [String: DatabaseCopy] = [:]
        do {
            for database in context.task.plan.databases { copies[database.name] = try await DatabaseCopy.take(context, database, folder: folder) }
            // Once more, now that a clean-up of the target would have to take the locks first.
            try await Admission(context: context).check()
            try await run(copies)
        } catch {
            for copy in copies.values { await copy.holder.close() }
            throw error
        }
        for copy in copies.values { await copy.holder.close() }
    }

    private func run(_ copies: [String: DatabaseCopy]) async throws {
        let prepared = try await concurrently(Array(copies.values), limit: context.jobs) { copy in
            (copy.database.name, try await copy.prepare(), try await unfinished(copy))
        }
        let phases = Dictionary(prepared.map { ($0.0, $0.1) }) { $1 }
        let items = prepared.flatMap { name, phase, tables in
            phase > .schema ? [] : tables.compactMap { table in copies[name].map { CopyQueue.Item(database: $0.database, table: table) } }
        }
        let withRows = Set(items.map(\.database.name))
        let queue = CopyQueue(items)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<context.jobs { group.addTask { try await lane(queue, copies) } }
            try await group.waitForAll()
        }
        let rest = copies.values.filter { !withRows.contains($0.database.name) }
        _ = try await concurrently(rest, limit: context.jobs) { try await $0.finish(from: phases[$0.database.name] ?? .schema) }
    }

    private func unfinished(_ copy: DatabaseCopy) async throws -> [Table] {
        let tables = try await context.sourceSessions.with(database: copy.database.name) { try await SourceCatalog(session: $0).tables() }
        let finished = try await Journal(session: copy.holder).finishedTables()
        return tables.filter { !finished.contains($0.label) }
    }

    /// Copies one table after another; who copies the last one of a database also makes its indexes.
    private func lane(_ queue: CopyQueue, _ copies: [String: DatabaseCopy]) async throws {
        while let item = await queue.next() {
            try Task.checkCancellation()
            let target = try await context.openTarget(item.database.targetName)
            do {
                try await context.sourceSessions.with(database: item.database.name) { source in
                    try await TableCopy(source: source, target: target).run(item.table, context)
                }
            } catch {
                await target.close()
                throw error
            }
            await target.close()
            context.logger.info("copied", metadata: ["database": "\(item.database.name)", "table": "\(item.table.label)"])
            if await queue.done(item) { try await copies[item.database.name]?.finish(from: .schema) }
        }
    }
}
