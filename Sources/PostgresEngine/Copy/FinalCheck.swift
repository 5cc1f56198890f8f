import MigrationCore
public import MigrationPorts
import StructuredData

/// The last comparison, inside the write pause: the source is closed and every lane drained, so both sides stand still and any difference counts.
/// Tables that were written to since the verification are compared, the busiest first, last those which only the target's side of was; what the time
/// does not suffice for stays uncompared.
public struct FinalCheck: Sendable {
    public struct Outcome: Sendable, Hashable {
        /// What differs, as ``Verification/Outcome/mismatches``.
        public var mismatches: [String]
        /// Tables read to their end.
        public var compared: Int
        /// Those written to since the verification, or not decided by it.
        public var tables: Int

        public init(mismatches: [String] = [], compared: Int = 0, tables: Int = 0) {
            self.mismatches = mismatches
            self.compared = compared
            self.tables = tables
        }
    }

    /// Sessions are named as a worker's, so that whoever moves a fence ends them too.
    private static let suffix = OwnSessions.Kind.worker.rawValue + "-final"

    /// What a kept session goes back with.
    private static let unlimited = "SET statement_timeout = 0"

    private struct Item: Sendable {
        var database: Plan.Database
        var table: Table
        /// Rows written since the verification; `.max` when it decided nothing.
        var changes: Int64
    }

    private let source: Sessions
    private let target: Sessions
    private let plan: Plan
    private let deadline: ContinuousClock.Instant

    /// - Parameters:
    ///   - limit: How many tables at most.
    ///   - seconds: How long at most; 0 compares nothing.
    /// - Throws: ``PostgresError`` when a server does not answer, or not even lists its tables in time.
    public static func run(_ context: DatabaseContext, tables limit: Int = .max, seconds: Int) async throws -> Outcome {
        try await run(context, tables: limit, seconds: seconds, pool: nil)
    }

    static func run(_ context: DatabaseContext, tables limit: Int = .max, seconds: Int, pool: SessionPool?) async throws -> Outcome {
        guard context.plan.verification != .none, seconds > 0 else { return Outcome() }
        let check = FinalCheck(
            source: Sessions(context.source, uid: context.uid, suffix: suffix, pool: pool),
            target: Sessions(context.target, uid: context.uid, suffix: suffix, pool: pool),
            plan: context.plan, deadline: .now + .seconds(seconds))
        return try await check.run(limit: limit)
    }

    private func run(limit: Int) async throws -> Outcome {
        let items = try await concurrently(plan.databases, limit: 4) { try await self.items(of: $0) }.flatMap { $0 }
        let ordered = items.sorted { ($1.changes, $0.database.name, $0.table.bytes) < ($0.changes, $1.database.name, $1.table.bytes) }
        let comparisons = try await concurrently(Array(ordered.prefix(limit)), limit: max(1, plan.copy.jobs)) { try await compare($0) }
        return Outcome(
            mismatches: comparisons.compactMap { $0?.mismatch }, compared: comparisons.count { $0 != nil }, tables: items.count)
    }

    private func items(of database: Plan.Database) async throws -> [Item] {
        let limit = "SET statement_timeout = \(max(1, millisecondsLeft))"
        async let known = source.withIdle(database: database.name, first: limit, after: Self.unlimited) { session in
            let answers = try await session.execute("\(SourceCatalog.listing); \(SourceCatalog.activityListing)", attempt: "list the tables")
            return (try SourceCatalog.tables(answers.first ?? .none), SourceCatalog.activity(answers.last ?? .none))
        }
        let before = try await target.withIdle(database: database.targetName, first: limit, after: Self.unlimited) { try await Self.noted($0) }
        let (tables, activity) = try await known
        return tables.compactMap { table in
            guard let noted = before[table.key] else { return Item(database: database, table: table, changes: .max) }
            // A restart of the server may have reset the counters.
            let changes = abs((activity[table.key] ?? 0) - noted.source)
            // Those written on the target alone come last: what a lane applied may have been counted late.
            return changes > 0 || noted.isWrittenOnTarget ? Item(database: database, table: table, changes: changes) : nil
        }
    }

    private struct Noted: Sendable {
        /// Rows written to the source's table before it was found equal.
        var source: Int64
        /// Rows were written to the target's table since.
        var isWrittenOnTarget: Bool
    }

    private struct JournalEntry: Decodable {
        var schema: String
        var name: String
        var source: Int64
        /// `nil` when it was not noted.
        var target: Int64?

        var key: ExactName { SQL.key(schema, name) }
    }

    private static let journal = OptionalTables.statements([
        .init(
            name: "copied", table: "copied",
            query: """
                SELECT json_agg(json_build_object('schema', schema, 'name', name, 'source', source_activity, 'target', target_activity))
                FROM _dbmigration.copied WHERE source_activity IS NOT NULL
                """)
    ])

    /// What the verification noted of each table it decided, by its key, in a session on the target.
    private static func noted(_ session: PostgresConnection) async throws -> [ExactName: Noted] {
        let answers = try await session.execute("\(SourceCatalog.activityListing); \(journal)", attempt: "read the journal")
        let entries = try answers.last?.first?["copied"].map { try JSON.decode([JournalEntry].self, from: $0) } ?? []
        let now = SourceCatalog.activity(answers.first ?? .none)
        let noted = entries.map { entry in
            (entry.key, Noted(source: entry.source, isWrittenOnTarget: entry.target.map { $0 != now[entry.key] } ?? false))
        }
        return Dictionary(noted) { $1 }
    }

    private var millisecondsLeft: Int64 { Int64((deadline - .now) / .milliseconds(1)) }

    private struct Compared: Sendable { var mismatch: String? }

    /// `nil` when time ran out.
    private func compare(_ item: Item) async throws -> Compared? {
        let (table, method) = (item.table, plan.verification)
        let milliseconds = millisecondsLeft
        guard milliseconds >= 1 else { return nil }
        do {
            async let onSource = source.withIdle(database: item.database.name, after: Self.unlimited) {
                try await TableReading.read(table, by: method, in: $0, milliseconds: milliseconds)
            }
            let onTarget = try await target.withIdle(database: item.database.targetName, after: Self.unlimited) {
                try await TableReading.readTarget(table, by: method, in: $0, milliseconds: milliseconds)
            }
            let comparison = Comparison(table: table, source: try await onSource, target: onTarget)
            return Compared(mismatch: comparison.difference.map { "\(item.database.name): \(table.label): \($0)" })
        } catch let error as PostgresError where error.sqlState == "57014" && !Task.isCancelled {
            return nil
        }
    }
}
