/// What one statement answered: rows as text, and how many rows it changed.
public struct Rows: Sendable, RandomAccessCollection {
    let columns: [String: Int]
    let values: [[String?]]
    /// Rows inserted, updated, deleted, selected or copied; 0 for other statements.
    public let affected: Int

    public var startIndex: Int { 0 }
    public var endIndex: Int { values.count }
    public subscript(position: Int) -> Row { Row(columns: columns, values: values[position]) }

    static let none = Rows(columns: [:], values: [], affected: 0)
}

/// One row; values are the server's text form.
public struct Row: Sendable {
    let columns: [String: Int]
    let values: [String?]

    /// The value of a column; `nil` for NULL and for a column that is not there.
    public subscript(column: String) -> String? { columns[column].flatMap { values[$0] } }
    /// The value at a position counted from 0; `nil` for NULL.
    public subscript(position: Int) -> String? { values.indices.contains(position) ? values[position] : nil }

    /// `""` for NULL.
    public func text(_ column: String) -> String { self[column] ?? "" }
    /// `nil` for NULL and for what is no integer.
    public func integer(_ column: String) -> Int64? { self[column].flatMap { Int64($0) } }
    /// False for NULL.
    public func flag(_ column: String) -> Bool { self[column] == "t" }
}
