/// The `[databases]` of a PgBouncer configuration, understood without losing a byte of how they are written.
///
/// The text is a whole `pgbouncer.ini`, or a file that it includes: lines before the first section count as databases. Values may hold passwords: `text`
/// is the only way to them.
public struct PgBouncerDatabases: Sendable, Equatable {
    /// One line: the name that clients ask for, and where it leads.
    public struct Entry: Sendable, Equatable {
        public var name: String
        /// `nil` without one, which is a Unix socket.
        public var host: String?
        public var port: Int
        /// Its name on the server.
        public var database: String
        fileprivate var fields: [String: Range<Int>]
        fileprivate var end: Int
    }

    /// Where a line leads.
    public struct Place: Sendable, Hashable {
        public var host: String
        public var port: Int
        public var database: String

        public init(host: String, port: Int, database: String) {
            self.host = host
            self.port = port
            self.database = database
        }
    }

    public let text: String
    public let entries: [Entry]

    /// - Throws: ``PgBouncerFileError``, which never contains any part of a value.
    public static func parse(_ text: String) throws(PgBouncerFileError) -> PgBouncerDatabases {
        let bytes = Array(text.utf8)
        var entries: [Entry] = []
        var isInside = true
        var number = 0
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            number += 1
            let line = ASCII.trimmed(bytes, start..<end)
            start = end + 1
            guard let first = line.first.map({ bytes[$0] }), first != UInt8(ascii: ";"), first != UInt8(ascii: "#"), first != UInt8(ascii: "%") else {
                continue
            }
            if first == UInt8(ascii: "[") {
                isInside = String(decoding: bytes[line], as: UTF8.self) == "[databases]"
            } else if isInside {
                var scanner = LineReader(bytes: bytes, position: line.lowerBound, end: line.upperBound, line: number)
                entries.append(try scanner.entry())
            }
        }
        return PgBouncerDatabases(text: text, entries: entries)
    }

    /// The text with other places; only what has to differ differs.
    /// - Parameter place: where an entry is to lead; `nil` leaves it alone.
    public func rewriting(_ place: (Entry) -> Place?) -> String {
        var edits: [Edit] = []
        for entry in entries {
            guard let host = entry.fields["host"], let place = place(entry) else { continue }
            var added = ""
            if entry.host != place.host { edits.append(Edit(range: host, replacement: Self.quoted(place.host))) }
            if entry.port != place.port {
                if let port = entry.fields["port"] {
                    edits.append(Edit(range: port, replacement: "\(place.port)"))
                } else {
                    added += " port=\(place.port)"
                }
            }
            if entry.database != place.database {
                let value = Self.quoted(place.database)
                if let name = entry.fields["dbname"] { edits.append(Edit(range: name, replacement: value)) } else { added += " dbname=\(value)" }
            }
            if !added.isEmpty { edits.append(Edit(range: entry.end..<entry.end, replacement: added)) }
        }
        return Edit.apply(edits.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }, to: text)
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { !ASCII.isSpace($0) && $0 != UInt8(ascii: "'") }
        return isPlain ? value : "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

extension PgBouncerDatabases.Entry {
    /// Names compare without regard to case.
    public func leads(to place: PgBouncerDatabases.Place) -> Bool {
        host?.lowercased() == place.host.lowercased() && port == place.port && database == place.database
    }
}

/// Why a line of `[databases]` cannot be read; never holds any part of a value.
public struct PgBouncerFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Fault: String, Sendable, Hashable {
        case name = "begins with no database name and '='"
        case missingEqualsSign = "has a word without '='"
        case unterminatedQuote = "has a quote that never ends"
        case invalidPort = "has a port that is no number from 1 to 65535"
    }

    /// From 1.
    public var line: Int
    public var fault: Fault

    public init(line: Int, fault: Fault) {
        self.line = line
        self.fault = fault
    }

    public var description: String { "line \(line) \(fault.rawValue); write it as: name = host=… port=… dbname=…" }
}

/// Reads one line as PgBouncer does.
private struct LineReader {
    let bytes: [UInt8]
    var position: Int
    let end: Int
    let line: Int

    mutating func entry() throws(PgBouncerFileError) -> PgBouncerDatabases.Entry {
        guard let name = try name(), take("=") else { throw fault(.name) }
        var values: [String: String] = [:]
        var fields: [String: Range<Int>] = [:]
        skipSpace()
        while position < end {
            let key = word { $0 == UInt8(ascii: "=") || ASCII.isSpace($0) }
            guard take("=") else { throw fault(.missingEqualsSign) }
            skipSpace()
            let start = position
            values[key] = try value()
            // The last one counts.
            fields[key] = start..<position
            skipSpace()
        }
        var port = 5432
        if let text = values["port"] {
            guard let number = Int(text), (1...65_535).contains(number) else { throw fault(.invalidPort) }
            port = number
        }
        let host = values["host"].flatMap { $0.isEmpty ? nil : $0 }
        return .init(name: name, host: host, port: port, database: values["dbname"] ?? name, fields: host == nil ? [:] : fields, end: end)
    }

    /// A plain word, `*`, or an SQL identifier in double quotes.
    private mutating func name() throws(PgBouncerFileError) -> String? {
        if position < end, bytes[position] == UInt8(ascii: "\"") { return try quoted(UInt8(ascii: "\"")) }
        let name = word { $0 == UInt8(ascii: "=") || ASCII.isSpace($0) }
        return name.isEmpty ? nil : name
    }

    private mutating func value() throws(PgBouncerFileError) -> String {
        if position < end, bytes[position] == UInt8(ascii: "'") { return try quoted(UInt8(ascii: "'")) }
        return word(until: ASCII.isSpace)
    }

    /// A doubled quote stands for one.
    private mutating func quoted(_ quote: UInt8) throws(PgBouncerFileError) -> String {
        var result: [UInt8] = []
        position += 1
        while position < end {
            if bytes[position] == quote {
                position += 1
                guard position < end, bytes[position] == quote else { return String(decoding: result, as: UTF8.self) }
            }
            result.append(bytes[position])
            position += 1
        }
        throw fault(.unterminatedQuote)
    }

    private mutating func word(until isEnd: (UInt8) -> Bool) -> String {
        let start = position
        while position < end, !isEnd(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipSpace() {
        while position < end, ASCII.isSpace(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func fault(_ fault: PgBouncerFileError.Fault) -> PgBouncerFileError { .init(line: line, fault: fault) }
}
