import ConnectionStrings

/// What the service is told by its environment, as a Deployment sets it.
struct Configuration: Sendable {
    /// `DATABASE_URL`, from a Secret: any form libpq reads.
    var database: ConnectionString
    /// `POD_IP`: replicas of one dev cluster share a port number, so each listens on its own address only.
    var address: String
    /// `PORT`, 8080 by default.
    var port: UInt16
    /// `FAIL_HEALTH_WHEN_HOST`: with a database on this host the service declares itself unwell and takes no entries.
    var failingHost: String?

    init(environment: [String: String]) throws {
        guard let text = environment["DATABASE_URL"], !text.isEmpty else { throw ConfigurationError.missing("DATABASE_URL") }
        database = try ConnectionString.parse(text)
        address = environment["POD_IP"].flatMap { $0.isEmpty ? nil : $0 } ?? "127.0.0.1"
        guard let port = UInt16(environment["PORT"] ?? "8080"), port > 0 else { throw ConfigurationError.invalid("PORT", "expected 1 to 65535") }
        self.port = port
        failingHost = environment["FAIL_HEALTH_WHEN_HOST"].flatMap { $0.isEmpty ? nil : $0 }
    }

    var databaseHost: String { database.hosts.first?.name ?? "" }

    /// Whether this replica plays the application that does not get on with its new database server.
    var isUnwellByDesign: Bool { failingHost == databaseHost }
}

enum ConfigurationError: Error, CustomStringConvertible {
    case missing(String)
    case invalid(String, String)

    var description: String {
        switch self {
        case .missing(let variable): "the variable \(variable) is not set"
        case .invalid(let variable, let problem): "the variable \(variable) is wrong: \(problem)"
        }
    }
}
