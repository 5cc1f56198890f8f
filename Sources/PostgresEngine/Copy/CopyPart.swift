/// Rows that are copied in one transaction: a table, or the pages of a large one.
struct CopyPart: Sendable, Hashable {
    /// Pages of a table's heap. Rows are found there as long as nobody rewrites it.
    struct Pages: Sendable, Hashable {
        var first: Int64
        /// The page after the last; `nil` for whatever follows, since a table may have grown.
        var end: Int64?
        /// The file they belong to: another one means other places.
        var fileNode: Int64

        /// As a condition on a row.
        var condition: String {
            "ctid >= '(\(first),0)'::tid" + (end.map { " AND ctid < '(\($0),0)'::tid" } ?? "")
        }
    }

    var table: Table
    var format: CopyFormat
    /// Counted from 1.
    var number = 1
    /// `nil`: the whole table.
    var pages: Pages?
    /// About so many, for the order of work.
    var bytes: Int64

    /// Emptying a smaller table costs more than FREEZE spares, in bytes.
    private static let smallestFrozen: Int64 = 1 << 20

    var label: String { pages == nil ? table.label : "\(table.label) part \(number)" }

    /// Some pages of the same table.
    func pages(_ pages: Pages, number: Int) -> CopyPart {
        var part = self
        (part.pages, part.number) = (pages, number)
        return part
    }

    /// The source's statement. A plain COPY of a table reads its own rows only, not those of its children.
    var read: String {
        let options = "TO STDOUT WITH (FORMAT \(format.rawValue))"
        guard let pages else { return "COPY \(table.sql)\(columns) \(options)" }
        return "COPY (SELECT \(table.columnList) FROM ONLY \(table.sql) WHERE \(pages.condition)) \(options)"
    }

    /// The target's statements. FREEZE, which needs a table emptied in the same transaction, spares a later VACUUM from writing every row again.
    var write: String {
        let isFrozen = pages == nil && table.root == nil && bytes > Self.smallestFrozen
        let copy = "COPY \(table.root?.sql ?? table.sql)\(columns) FROM STDIN WITH (FORMAT \(format.rawValue)\(isFrozen ? ", FREEZE" : ""))"
        return isFrozen ? "TRUNCATE ONLY \(table.sql); \(copy)" : copy
    }

    private var columns: String { table.columns.isEmpty ? "" : " (\(table.columnList))" }
}
