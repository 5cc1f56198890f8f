/// Writes libpq keyword/value connection strings.
public enum Conninfo {
    /// `keyword=value` pairs in the given order, every value quoted where it needs to be.
    ///
    /// An empty value is written as `''`, which libpq treats as not set.
    /// - Parameter pairs: keywords are libpq's own names. A value cannot contain NUL: libpq would stop reading there and refuse the rest as an
    ///   unterminated quote.
    public static func build(_ pairs: [(keyword: String, value: String)]) -> String {
        pairs.map { "\($0.keyword)=\(quote($0.value))" }.joined(separator: " ")
    }

    /// The value itself when it is plain, else in single quotes with `\'` and `\\`.
    ///
    /// - Parameter always: quote also where it is not needed.
    static func quote(_ value: String, always: Bool = false) -> String {
        let special: (UInt8) -> Bool = { ASCII.isSpace($0) || $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\\") || $0 == 0 }
        guard always || value.isEmpty || value.utf8.contains(where: special) else { return value }
        var quoted: [UInt8] = [UInt8(ascii: "'")]
        for byte in value.utf8 {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        quoted.append(UInt8(ascii: "'"))
        return String(decoding: quoted, as: UTF8.self)
    }
}
