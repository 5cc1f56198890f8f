import MigrationCore

/// What a table holds, in a few bytes: how many rows, and when asked for the sum of their hashes, which knows no order.
struct TableReading: Sendable, Hashable {
    var rows: Int64
    /// `nil` when rows are only counted, and for an empty table.
    var checksum: String?

    /// Values look the same on every server, whatever the database's or role's own settings are.
    private static let settings = """
        SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex';
        SET lc_monetary = 'C'; SET xmlbinary = 'base64'
        """

    /// Reads `table` in one scan. Columns are named as on the source, so that neither their order nor dropped ones count.
    ///
    /// - Parameter milliseconds: Longest time for it; 0 = no limit.
    /// - Throws: ``PostgresError``; SQLSTATE 57014 past the limit.
    static func read(_ table: Table, by method: Plan.Verification, in session: PostgresConnection, milliseconds: Int64 = 0) async throws
        -> TableReading
    {
        let columns = table.allColumns.map { SQL.identifier($0) }.joined(separator: ", ")
        let checksum = method == .checksum ? ", sum(hashtextextended(ROW(\(columns))::text COLLATE \"C\", 0))::text AS checksum" : ""
        let row = try await session.rows(
            "\(settings); SET statement_timeout = \(milliseconds); SELECT count(*) AS rows\(checksum) FROM \(table.leaves.isEmpty ? "ONLY " : "")\(table.sql)",
            attempt: "read \(table.label)"
        ).first
        return TableReading(rows: row?.integer("rows") ?? 0, checksum: row?["checksum"])
    }

    /// The same on the target, which may lack the table, its schema or a column.
    static func readTarget(_ table: Table, by method: Plan.Verification, in session: PostgresConnection, milliseconds: Int64 = 0) async throws
        -> Result<TableReading, MissingRelation>
    {
        do {
            return .success(try await read(table, by: method, in: session, milliseconds: milliseconds))
        } catch let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "3F000" {
            return .failure(MissingRelation(description: "the target has no such table"))
        } catch let error as PostgresError where error.sqlState == "42703" {
            return .failure(MissingRelation(description: "the target's table lacks a column: \(error.message)"))
        }
    }
}

/// The target lacks what was to be read there.
struct MissingRelation: Error, Hashable, CustomStringConvertible {
    var description: String
}

/// One table, read on both sides.
struct Comparison: Sendable {
    var table: Table
    var source: TableReading
    var target: Result<TableReading, MissingRelation>

    /// In words; `nil` when both sides are equal.
    var difference: String? {
        switch target {
        case .failure(let missing): "\(source.rows) rows on the source, \(missing)"
        case .success(let target) where target.rows != source.rows: "\(source.rows) rows on the source, \(target.rows) on the target"
        case .success(let target) where target.checksum != source.checksum:
            "\(source.rows) rows on both sides, but their checksums differ"
        case .success: nil
        }
    }
}
