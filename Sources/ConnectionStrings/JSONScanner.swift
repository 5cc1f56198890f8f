/// Finds the strings and numbers of a JSON document, with their places. Lenient: what it cannot follow ends the reading.
struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var values: [DocumentValue] = []

    private static let deepest = 200

    /// `nil` when the text is not one JSON object or array.
    static func read(_ bytes: [UInt8]) -> DocumentReading? {
        var scanner = JSONScanner(bytes: bytes)
        scanner.skipSpaces()
        guard scanner.position < bytes.count, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes[scanner.position]), scanner.value([]) else {
            return nil
        }
        scanner.skipSpaces()
        return scanner.position == bytes.count ? DocumentReading(values: scanner.values) : nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpaces() {
        while let byte = current, ASCII.isSpace(byte) { position += 1 }
    }

    private mutating func value(_ path: [String]) -> Bool {
        guard path.count < Self.deepest else { return false }
        switch current {
        case UInt8(ascii: "{"): return members(path)
        case UInt8(ascii: "["): return elements(path)
        case UInt8(ascii: "\""):
            guard let text = string() else { return false }
            values.append(DocumentValue(path: path, text: text))
            return true
        default:
            let start = position
            while let byte = current, ASCII.isLetter(byte) || ASCII.isDigit(byte) || "+-.".utf8.contains(byte) { position += 1 }
            guard position > start else { return false }
            if ASCII.isDigit(bytes[start]) { values.append(DocumentValue(path: path, text: EmbeddedText(plain: start..<position, in: bytes))) }
            return true
        }
    }

    private mutating func string() -> EmbeddedText? {
        guard current == UInt8(ascii: "\""), let text = EmbeddedText(quotedAt: position, in: bytes, before: bytes.count) else { return nil }
        position = text.range.upperBound
        return text
    }

    private mutating func members(_ path: [String]) -> Bool {
        position += 1
        skipSpaces()
        if take("}") { return true }
        while true {
            skipSpaces()
            guard let key = string() else { return false }
            skipSpaces()
            guard take(":") else { return false }
            skipSpaces()
            guard value(path + [key.text]) else { return false }
            skipSpaces()
            if take("}") { return true }
            guard take(",") else { return false }
        }
    }

    private mutating func elements(_ path: [String]) -> Bool {
        position += 1
        skipSpaces()
        if take("]") { return true }
        for index in 0... {
            skipSpaces()
            guard value(path + [String(index)]) else { return false }
            skipSpaces()
            if take("]") { return true }
            guard take(",") else { return false }
        }
        return false
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
