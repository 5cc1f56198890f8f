/// Takes a keyword/value text apart, pair by pair.
struct KeywordValueScanner {
    struct Pair {
        var keyword: String
        /// The value as written, including its quotes.
        var range: Range<Int>
        var value: String
        var isQuoted: Bool
    }

    struct Failure: Error {
        var keyword: String
        var fault: ConnectionStringError.Fault
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next pair; `nil` at the end of the text.
    mutating func next() throws(Failure) -> Pair? {
        skipSpaces()
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "="), !ASCII.isSpace(bytes[position]) { position += 1 }
        let keyword = String(decoding: bytes[start..<position], as: UTF8.self)
        skipSpaces()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "="), !keyword.isEmpty else {
            throw Failure(keyword: keyword, fault: .missingEqualsSign)
        }
        position += 1
        let afterEquals = position
        skipSpaces()
        guard position < bytes.count else {
            return Pair(keyword: keyword, range: afterEquals..<afterEquals, value: "", isQuoted: false)
        }
        return try value(of: keyword)
    }

    private mutating func value(of keyword: String) throws(Failure) -> Pair {
        let start = position
        let isQuoted = bytes[position] == UInt8(ascii: "'")
        if isQuoted { position += 1 }
        var decoded: [UInt8] = []
        var isClosed = false
        while position < bytes.count, !isClosed {
            let byte = bytes[position]
            if !isQuoted, ASCII.isSpace(byte) { break }
            position += 1
            if isQuoted, byte == UInt8(ascii: "'") {
                isClosed = true
            } else if byte == UInt8(ascii: "\\") {
                // Takes the next byte as it is; at the very end it stands for nothing.
                guard position < bytes.count else { break }
                decoded.append(bytes[position])
                position += 1
            } else {
                decoded.append(byte)
            }
        }
        guard isClosed == isQuoted else { throw Failure(keyword: keyword, fault: .unterminatedQuote) }
        return Pair(keyword: keyword, range: start..<position, value: String(decoding: decoded, as: UTF8.self), isQuoted: isQuoted)
    }

    private mutating func skipSpaces() {
        while position < bytes.count, ASCII.isSpace(bytes[position]) { position += 1 }
    }
}
