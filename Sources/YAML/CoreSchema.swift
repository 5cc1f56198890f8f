import FoundationEssentials
import StructuredData

/// What a plain scalar means in the core schema of YAML 1.2: `yes`, `on` and `0777` are not special, unlike in YAML 1.1.
enum CoreSchema {
    static func value(ofPlain text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, first == 0x2b || first == 0x2d || first == 0x2e || (0x30...0x39).contains(first) else {
            return .string(text)
        }
        if let integer = integer(text) { return .integer(integer) }
        if isDecimal(text), let number = Double(text), number.isFinite { return .number(number) }
        return .string(text)
    }

    private static func integer(_ text: String) -> Int64? {
        if text.hasPrefix("0x") { return isSign(text.dropFirst(2).first) ? nil : Int64(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return isSign(text.dropFirst(2).first) ? nil : Int64(text.dropFirst(2), radix: 8) }
        return Int64(text)
    }

    private static func isSign(_ character: Character?) -> Bool { character == "+" || character == "-" }

    /// Whether the text is `[-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )?`; `Double` alone accepts more, such as `0x1p3`.
    private static func isDecimal(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func skipSign() { if rest.first == 0x2b || rest.first == 0x2d { rest.removeFirst() } }
        func skipDigits() -> Int {
            let tail = rest.drop { (0x30...0x39).contains($0) }
            defer { rest = tail }
            return rest.count - tail.count
        }
        skipSign()
        var count = skipDigits()
        if rest.first == 0x2e {
            rest.removeFirst()
            count += skipDigits()
        }
        guard count > 0 else { return false }
        if rest.first == 0x65 || rest.first == 0x45 {
            rest.removeFirst()
            skipSign()
            guard skipDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
