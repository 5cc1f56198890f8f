import MigrationCore
import MigrationPorts
import StructuredData

/// How to open one session, besides where and as whom.
public struct ConnectionOptions: Sendable, Hashable {
    public enum Session: Sendable, Hashable {
        case ordinary
        /// A walsender that also takes SQL: passes `CONNECTION LIMIT 0`, needs REPLICATION, knows only the simple query protocol.
        case replication
    }

    public var database: String
    public var applicationName: String
    public var session: Session
    /// Longest wait for a connection, in seconds.
    public var connectSeconds: Int
    /// Server settings of the session from its start, e.g. `default_transaction_read_only: off`.
    public var settings: [String: String]
    /// After how many seconds a peer that confirms nothing is given up, with what was sent to it.
    public var unansweredSeconds: Int

    public init(
        database: String, applicationName: String = "dbmigration", session: Session = .ordinary, connectSeconds: Int = 10,
        settings: [String: String] = [:], unansweredSeconds: Int = 30
    ) {
        self.unansweredSeconds = unansweredSeconds
        self.database = database
        self.applicationName = applicationName
        self.session = session
        self.connectSeconds = connectSeconds
        self.settings = settings
    }
}

extension ConnectionOptions {
    /// Debian's bundle; libpq 15 fails under `verify-*` unless a file is named.
    static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"

    /// libpq's connection parameters. Holds the password: pass it to libpq only.
    func parameters(for access: ServerAccess) -> [(String, String)] {
        var parameters = [
            ("host", access.server.host), ("port", String(access.server.port)), ("user", access.user), ("password", access.password.reveal()),
            ("dbname", database), ("sslmode", access.server.sslMode), ("application_name", applicationName), ("client_encoding", "UTF8"),
            ("connect_timeout", String(connectSeconds)),
            // A dead peer is noticed within half a minute instead of hours.
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(unansweredSeconds)000"),
        ]
        if let file = Self.rootCertificate(for: access) { parameters.append(("sslrootcert", file)) }
        if session == .replication { parameters.append(("replication", "database")) }
        if !settings.isEmpty { parameters.append(("options", startupOptions)) }
        return parameters
    }

    static func rootCertificate(for access: ServerAccess) -> String? {
        access.certificateAuthorityFile ?? (access.server.sslMode.hasPrefix("verify") ? systemCertificates : nil)
    }

    /// `-c name=value …`; a space or backslash in a value is escaped as the server wants it.
    var startupOptions: String {
        settings.sorted { $0.key < $1.key }.map { name, value in
            "-c \(name)=" + value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        }.joined(separator: " ")
    }
}
