import Logging
import MigrationCore
import MigrationPorts

/// Compares one database's tables while the source is written to. The target is read once it has everything that was seen on the source, so it
/// may hold more, never less. A difference counts only where the source stood still meanwhile; other tables are read again, later and later.
struct LiveComparison: Sendable {
    let context: CopyContext
    let database: Plan.Database

    /// Before each pass over what is still undecided.
    private static let pauses: [Duration] = [.zero, .seconds(1), .seconds(3)]
    /// PostgreSQL's sessions report what they wrote within 10 s (`PGSTAT_IDLE_INTERVAL`; before 15 at their next command).
    private static let statisticsSeconds = 11

    private enum Finding: Sendable {
        case equal
        /// Both sides differ, although two readings of the source do not.
        case suspect(Comparison)
        case moving
    }

    func run(_ tables: [Table]) async throws -> (mismatches: [String], busy: [String]) {
        let lanes = try await lanes()
        var undecided = tables
        var mismatches: [String] = []
        for pause in Self.pauses where !undecided.isEmpty {
            try await Task.sleep(for: pause)
            let (passed, different) = try await pass(over: undecided, lanes)
            mismatches += different.map { "\($0.table.label): \($0.difference ?? "")" }
            let decided = passed.union(different.map(\.table.key))
            undecided.removeAll { decided.contains($0.key) }
        }
        return (mismatches, undecided.map(\.label))
    }

    /// Keys of tables found equal, and those that differ for good.
    private func pass(over tables: [Table], _ lanes: [String]) async throws -> (equal: Set<ExactName>, different: [Comparison]) {
        let before = try await activity()
        let journal = ComparisonJournal(context: context, database: database)
        let findings = try await concurrently(tables, limit: max(1, context.jobs / context.task.plan.databases.count)) { table in
            let finding = try await compare(table, lanes, journal, activity: before[table.key])
            return (table.key, finding)
        }
        var equal: Set<ExactName> = []
        var suspects: [Comparison] = []
        for (key, finding) in findings {
            switch finding {
            case .equal: equal.insert(key)
            case .suspect(let comparison): suspects.append(comparison)
            case .moving: break
            }
        }
        let different = try await unwritten(suspects, since: before)
        for comparison in different { try await journal.note(comparison, activity: before[comparison.table.key]) }
        return (equal, different)
    }

    /// Those whose table nobody wrote to: rows that came and went between two readings leave no other trace than the server's counters.
    private func unwritten(_ suspects: [Comparison], since before: [ExactName: Int64]) async throws -> [Comparison] {
        var left = suspects
        for second in 0...Self.statisticsSeconds where !left.isEmpty {
            if second > 0 { try await Task.sleep(for: .seconds(1)) }
            let now = try await activity()
            left.removeAll { before[$0.table.key] != now[$0.table.key] }
        }
        return left
    }

    private func lanes() async throws -> [String] {
        let names = try await context.withTarget(database) { try await LaneTable.names($0, .forward) }
        if names.isEmpty { throw CopyRejected(description: "\(database.name) has no forward lane: copy first") }
        return names
    }

    private func activity() async throws -> [ExactName: Int64] {
        try await context.sourceSessions.with(database: database.name) { try await SourceCatalog(session: $0).activity() }
    }

    /// How much the target's table was written to, be it by the lane; the final check asks whether anybody else did since.
    private func targetActivity(_ table: Table) async throws -> Int64? {
        try await context.withTarget(database) { try await SourceCatalog(session: $0).activity()[table.key] }
    }

    private func compare(_ table: Table, _ lanes: [String], _ journal: ComparisonJournal, activity: Int64?) async throws -> Finding {
        let method = context.task.plan.verification
        let first = try await context.sourceSessions.with(database: database.name) { source in
            let reading = try await TableReading.read(table, by: method, in: source)
            try await LaneCatchUp(lanes: lanes, source: source, uid: context.task.uid).wait()
            return reading
        }
        let written = try await targetActivity(table)
        let target = try await context.readTarget(table, in: database)
        var comparison = Comparison(table: table, source: first, target: target)
        if comparison.difference != nil {
            comparison.source = try await context.sourceSessions.with(database: database.name) {
                try await TableReading.read(table, by: method, in: $0)
            }
        }
        if comparison.difference == nil {
            try await journal.note(comparison, activity: activity, targetActivity: written)
            return .equal
        }
        try await journal.noteUndecided(table)
        if case .failure = target { return .suspect(comparison) }
        return comparison.source == first ? .suspect(comparison) : .moving
    }
}
