/// The types a random column may have, and how to make values of them.
enum ColumnType: String, Sendable, Hashable, CaseIterable {
    case integer, bigint, boolean, numeric
    case double = "double precision"
    case text, bytea, jsonb, uuid
    case timestamp = "timestamptz"
    case integers = "int[]"
    case texts = "text[]"

    /// A literal of the type, or NULL.
    func literal(_ random: inout SeededGenerator) -> String {
        guard !random.chance(10) else { return "NULL" }
        switch self {
        case .integer: return "\(random.int(-2_000_000_000...2_000_000_000))"
        case .bigint: return "\(random.int(-9_000_000_000_000_000_000...9_000_000_000_000_000_000))"
        case .boolean: return random.chance(50) ? "true" : "false"
        case .numeric:
            return random.chance(5)
                ? "'NaN'" : "\(random.int(-999_999...999_999)).\(random.int(0...999_999_999))"
        case .double:
            return random.pick(["'NaN'", "'-Infinity'", "0.1", "-0", "1e-300"])
                + "::float8 + \(random.int(0...9))"
        case .text: return Self.quoted(Self.words(&random))
        case .bytea: return "'\\x\(random.hex(2 * random.int(0...40)))'"
        case .jsonb:
            return Self.quoted(
                "{\"n\": \(random.int(0...999)), \"t\": [true, null, \"\(random.hex(6)) \\u00e9\"]}")
                + "::jsonb"
        case .uuid: return "'\(random.hex(32))'::uuid"
        case .timestamp:
            return random.chance(5)
                ? "'infinity'"
                : "timestamptz '2024-02-29 23:59:59.999999+00' + \(random.int(0...99_999_999)) * interval '1.000001 s'"
        case .integers: return "'{\(random.int(0...99)),NULL,\(random.int(-9...9))}'::int[]"
        case .texts: return "ARRAY[\(Self.quoted(Self.words(&random))), NULL, '']::text[]"
        }
    }

    /// A value for the n-th row a table begins with, as an SQL expression over `n`.
    var expression: String {
        switch self {
        case .integer: "n * 7 - 1000"
        case .bigint: "n::bigint * 1000000007"
        case .boolean: "n % 3 = 0"
        case .numeric: "n / 7.0"
        case .double: "sqrt(n)"
        case .text: "'row ' || n || ' \\ '' ü'"
        case .bytea: "decode(md5(n::text), 'hex')"
        case .jsonb: "jsonb_build_object('n', n)"
        case .uuid: "md5(n::text)::uuid"
        case .timestamp: "timestamptz '2024-01-01 00:00:00+00' + n * interval '1 minute'"
        case .integers: "ARRAY[n, NULL, n % 5]"
        case .texts: "ARRAY['a' || n, NULL]"
        }
    }

    private static func words(_ random: inout SeededGenerator) -> String {
        random.pick([
            "plain", "O'Neil", "back\\slash", "Zürich 東京", "tab\tline\nfeed", "{\"}", "", "%_",
        ]) + " " + random.hex(random.int(0...24))
    }

    private static func quoted(_ text: String) -> String {
        "E'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
