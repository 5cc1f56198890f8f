/// Finds the values of YAML, TOML and environment files, line by line.
///
/// Edits stay inside the line a value stands on, so that a value which continues on the next line can be changed too; a value this reader does not
/// follow at all is noticed by `ConnectionDocument` when it names a server.
struct LineScanner {
    private let bytes: [UInt8]
    private let format: ConnectionDocument.Format
    private var reading = DocumentReading()
    private var section: [String] = []
    /// The YAML keys around the current line, with their indentation.
    private var outer: [(indentation: Int, key: String)] = []
    private var items = 0

    static func read(_ bytes: [UInt8], as format: ConnectionDocument.Format) -> DocumentReading {
        var scanner = LineScanner(bytes: bytes, format: format)
        for line in lines(bytes) { scanner.read(line) }
        return scanner.reading
    }

    /// The ranges of lines, without line ends.
    static func lines(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.startIndex..<(line.last == 0x0D ? line.endIndex - 1 : line.endIndex)
        }
    }

    private init(bytes: [UInt8], format: ConnectionDocument.Format) {
        self.bytes = bytes
        self.format = format
    }

    private mutating func read(_ line: Range<Int>) {
        var line = ASCII.trimmed(bytes, line)
        guard !line.isEmpty else { return }
        if bytes[line.lowerBound] == UInt8(ascii: "#") { return reading.comments.append(line) }
        if format == .toml, bytes[line.lowerBound] == UInt8(ascii: "["), let close = bytes[line].lastIndex(of: UInt8(ascii: "]")),
            !bytes[line].contains(UInt8(ascii: "\"")), !bytes[line].contains(UInt8(ascii: "'"))
        {
            items += 1
            section = [text(line.lowerBound..<close).filter { $0 != "[" && $0 != "]" } + (bytes[line].starts(with: "[[".utf8) ? "#\(items)" : "")]
            return
        }
        let isItem = skipItemMarks(&line)
        if !isItem, bytes[line].starts(with: "export ".utf8) { line = ASCII.trimmed(bytes, line.lowerBound + 7..<line.upperBound) }
        let indentation = column(line.lowerBound)
        if isItem {
            items += 1
            outer.removeAll { $0.indentation >= indentation }
            outer.append((indentation - 1, "#\(items)"))
        } else {
            outer.removeAll { $0.indentation >= indentation }
        }
        let path = section + outer.map(\.key)
        guard let (key, value) = keyAndValue(line) else {
            // Only YAML has values without quotes on lines of their own.
            let isQuoted = "\"'[{".utf8.contains(bytes[line.lowerBound])
            return format == .yaml || format == .toml && isQuoted ? add(path + ["line"], line) : ()
        }
        if format == .yaml, value.isEmpty || "|>".utf8.contains(bytes[value.lowerBound]) { return outer.append((indentation, key)) }
        add(path + [key], value)
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func column(_ offset: Int) -> Int {
        offset - (bytes[..<offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
    }

    private func skipItemMarks(_ line: inout Range<Int>) -> Bool {
        guard format == .yaml else { return false }
        var isItem = false
        while bytes[line].starts(with: "- ".utf8) {
            isItem = true
            line = ASCII.trimmed(bytes, line.lowerBound + 1..<line.upperBound)
        }
        return isItem
    }

    /// Splits `key: value` or `key = value`; `nil` when the line is a value alone.
    private func keyAndValue(_ line: Range<Int>) -> (key: String, value: Range<Int>)? {
        var end = line.lowerBound
        let first = bytes[end]
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            guard let quoted = EmbeddedText(quotedAt: end, in: bytes, before: line.upperBound) else { return nil }
            end = quoted.range.upperBound
        }
        while end < line.upperBound {
            let byte = bytes[end]
            let followed = end + 1 < line.upperBound ? bytes[end + 1] : 0x20
            if byte == UInt8(ascii: ":"), ASCII.isSpace(followed) { break }
            // In YAML that is a line of a block that holds an environment file.
            if byte == UInt8(ascii: "="), format != .yaml || isUppercase(line.lowerBound..<end) { break }
            guard ASCII.isUnreserved(byte) || ASCII.isSpace(byte) || byte == UInt8(ascii: "/") else { return nil }
            end += 1
        }
        guard end < line.upperBound, end > line.lowerBound else { return nil }
        let key = text(ASCII.trimmed(bytes, line.lowerBound..<end)).filter { $0 != "\"" && $0 != "'" }
        return (key, ASCII.trimmed(bytes, end + 1..<line.upperBound))
    }

    private func isUppercase(_ range: Range<Int>) -> Bool { !bytes[range].contains { (0x61...0x7A).contains($0) } }

    private mutating func add(_ path: [String], _ range: Range<Int>) {
        var range = range
        // Tags and anchors stand before a YAML value.
        while format == .yaml, !range.isEmpty, bytes[range.lowerBound] == UInt8(ascii: "!") || bytes[range.lowerBound] == UInt8(ascii: "&"),
            let space = bytes[range].firstIndex(of: 0x20)
        {
            range = ASCII.trimmed(bytes, space..<range.upperBound)
        }
        guard let first = bytes[range].first else { return }
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard let quoted = quoted(at: range.lowerBound, before: range.upperBound) else { return }
            reading.values.append(DocumentValue(path: path, text: quoted))
            let rest = ASCII.trimmed(bytes, quoted.range.upperBound..<range.upperBound)
            if bytes[rest].first == UInt8(ascii: "#") { reading.comments.append(rest) }
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            reading.inline.append(range)
            addQuoted(path, range)
        case UInt8(ascii: "#"): reading.comments.append(range)
        default:
            let comment = range.indices.first { bytes[$0] == UInt8(ascii: "#") && $0 > range.lowerBound && ASCII.isSpace(bytes[$0 - 1]) }
            if let comment { reading.comments.append(comment..<range.upperBound) }
            let value = ASCII.trimmed(bytes, range.lowerBound..<(comment ?? range.upperBound))
            reading.values.append(
                DocumentValue(path: path, text: EmbeddedText(plain: value, in: bytes, style: format == .environment ? .bareWord : .plain)))
        }
    }

    private func quoted(at start: Int, before end: Int) -> EmbeddedText? {
        if format == .toml, bytes[start..<end].starts(with: "\"\"\"".utf8) || bytes[start..<end].starts(with: "'''".utf8) { return nil }
        return EmbeddedText(quotedAt: start, in: bytes, before: end, doubles: format == .yaml, isEnvironment: format == .environment)
    }

    /// The quoted values of a list or inline table on one line.
    private mutating func addQuoted(_ path: [String], _ range: Range<Int>) {
        var index = range.lowerBound
        var count = 0
        while index < range.upperBound {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), let quoted = quoted(at: index, before: range.upperBound) {
                reading.values.append(DocumentValue(path: path + [String(count)], text: quoted))
                index = quoted.range.upperBound
                count += 1
            } else if byte == UInt8(ascii: "#"), ASCII.isSpace(bytes[index - 1]) {
                return reading.comments.append(index..<range.upperBound)
            } else {
                index += 1
            }
        }
    }
}
