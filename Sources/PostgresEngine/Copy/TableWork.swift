/// What is left to do for one table.
struct TableWork: Sendable {
    var table: Table
    /// Not copied yet; the table's indexes wait for all of them.
    var parts: [CopyPart]
    /// Writes the parts into the journal, where that has not been done; what an earlier division had copied is gone.
    var division: String?
    /// Not standing yet.
    var builds: [IndexDefinition]
    /// Every index of the table.
    var indexes: [IndexDefinition]

    /// Up to here a table is copied, indexed and analysed in one transaction, in bytes.
    private static let smallBytes: Int64 = 8 << 20

    /// Done in one transaction: thousands of small tables cost little more than their rows.
    var isSmall: Bool {
        table.root == nil && table.bytes <= Self.smallBytes && parts.count == 1 && parts[0].pages == nil && !indexes.contains(where: \.needsAllRows)
    }

    /// Statements that complete the table once its indexes are built. Statistics come last, since expressions of indexes have some too.
    var completion: [String] { indexes.flatMap(\.completion) + ["ANALYZE \(table.sql)", Journal.indexed(table)] }
    /// The same with the indexes themselves.
    var allAtOnce: [String] { builds.map(\.build) + completion }
}
