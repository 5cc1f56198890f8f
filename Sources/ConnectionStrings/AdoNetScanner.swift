/// Takes an ADO.NET text apart by the rules of .NET's `DbConnectionStringBuilder`: pairs end with ';', a value may stand in single or double quotes
/// with the quote inside doubled, and white space around names and unquoted values means nothing.
struct AdoNetScanner {
    struct Pair {
        /// Lower case, without spaces, '_' and '-'.
        var key: String
        /// The value as written, including its quotes.
        var range: Range<Int>
        var value: String
        /// The quotes it stands in, if any.
        var quote: UInt8?
        /// Whether the key was written all in lower case.
        var isLowercase: Bool
    }

    struct Failure: Error {
        /// Normalised, or empty.
        var key: String
        var fault: ConnectionStringError.Fault
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next pair; `nil` at the end of the text.
    mutating func next() throws(Failure) -> Pair? {
        while position < bytes.count, ASCII.isSpace(bytes[position]) || bytes[position] == UInt8(ascii: ";") { position += 1 }
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "="), bytes[position] != UInt8(ascii: ";") { position += 1 }
        let written = bytes[start..<position].filter { !ASCII.isSpace($0) && $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
        let name = String(decoding: written, as: UTF8.self)
        let key = name.lowercased()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "="), !key.isEmpty else { throw Failure(key: "", fault: .missingEqualsSign) }
        position += 1
        while position < bytes.count, ASCII.isSpace(bytes[position]) { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"") {
            return try quoted(key, isLowercase: key == name)
        }
        let first = position
        while position < bytes.count, bytes[position] != UInt8(ascii: ";") { position += 1 }
        let range = ASCII.trimmed(bytes, first..<position)
        return Pair(key: key, range: range, value: String(decoding: bytes[range], as: UTF8.self), quote: nil, isLowercase: key == name)
    }

    private mutating func quoted(_ key: String, isLowercase: Bool) throws(Failure) -> Pair {
        let quote = bytes[position]
        let start = position
        var decoded: [UInt8] = []
        position += 1
        while true {
            guard position < bytes.count else { throw Failure(key: key, fault: .unterminatedQuote) }
            let byte = bytes[position]
            position += 1
            if byte == quote {
                guard position < bytes.count, bytes[position] == quote else { break }
                position += 1
            }
            decoded.append(byte)
        }
        let range = start..<position
        while position < bytes.count, ASCII.isSpace(bytes[position]) { position += 1 }
        guard position == bytes.count || bytes[position] == UInt8(ascii: ";") else { throw Failure(key: key, fault: .textAfterQuote) }
        return Pair(key: key, range: range, value: String(decoding: decoded, as: UTF8.self), quote: quote, isLowercase: isLowercase)
    }
}
