import MigrationCore
import MigrationPorts

/// Counts the rows of every table on both sides.
public struct Verification: Sendable {
    let context: CopyContext
    private static let mismatchLimit = 20

    public init(_ context: CopyContext) { self.context = context }

    /// What differs, e.g. `orders: public.ledger: 10 rows on the source, 9 on the target`; empty when all is equal.
    public func run() async throws -> [String] {
        try await Admission(context: context).check()
        var mismatches: [String] = []
        for database in context.task.plan.databases {
            try await refuseUnfinished(database)
            let sessions = context.sourceSessions
            let (tables, largeObjects) = try await sessions.with(database: database.name) { source in
                (try await SourceCatalog(session: source).tables(), try await SourceCatalog(session: source).largeObjects())
            }
            var found = try await concurrently(tables, limit: context.jobs) { try await compare($0, in: database) }.compactMap { $0 }
            if largeObjects > 0 { found.append("\(largeObjects) large objects on the source are not copied") }
            if found.isEmpty { try await markVerified(database) }
            mismatches += found.prefix(Self.mismatchLimit).map { "\(database.name): \($0)" }
        }
        return mismatches
    }

    private func refuseUnfinished(_ database: Plan.Database) async throws {
        let session = try await context.openTarget(database.targetName)
        let head = try await Journal.head(session)
        await session.close()
        guard let head, head.uid == context.task.uid, head.sourceEpoch == context.task.sourceEpoch, head.phase >= .finished else {
            throw CopyRejected(description: "\(database.targetName) holds no finished copy of fence epoch \(context.task.sourceEpoch): copy first")
        }
    }

    private func compare(_ table: Table, in database: Plan.Database) async throws -> String? {
        let statement = "SELECT count(*) FROM ONLY \(table.sql)"
        let context = context
        async let onSource = context.sourceSessions.with(database: database.name) { session in
            try await session.rows(statement, attempt: "count \(table.label)").first?.integer("count")
        }
        let target = try await context.openTarget(database.targetName)
        let onTarget: Int64?
        do {
            onTarget = try await target.rows(statement, attempt: "count \(table.label)").first?.integer("count")
        } catch let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "3F000" {
            onTarget = nil
        }
        let expected = try await onSource
        try await target.execute(
            """
            UPDATE _dbmigration.copied SET source_rows = \(expected ?? -1), target_rows = \(onTarget ?? -1)
            WHERE schema = \(SQL.literal(table.schema)) AND name = \(SQL.literal(table.name))
            """, attempt: "write the journal")
        await target.close()
        if let onTarget, onTarget == expected { return nil }
        return "\(table.label): \(expected ?? -1) rows on the source, " + (onTarget.map { "\($0) on the target" } ?? "the target has no such table")
    }

    private func markVerified(_ database: Plan.Database) async throws {
        let session = try await context.openTarget(database.targetName)
        try await session.execute(Journal.markVerified(uid: context.task.uid, epoch: context.task.sourceEpoch), attempt: "write the journal")
        await session.close()
    }
}
