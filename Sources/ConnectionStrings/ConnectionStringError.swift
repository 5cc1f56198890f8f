/// Why a text cannot be used as a connection string. Names what was found and what to do, never any part of a value.
public indirect enum ConnectionStringError: Error, Sendable, Hashable {
    /// The text is in none of the known dialects of this system (empty text included).
    case notAConnectionString(DatabaseSystem)
    /// The text is clearly meant for another kind of server; its name is one of a closed list.
    case otherSystem(String, expected: DatabaseSystem)
    /// Programs of these dialects would each read it, and differently.
    case ambiguous([Dialect])
    /// The dialect has no way to write one of the new values.
    case inexpressible(Dialect)
    /// One connection string of a document cannot be used; `entry` is its place.
    case inDocument(entry: String, ConnectionStringError)
    /// A document mentions a server on this line, from 1, where it is no value by itself.
    case outOfReach(line: Int)
    /// Several keys, or none, could hold this part of a connection; the names of keys are no secrets.
    case separateKeys(part: String, [String])
    /// The dialect is clear but no host is named, so there is nothing to point elsewhere.
    case missingHost(Dialect)
    /// The dialect is clear but this component cannot be read.
    case malformed(Dialect, component: String, Fault)
    /// Readable, but it names the server in a way that cannot be rewritten safely.
    case unsupported(Feature)

    /// What is wrong with a component.
    public enum Fault: String, Sendable, Hashable, CaseIterable {
        case invalidPercentEncoding
        case notUTF8
        case unterminatedQuote
        case missingEqualsSign
        case unencodedReservedCharacter
        case invalidHost
        case emptyListEntry
        case invalidPort
        case portCountMismatch
        case textAfterQuote
        case loginBeforeHost
        case notText
    }

    /// Ways of naming a server that bypass host and port. The raw value is the keyword.
    public enum Feature: String, Sendable, Hashable, CaseIterable {
        case hostaddr
        case service
        case servicefile
        case unixSocket
        case pghost = "PGHOST"
        case pgport = "PGPORT"
        case pgdbname = "PGDBNAME"

        static let keywords: [Feature] = [.hostaddr, .service, .servicefile, .pghost, .pgport, .pgdbname]
    }
}

extension ConnectionStringError: CustomStringConvertible {
    /// The problem and its remedy in one line.
    public var description: String { "\(problem); \(remedy)" }

    public var problem: String {
        switch self {
        case .notAConnectionString(let system): "the value is not a \(system.title) connection string"
        case .otherSystem(let name, _): "the value is a connection string of \(name)"
        case .ambiguous(let dialects): "the value can be read as \(dialects.map(\.title).joined(separator: " and as "))"
        case .inDocument(let entry, let error): "in \(entry) \(error.problem)"
        case .outOfReach(let line): "line \(line) mentions a server in a place that cannot be rewritten"
        case .separateKeys(let part, let keys):
            keys.isEmpty ? "no key holds the \(part)" : "several keys could hold the \(part): \(keys.joined(separator: ", "))"
        case .inexpressible(let dialect): "a new value cannot be written in the \(dialect.title)"
        case .missingHost(.keywordValue): "the keyword/value connection string has no 'host' keyword"
        case .missingHost(let dialect): "the \(dialect.title) names no host"
        case .malformed(let dialect, let component, let fault): "\(component) of the \(dialect.title) \(fault.problem)"
        case .unsupported(.unixSocket): "the connection string names a Unix socket as host"
        case .unsupported(let feature): "the connection string uses '\(feature.rawValue)', which decides the server in place of its usual part"
        }
    }

    public var remedy: String {
        switch self {
        case .notAConnectionString(let system): "expected \(system.examples); name another key or correct the value"
        case .otherSystem(_, let expected): "expected is one of \(expected.title); name another key or correct the value"
        case .inDocument(_, let error): error.remedy
        case .outOfReach: "give it a key of its own, on one line"
        case .separateKeys: "name the keys explicitly, each for one part"
        case .inexpressible: "choose a user, password and database without characters that separate values there"
        case .ambiguous: "quote values that contain separators, so that one reading remains"
        case .missingHost(let dialect): dialect.hostRemedy
        case .malformed(_, _, let fault): fault.remedy
        case .unsupported(.hostaddr): "remove it, so that 'host' alone names the server"
        case .unsupported(.service), .unsupported(.servicefile): "replace it by host, port and dbname, because the service file is out of reach"
        case .unsupported(.pghost), .unsupported(.pgport), .unsupported(.pgdbname): "remove it, and write the server behind '//'"
        case .unsupported(.unixSocket): "name a host that is reached over TCP"
        }
    }
}

extension ConnectionStringError.Fault {
    var problem: String {
        switch self {
        case .invalidPercentEncoding: "contains '%' without two hexadecimal digits, or %00"
        case .notUTF8: "is not UTF-8 once decoded"
        case .unterminatedQuote: "begins with a quote that never ends"
        case .missingEqualsSign: "has no '=' after its name"
        case .unencodedReservedCharacter: "contains '/', '?' or '@' in a place where programs read it differently"
        case .invalidHost: "contains characters that no host name has"
        case .emptyListEntry: "is a list with an empty entry"
        case .invalidPort: "is not a number from 1 to 65535"
        case .portCountMismatch: "is a list of another length than that of the hosts"
        case .textAfterQuote: "has text after its closing quote"
        case .loginBeforeHost: "contains '@', but this dialect takes no login there"
        case .notText: "is not a text or number"
        }
    }

    var remedy: String {
        switch self {
        case .invalidPercentEncoding: "write a literal '%' as %25"
        case .notUTF8: "encode it as UTF-8"
        case .unterminatedQuote: "close it, and write a quote inside the way this dialect does"
        case .missingEqualsSign: "write name=value, and quote values that contain spaces"
        case .unencodedReservedCharacter: "write '/' as %2F, '?' as %3F and '@' as %40"
        case .invalidHost: "name the host alone, with the port apart, and with placeholders filled in"
        case .emptyListEntry: "name a host for every entry"
        case .invalidPort: "correct it, or remove it for the default"
        case .portCountMismatch: "give one port for all hosts, or one for each"
        case .textAfterQuote: "separate the pairs, and double a quote inside the quotes"
        case .loginBeforeHost: "give it as the parameters user and password"
        case .notText: "write it as a string"
        }
    }
}

extension DatabaseSystem {
    var examples: String {
        switch self {
        case .postgreSQL:
            "postgres://…, postgresql+driver://…, jdbc:postgresql://…, Host=…;Database=…, host=… dbname=… or {\"ENGINE\": …, \"HOST\": …}"
        case .redis: "redis://…, rediss://…, host:port,password=… or a list of host:port"
        }
    }
}

extension Dialect {
    fileprivate var hostRemedy: String {
        switch self {
        case .url: "put it after '//' (or '@'), or add the parameter 'host'"
        case .jdbc, .redisURL: "put it after '//'"
        case .keywordValue: "add host=<name of the server>"
        case .adoNet: "add Host=<name of the server>"
        case .settings: "add the setting that names the server, such as HOST"
        case .passwordFile: "write it as the line's first field"
        case .serviceFile: "add host=<name of the server> to the section"
        case .redisNodes: "begin with <name of the server>:6379"
        }
    }
}
