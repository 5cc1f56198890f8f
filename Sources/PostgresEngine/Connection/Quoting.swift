/// Quoting by PostgreSQL's rules. Every session here has client encoding UTF8, where this is safe for any Swift string without NUL.
public enum SQL {
    /// A string literal, right under either setting of `standard_conforming_strings`.
    public static func literal(_ value: String) -> String {
        var quoted = "'"
        var hasBackslash = false
        for scalar in value.unicodeScalars {
            if scalar == "'" || scalar == "\\" { quoted.unicodeScalars.append(scalar) }
            if scalar == "\\" { hasBackslash = true }
            quoted.unicodeScalars.append(scalar)
        }
        return (hasBackslash ? " E" : "") + quoted + "'"
    }

    /// `NULL` for `nil`.
    public static func literal(_ value: String?) -> String { value.map { literal($0) } ?? "NULL" }

    /// An identifier, always in double quotes.
    public static func identifier(_ name: String) -> String {
        var quoted = "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// `schema.name`, both quoted.
    public static func identifier(_ schema: String, _ name: String) -> String { identifier(schema) + "." + identifier(name) }

    /// `('a', 'b')` for an IN list; a list that matches nothing when empty.
    static func list(_ values: [String]) -> String { values.isEmpty ? "(NULL)" : "(" + values.map { literal($0) }.joined(separator: ", ") + ")" }
}
