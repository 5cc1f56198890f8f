/// Compares what clients were promised with what a database holds.
public struct LedgerAudit: Sendable, Equatable {
    /// One number of one client.
    public struct Line: Sendable, Hashable, Comparable, CustomStringConvertible {
        public var client: String
        public var number: Int64

        public init(client: String, number: Int64) {
            self.client = client
            self.number = number
        }

        public static func < (left: Line, right: Line) -> Bool { (left.client, left.number) < (right.client, right.number) }
        public var description: String { "\(client) #\(number)" }
    }

    public var acknowledged = 0
    /// Confirmed to the client, and not there.
    public var lost: [Line] = []
    /// There more than once; each further row counts.
    public var duplicated: [Line] = []
    /// There without having been confirmed: the answer got lost, not the row. No error.
    public var unknown = 0

    /// - Parameters:
    ///   - acknowledged: confirmed numbers by client.
    ///   - rows: how often each line stands in the table.
    public init(acknowledged: [String: [Int64]], rows: [Line: Int]) {
        let promised = Set(acknowledged.flatMap { client, numbers in numbers.map { Line(client: client, number: $0) } })
        self.acknowledged = promised.count
        lost = promised.filter { (rows[$0] ?? 0) == 0 }.sorted()
        duplicated = rows.flatMap { line, count in Array(repeating: line, count: max(0, count - 1)) }.sorted()
        unknown = rows.keys.count { !promised.contains($0) }
    }

    /// Reads `client|number|count` lines as psql prints them.
    ///
    /// - Throws: ``DemoError/program(_:output:)`` for a line that is none.
    public static func rows(_ lines: [Substring]) throws -> [Line: Int] {
        var rows: [Line: Int] = [:]
        for line in lines {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            guard fields.count == 3, let number = Int64(fields[1]), let count = Int(fields[2]) else {
                throw DemoError.program("reading the ledger", output: "unexpected line \(line)")
            }
            rows[Line(client: String(fields[0]), number: number)] = count
        }
        return rows
    }
}
