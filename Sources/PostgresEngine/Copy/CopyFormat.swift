/// How a table's rows travel: as binary wherever that is safe. Both servers together spend from a tenth less (narrow rows of numbers) to half as much
/// (times, UUIDs, byte strings) on it as on text; only small `jsonb` documents cost the same.
enum CopyFormat: String, Sendable, Hashable {
    case text, binary

    /// Settings of the source's session: text that means the same under every setting, but for what ``writing`` sets.
    static let reading = """
        SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET lc_monetary = 'C'; SET bytea_output = 'hex'
        """

    /// Settings of the target's session. None that an index's expression, a CHECK or a generated column may depend on, such as the order of a date's
    /// parts: these have to find what they find in the applications' sessions.
    static let writing = "SET lc_monetary = 'C'; SET xmloption = content; SET array_nulls = on"

    /// SQL over `pg_class c`: true when every column's type has a binary form that means the same on every server: fixed types of PostgreSQL's own, their
    /// arrays and ranges, enums, and domains over these. Composite types and arrays of a user's types carry OIDs, `reg…` types are OIDs.
    static let isSafe = "coalesce((SELECT bool_and(\(isPortable)) \(columns)), false)"

    private static let isPortable = """
        (b.oid < 10000 AND b.typtype IN ('b', 'r', 'm') AND b.typsend <> 0 AND b.typreceive <> 0 AND b.typname !~ '^_?(reg|xml$|oid$|aclitem)'
        AND (b.typelem = 0 OR e.typtype IN ('b', 'r', 'm'))) OR b.typtype = 'e'
        """

    /// A column's type, or what its domain is over.
    private static let columns = """
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
        LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        """
}
