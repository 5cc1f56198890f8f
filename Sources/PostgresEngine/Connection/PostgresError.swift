/// A failed attempt on one server: what was attempted, where, and what the server answered. Never holds a password or row content.
public struct PostgresError: Error, Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// No connection could be made, or the server is starting or stopping.
        case unreachable
        /// An established connection broke, or the server closed it.
        case connectionLost
        case authentication
        case privilege
        case tooManyConnections
        /// A lock timeout, deadlock, serialization failure or object in use: later it may work.
        case conflict
        /// SQLSTATE 25006: the session or the database refuses writes (a fence does).
        case readOnly
        case cancelled
        case other
    }

    public var kind: Kind
    /// Five characters as the server sent them; `nil` when no server answered.
    public var sqlState: String?
    public var message: String
    public var hint: String?
    /// In words, e.g. `create database "orders"`.
    public var attempt: String
    /// `host:port/database`.
    public var server: String

    public init(kind: Kind, sqlState: String? = nil, message: String, hint: String? = nil, attempt: String, server: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.hint = hint
        self.attempt = attempt
        self.server = server
    }

    /// Whether the same attempt may succeed later without anybody changing anything.
    public var isTransient: Bool {
        switch kind {
        case .unreachable, .connectionLost, .tooManyConnections, .conflict, .cancelled: true
        case .authentication, .privilege, .readOnly, .other: sqlState?.hasPrefix("53") ?? false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        var text = "\(attempt) on \(server): \(message)"
        if let hint { text += " (\(hint))" }
        if let sqlState { text += " [SQLSTATE \(sqlState)]" }
        return text
    }
}

extension PostgresError.Kind {
    /// Appendix A of the manual, reduced to what callers decide on.
    init(sqlState: String) {
        switch sqlState {
        case "42501": self = .privilege
        case "53300": self = .tooManyConnections
        case "25006": self = .readOnly
        case "57014": self = .cancelled
        case "55P03", "55006", "40001", "40P01": self = .conflict
        case "57P01", "57P02", "57P05": self = .connectionLost
        case "57P03": self = .unreachable
        case _ where sqlState.hasPrefix("28"): self = .authentication
        case _ where sqlState.hasPrefix("08"): self = .connectionLost
        default: self = .other
        }
    }
}
