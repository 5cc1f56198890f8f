/// The notations in which a PostgreSQL connection string can be written.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// `postgres://user:password@host:5432/database?option=value`, also with `postgresql` and `postgresql+driver` as scheme.
    case url
    /// libpq's `host=… port=… dbname=… user=… password=…`.
    case keywordValue
}

/// One dialect's reading of a text: what it found, where, and how to change it.
///
/// A new dialect is a `Dialect` case, a type of its own that conforms, and an entry in `ConnectionString.forms`.
protocol DialectForm: Sendable {
    static var dialect: Dialect { get }

    /// `nil` when the text is not written in this dialect; throws when it is, but not correctly.
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> Self?

    /// Every non-empty component in the order of the text; of several of one kind the last one counts, as in libpq.
    var fields: [Field] { get }

    /// The hosts and ports that count, still as text; an empty port stands for the default.
    var hostList: HostList { get }

    /// The replacements, ordered and disjoint, that make the text mean `rewrite`.
    func edits(for rewrite: Rewrite) -> [Edit]
}

/// A component with its decoded value.
struct Field: Sendable {
    var kind: ConnectionString.Component.Kind
    /// Byte offsets of the value as written, including quotes or percent escapes.
    var range: Range<Int>
    var value: String
}

/// What a rewritten connection string must say; `nil` leaves that part as it is.
struct Rewrite: Sendable {
    var endpoint: ConnectionString.Endpoint
    var database: String?
    var credentials: ConnectionString.Credentials?
}

extension ConnectionString.Component.Kind {
    /// The kind that a libpq keyword, or URL parameter, of this name sets.
    init(keyword: String) {
        switch keyword {
        case "host": self = .host
        case "port": self = .port
        case "dbname": self = .database
        case "user": self = .user
        case "password": self = .password
        default: self = .parameter(keyword)
        }
    }
}
