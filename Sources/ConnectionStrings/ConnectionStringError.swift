/// Why a text cannot be used as a connection string. Names what was found and what to do, never any part of a value.
public enum ConnectionStringError: Error, Sendable, Hashable {
    /// The text is in none of the known dialects (empty text included).
    case notAConnectionString
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
    }

    /// Ways of naming a server that bypass host and port. The raw value is the keyword.
    public enum Feature: String, Sendable, Hashable, CaseIterable {
        case hostaddr
        case service
        case servicefile
        case unixSocket

        static let keywords: [Feature] = [.hostaddr, .service, .servicefile]
    }
}

extension ConnectionStringError: CustomStringConvertible {
    /// The problem and its remedy in one line.
    public var description: String { "\(problem); \(remedy)" }

    public var problem: String {
        switch self {
        case .notAConnectionString: "the value is not a PostgreSQL connection string"
        case .missingHost(.url): "the PostgreSQL URL names no host"
        case .missingHost(.keywordValue): "the keyword/value connection string has no 'host' keyword"
        case .malformed(let dialect, let component, let fault): "\(component) of the \(dialect.title) \(fault.problem)"
        case .unsupported(.unixSocket): "the connection string names a Unix socket as host"
        case .unsupported(let feature): "the connection string uses '\(feature.rawValue)', which decides the server in place of 'host'"
        }
    }

    public var remedy: String {
        switch self {
        case .notAConnectionString:
            "expected postgres://…, postgresql://…, postgresql+driver://… or keyword/value pairs such as host=… dbname=…; name another key or correct the value"
        case .missingHost(.url): "put it after '//' (or '@'), or add the parameter 'host'"
        case .missingHost(.keywordValue): "add host=<name of the server>"
        case .malformed(_, _, let fault): fault.remedy
        case .unsupported(.hostaddr): "remove it, so that 'host' alone names the server"
        case .unsupported(.service), .unsupported(.servicefile): "replace it by host, port and dbname, because the service file is out of reach"
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
        }
    }

    var remedy: String {
        switch self {
        case .invalidPercentEncoding: "write a literal '%' as %25"
        case .notUTF8: "encode it as UTF-8"
        case .unterminatedQuote: "close it, and write a quote inside as \\'"
        case .missingEqualsSign: "write name=value, and quote values that contain spaces"
        case .unencodedReservedCharacter: "write '/' as %2F, '?' as %3F and '@' as %40"
        case .invalidHost: "name the host alone, with the port apart, and with placeholders filled in"
        case .emptyListEntry: "name a host for every entry"
        case .invalidPort: "correct it, or remove it for 5432"
        case .portCountMismatch: "give one port for all hosts, or one for each"
        }
    }
}

extension Dialect {
    var title: String {
        switch self {
        case .url: "PostgreSQL URL"
        case .keywordValue: "keyword/value connection string"
        }
    }
}
