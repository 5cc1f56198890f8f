import Logging
import MigrationCore
import MigrationPorts

/// Compares every table on both sides, by `verification.mode`. In live mode materialized views are filled again afterwards, since no lane does that.
public struct Verification: Sendable {
    /// What the comparison found.
    public struct Outcome: Sendable, Hashable {
        /// What differs, e.g. `orders: public.ledger: 10 rows on the source, 9 on the target`; at most 20 for each database.
        public var mismatches: [String] = []
        /// Live mode: tables written to all the time, so that a difference says nothing; they are compared again in the write pause.
        public var busy: [String] = []
        /// Live mode: databases whose materialized views are as old as the copy, and why.
        public var stale: [String] = []
    }

    let context: CopyContext
    private static let mismatchLimit = 20

    public init(_ context: CopyContext) { self.context = context }

    /// - Throws: ``CopyRejected`` without a finished copy.
    public func run() async throws -> Outcome {
        try await Admission(context: context).check()
        // In live mode much of the time is waiting for lanes; a still source is read one database after the other, `copy.jobs` tables at once.
        let outcomes = try await concurrently(context.task.plan.databases, limit: context.isLive ? context.jobs : 1) { try await verify($0) }
        return outcomes.reduce(into: Outcome()) { all, one in
            all.mismatches += one.mismatches
            all.busy += one.busy
            all.stale += one.stale
        }
    }

    private func verify(_ database: Plan.Database) async throws -> Outcome {
        let epoch = try await finishedEpoch(database)
        let tables = try await context.sourceSessions.with(database: database.name) { try await SourceCatalog(session: $0).tables() }
        var (found, busy) = try await compare(tables, in: database)
        if let difference = try await largeObjects(database) { found.append(difference) }
        // After everything was read: a crash in the middle takes rows that were equal before. In live mode the write pause sets sequences.
        if !context.isLive, let loss = try await context.withTarget(database, { try await UnloggedRows(session: $0).loss() }) { found.append(loss) }
        var stale: String?
        if found.isEmpty {
            if context.isLive { stale = try await MaterializedViews.refill(context, database) }
            try await markVerified(database, epoch: epoch)
        }
        return Outcome(
            mismatches: found.prefix(Self.mismatchLimit).map { "\(database.name): \($0)" }, busy: busy.map { "\(database.name): \($0)" },
            stale: stale.map { ["\(database.name): \($0)"] } ?? [])
    }

    /// No lane carries them: those made since preflight found none are missing on the target, too.
    private func largeObjects(_ database: Plan.Database) async throws -> String? {
        try await context.withTarget(database) { target in
            try await context.sourceSessions.with(database: database.name) {
                try await LargeObjects.difference($0, target, by: context.task.plan.verification)
            }
        }
    }

    /// Of the copy that stands there. In live mode each copy worker is an epoch of its own, and the verifier's task cannot know the last one's.
    private func finishedEpoch(_ database: Plan.Database) async throws -> Int64 {
        let head = try await context.withTarget(database) { try await Journal.head($0) }
        guard let head, head.uid == context.task.uid, context.isLive || head.sourceEpoch == context.task.sourceEpoch, head.phase >= .finished else {
            throw CopyRejected(description: "\(database.targetName) holds no finished copy of fence epoch \(context.task.sourceEpoch): copy first")
        }
        return head.sourceEpoch
    }

    private func compare(_ tables: [Table], in database: Plan.Database) async throws -> (mismatches: [String], busy: [String]) {
        if context.isLive { return try await LiveComparison(context: context, database: database).run(tables) }
        let (context, journal) = (context, ComparisonJournal(context: context, database: database))
        let differences = try await concurrently(PartitionRouting.compared(tables), limit: context.jobs) { table in
            async let source = context.sourceSessions.with(database: database.name) {
                try await TableReading.read(table, by: context.task.plan.verification, in: $0)
            }
            let target = try await context.readTarget(table, in: database)
            let comparison = Comparison(table: table, source: try await source, target: target)
            try await journal.note(comparison)
            return comparison.difference.map { "\(table.label): \($0)" }
        }
        return (differences.compactMap { $0 }, [])
    }

    private func markVerified(_ database: Plan.Database, epoch: Int64) async throws {
        try await context.withTarget(database) {
            try await $0.execute(Journal.markVerified(uid: context.task.uid, epoch: epoch), attempt: "write the journal")
        }
    }
}

extension CopyContext {
    func readTarget(_ table: Table, in database: Plan.Database) async throws -> Result<TableReading, MissingRelation> {
        try await withTarget(database) { try await TableReading.readTarget(table, by: task.plan.verification, in: $0) }
    }
}

/// What was compared, in the target's journal: shown as progress, and the final check's guide to what may have changed since.
struct ComparisonJournal: Sendable {
    let context: CopyContext
    let database: Plan.Database

    /// - Parameters:
    ///   - activity: How much the source's table had been written to before it was read; `nil` behind a fence.
    ///   - targetActivity: The same of the target's.
    func note(_ comparison: Comparison, activity: Int64? = nil, targetActivity: Int64? = nil) async throws {
        var target: Int64 = -1
        if case .success(let reading) = comparison.target { target = reading.rows }
        try await write(
            comparison.table,
            """
            source_rows = \(comparison.source.rows), target_rows = \(target), difference = \(SQL.literal(comparison.difference)),
            source_activity = \(activity.map(String.init) ?? "NULL"), target_activity = \(targetActivity.map(String.init) ?? "NULL")
            """)
    }

    /// Nothing can be said of this one yet.
    func noteUndecided(_ table: Table) async throws {
        try await write(table, "source_rows = NULL, target_rows = NULL, difference = NULL, source_activity = NULL, target_activity = NULL")
    }

    private func write(_ table: Table, _ assignments: String) async throws {
        let names = (table.leaves.isEmpty ? [table] : table.leaves).map { "(\(SQL.literal($0.schema)), \(SQL.literal($0.name)))" }
        try await context.withTarget(database) { session in
            try await session.execute(
                "UPDATE _dbmigration.copied SET \(assignments) WHERE (schema, name) IN (\(names.joined(separator: ", ")))",
                attempt: "write the journal")
        }
    }
}
