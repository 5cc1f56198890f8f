/// The notations in which a connection string can be written.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// `postgres://user:password@host:5432/database?option=value`, also with `postgresql` and SQLAlchemy's `postgresql+driver` as scheme.
    case url
    /// `jdbc:postgresql://host1:5432,host2/database?user=…&password=…`.
    case jdbc
    /// Npgsql's and other ADO.NET providers' `Host=…;Port=…;Database=…;Username=…;Password=…`.
    case adoNet
    /// libpq's `host=… port=… dbname=… user=… password=…`, which Go's pgx and others read too.
    case keywordValue
    /// An object of separate settings: Django's `{"ENGINE": …, "NAME": …, "HOST": …}` and its relatives.
    case settings
    /// A line of a libpq password file: `host:port:database:user:password`.
    case passwordFile
    /// A section of libpq's `pg_service.conf`.
    case serviceFile
    /// `redis://:password@host:6379/0`, `rediss://…`, and the Sentinel and Cluster schemes.
    case redisURL
    /// StackExchange.Redis' `host:6380,password=…,ssl=True`, and plain lists of Cluster or Sentinel nodes.
    case redisNodes

    public var system: DatabaseSystem {
        switch self {
        case .url, .jdbc, .adoNet, .keywordValue, .settings, .passwordFile, .serviceFile: .postgreSQL
        case .redisURL, .redisNodes: .redis
        }
    }

    /// Every form that a text by itself can have, in the order they are asked. A text that two of them can read is refused as ambiguous; when none
    /// can, the first one that recognised its dialect says why.
    static let forms: [any DialectForm.Type] = [
        URLForm.self, JDBCForm.self, AdoNetForm.self, KeywordValueForm.self, SettingsForm.self,
        RedisURLForm.self, RedisNodesForm.self,
    ]

    var title: String {
        switch self {
        case .url: "PostgreSQL URL"
        case .jdbc: "JDBC URL"
        case .adoNet: "ADO.NET connection string"
        case .keywordValue: "keyword/value connection string"
        case .settings: "settings object"
        case .passwordFile: "password file"
        case .serviceFile: "service file"
        case .redisURL: "Redis URL"
        case .redisNodes: "Redis endpoint list"
        }
    }
}

/// One dialect's reading of a text: what it found, where, and how to change it.
///
/// A new dialect is a `Dialect` case, a type of its own that conforms, and an entry in `Dialect.forms`.
protocol DialectForm: Sendable {
    static var dialect: Dialect { get }

    /// `nil` when the text is not written in this dialect; throws when it is, but not correctly.
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> Self?

    /// Every non-empty component in the order of the text; of several of one kind the last one counts, as in libpq.
    var fields: [Field] { get }

    /// The hosts and ports that count, still as text; an empty port stands for the default.
    var hostList: HostList { get }

    /// The port of a host that names none.
    var defaultPort: Int { get }

    /// The replacements, ordered and disjoint, that make the text mean `rewrite`.
    func edits(for rewrite: Rewrite) -> [Edit]
}

extension DialectForm {
    var defaultPort: Int { ConnectionString.Endpoint.defaultPort }
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
