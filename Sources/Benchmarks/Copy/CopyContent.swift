import MigrationCore
import PostgresEngine
import Torture

/// What a copy must not lose.
struct CopyContent: Sendable, Hashable, CustomStringConvertible {
    /// Of each table, by name; counted, not estimated.
    var rows: [String: Int]
    /// Valid ones only.
    var indexes: Int
    /// Of tables with indexes and TOAST.
    var bytes: Int

    /// Each of them is locked with its indexes until its transaction ends, and a server has room for some thousand locks.
    private static let portion = 500

    var description: String { "\(rows.count) tables, \(rows.values.reduce(0, +)) rows, \(indexes) indexes" }

    /// What a copy of this lacks, or has besides; `nil` when it is as it should be. Size says nothing, and the floor has no indexes.
    func difference(of copy: CopyContent, withIndexes: Bool) -> String? {
        let names = Set(rows.keys).union(copy.rows.keys).filter { rows[$0] != copy.rows[$0] }.sorted()
        if let first = names.first {
            func text(_ content: CopyContent) -> String { content.rows[first].map { "\($0) rows" } ?? "no such table" }
            return "\(names.count) tables differ, e.g. \(first): \(text(copy)) instead of \(text(self))"
        }
        let wanted = withIndexes ? indexes : 0
        return copy.indexes == wanted ? nil : "\(copy.indexes) indexes instead of \(wanted)"
    }

    static func read(_ side: Side, _ stage: CopyStage) async throws -> CopyContent {
        let relations = try await stage.cluster.rows(side, stage.database, listing)
        var content = CopyContent(rows: [:], indexes: 0, bytes: 0)
        for row in relations {
            content.indexes += row[1].flatMap { Int($0) } ?? 0
            content.bytes += row[2].flatMap { Int($0) } ?? 0
        }
        let names = relations.compactMap { $0[0] }
        for first in stride(from: 0, to: names.count, by: portion) {
            let counts = names[first..<min(first + portion, names.count)].map { "SELECT \(SQL.literal($0)), count(*) FROM \($0)" }
            for row in try await stage.cluster.rows(side, stage.database, counts.joined(separator: " UNION ALL ")) {
                content.rows[row[0] ?? ""] = row[1].flatMap { Int($0) }
            }
        }
        return content
    }

    private static let listing = """
        SELECT format('%I.%I', n.nspname, c.relname), (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid),
            pg_total_relation_size(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND \(CopyStage.ownSchemas)
        """
}
