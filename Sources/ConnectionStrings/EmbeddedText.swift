/// A value inside a document: what it means, and where each of its bytes stands in the document.
struct EmbeddedText: Sendable {
    /// How the value is written.
    enum Style: Sendable, Hashable {
        /// Without quotes: up to a comment or the end of the line, or a JSON number.
        case plain
        /// Without quotes in an environment file, where more characters mean something.
        case bareWord
        /// Double quotes with backslash escapes; in environment files '$' is escaped too.
        case double(escapesDollar: Bool)
        /// Single quotes; a quote inside is doubled (YAML) or impossible.
        case single(doubles: Bool)
    }

    var bytes: [UInt8]
    /// The document's offset of each byte, and of the end: one more than `bytes`.
    var offsets: [Int]
    /// As written, with its quotes.
    var range: Range<Int>
    var style: Style

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A value written as it is.
    init(plain range: Range<Int>, in document: [UInt8], style: Style = .plain) {
        bytes = Array(document[range])
        offsets = Array(range.lowerBound...range.upperBound)
        self.range = range
        self.style = style
    }

    /// A quoted value that begins at `start`; `nil` when its end is not before `end`.
    init?(quotedAt start: Int, in document: [UInt8], before end: Int, doubles: Bool = false, isEnvironment: Bool = false) {
        let quote = document[start]
        bytes = []
        offsets = []
        range = start..<start
        style = quote == UInt8(ascii: "'") ? .single(doubles: doubles) : .double(escapesDollar: isEnvironment)
        var index = start + 1
        while index < end {
            let byte = document[index]
            if byte == quote {
                if doubles, quote == UInt8(ascii: "'"), index + 1 < end, document[index + 1] == quote {
                    append([quote], at: index)
                    index += 2
                    continue
                }
                offsets.append(index)
                range = start..<index + 1
                return
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), index + 1 < end {
                let (decoded, length) = Self.unescape(document[index..<end])
                append(decoded, at: index)
                index += length
            } else {
                append([byte], at: index)
                index += 1
            }
        }
        return nil
    }

    private mutating func append(_ decoded: [UInt8], at offset: Int) {
        bytes += decoded
        offsets += decoded.map { _ in offset }
    }

    /// The meaning and length of the escape at the slice's start; an unknown one stands for itself.
    private static func unescape(_ slice: ArraySlice<UInt8>) -> (decoded: [UInt8], length: Int) {
        let code = slice[slice.startIndex + 1]
        switch code {
        case UInt8(ascii: "n"): return ([0x0A], 2)
        case UInt8(ascii: "r"): return ([0x0D], 2)
        case UInt8(ascii: "t"): return ([0x09], 2)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "$"), UInt8(ascii: "'"): return ([code], 2)
        case UInt8(ascii: "u"):
            guard let first = unit(slice.dropFirst(2)) else { return ([UInt8(ascii: "\\"), code], 2) }
            var scalar = first
            var length = 6
            let rest = slice.dropFirst(6)
            if (0xD800..<0xDC00).contains(first), rest.starts(with: "\\u".utf8), let low = unit(rest.dropFirst(2)), (0xDC00..<0xE000).contains(low) {
                scalar = 0x10000 + (first - 0xD800) << 10 + (low - 0xDC00)
                length = 12
            }
            return (Array(String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{FFFD}").utf8), length)
        default: return ([UInt8(ascii: "\\"), code], 2)
        }
    }

    private static func unit(_ slice: ArraySlice<UInt8>) -> UInt32? {
        let digits = slice.prefix(4).compactMap(ASCII.hexValue)
        return digits.count == 4 ? digits.reduce(0) { $0 << 4 | UInt32($1) } : nil
    }
}

extension EmbeddedText {
    /// The document's edits that amount to `edits` of the value.
    ///
    /// Where a new part cannot be written in the value's own style, the value as a whole is written in double quotes.
    func documentEdits(_ edits: [Edit]) -> [Edit] {
        let meaning = Edit.apply(edits, to: text)
        guard edits.allSatisfy({ isWritable($0.replacement) }) else { return [Edit(range: range, replacement: requoted(meaning))] }
        return edits.map { edit in
            Edit(range: offsets[edit.range.lowerBound]..<offsets[edit.range.upperBound], replacement: Self.escaped(edit.replacement, style))
        }
    }

    /// The edits that make the value mean `text`.
    func replacing(with text: String) -> [Edit] {
        documentEdits([Edit(range: 0..<bytes.count, replacement: text)])
    }

    private func isWritable(_ part: String) -> Bool {
        switch style {
        case .double: true
        case .single(let doubles): part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && (doubles || $0 != UInt8(ascii: "'")) }
        // Beside what stands there already a tame part changes nothing about how the rest is read.
        case .plain: !bytes.isEmpty && (Self.isTame(part) || Self.isPlain(part)) && (Self.isTyped(text) || !Self.isTyped(part))
        case .bareWord: !bytes.isEmpty && Self.isTame(part)
        }
    }

    private static func isTame(_ text: String) -> Bool {
        text.utf8.allSatisfy { ASCII.isUnreserved($0) || "%:/@;=?+".utf8.contains($0) || $0 >= 0x80 } && text.utf8.last != UInt8(ascii: ":")
    }

    /// Whether YAML takes the text as it is, at any place of a value.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let opening = Array("\"'`[]{}&*!|>%@#,?:-= ".utf8)
        guard let first = bytes.first, let last = bytes.last, !opening.contains(first), last != UInt8(ascii: ":"), last != 0x20 else { return false }
        return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && !text.contains(" #") && !text.contains(": ")
    }

    /// Whether YAML would read a number, a truth value or nothing at all in it.
    private static func isTyped(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return true }
        let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "~", "y", "n", ".inf", ".nan"]
        return words.contains(text.lowercased())
            || (ASCII.isDigit(first) || "+-.".utf8.contains(first))
                && text.utf8.allSatisfy { ASCII.isDigit($0) || "+-._:xobeEabcdefABCDEF".utf8.contains($0) }
    }

    private func requoted(_ meaning: String) -> String {
        switch style {
        case .bareWord:
            // In single quotes no reader expands anything.
            meaning.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "'") } ? "'\(meaning)'" : Self.quoted(meaning, escapingDollar: true)
        case .double(let escapesDollar): Self.quoted(meaning, escapingDollar: escapesDollar)
        case .plain, .single: Self.quoted(meaning)
        }
    }

    private static func escaped(_ text: String, _ style: Style) -> String {
        switch style {
        case .plain, .bareWord: text
        case .single:
            text.utf8.contains(UInt8(ascii: "'")) ? text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") : text
        case .double(let escapesDollar): String(quoted(text, escapingDollar: escapesDollar).dropFirst().dropLast())
        }
    }

    /// In double quotes, as JSON, YAML, TOML and environment files all read it.
    static func quoted(_ text: String, escapingDollar: Bool = false) -> String {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "$") where escapingDollar: result += "\\$".utf8
            case 0x0A: result += "\\n".utf8
            case 0x0D: result += "\\r".utf8
            case 0x09: result += "\\t".utf8
            case 0..<0x20, 0x7F: result += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: result.append(byte)
            }
        }
        return String(decoding: result + [UInt8(ascii: "\"")], as: UTF8.self)
    }
}

extension EmbeddedText: CustomStringConvertible, CustomReflectable {
    var description: String { "EmbeddedText(\(range))" }
    var customMirror: Mirror { Mirror(self, children: ["range": range]) }
}
