import MigrationCore
import MigrationPorts
public import StructuredData

/// The admin console of one PgBouncer: the virtual database `pgbouncer`, which takes commands by the simple query protocol only.
public struct PoolerConsole: Sendable {
    /// One line of `SHOW DATABASES`.
    public struct Database: Sendable, Hashable {
        public var name: String
        /// `nil` for a Unix socket.
        public var host: String?
        public var port: Int
        /// Its name on the server.
        public var database: String
        public var isPaused: Bool
        /// How its connections are shared: `session`, `transaction` or `statement`.
        public var poolMode: String
    }

    /// Longest wait for a connection and for an answer, in seconds; a command that got none by then is given up, and never arrives later.
    static let patience = 3

    private let access: ServerAccess

    /// `host:port`, as messages name it.
    public var place: String { "\(access.server.host):\(access.server.port)" }

    public init(host: String, port: Int, sslMode: String, user: String, password: Redacted<String>) {
        // The reference is a plan's business; nothing here reads it.
        let server = Plan.Server(host: host, port: port, sslMode: sslMode, credentials: .init(name: ""))
        access = ServerAccess(server: server, user: user, password: password, certificateAuthorityFile: nil)
    }

    /// Opens a session for `body` and closes it.
    /// - Throws: ``PostgresError``, and what `body` throws.
    public func session<Answer: Sendable>(_ body: (PoolerSession) async throws -> Answer) async throws -> Answer {
        let options = ConnectionOptions(database: "pgbouncer", connectSeconds: Self.patience, unansweredSeconds: Self.patience)
        let connection = try await PostgresConnection.open(access, options)
        do {
            let answer = try await body(PoolerSession(connection: connection))
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// A session on a console.
public struct PoolerSession: Sendable {
    let connection: PostgresConnection

    /// Every database the pooler serves but its own console.
    public func databases() async throws -> [PoolerConsole.Database] {
        let settings = try await rows("SHOW CONFIG")
        let usual = settings.first { $0["key"] == "pool_mode" }?["value"] ?? "session"
        return try await rows("SHOW DATABASES").filter { $0["name"] != "pgbouncer" }.map { row in
            .init(
                name: row.text("name"), host: row["host"], port: row.integer("port").map { Int($0) } ?? 0, database: row.text("database"),
                isPaused: row.integer("paused") == 1, poolMode: row["pool_mode"] ?? usual)
        }
    }

    /// The pool modes in use for a database, which users may have set for themselves.
    public func poolModes(_ name: String) async throws -> Set<String> {
        Set(try await rows("SHOW POOLS").filter { $0["database"] == name }.compactMap { $0["pool_mode"] })
    }

    /// Users whose own pool mode is `session`, whatever the database's, also while none of them is connected.
    public func sessionUsers() async throws -> [String] {
        try await rows("SHOW USERS").filter { $0["pool_mode"] == "session" }.compactMap { $0["name"] }.sorted()
    }

    /// New transactions wait from now on; returns when those under way have ended and the pooler holds no connection to the server any more.
    /// - Throws: ``PostgresError`` when they did not end in time; the database is paused nevertheless.
    public func pause(_ name: String, within limit: Duration) async throws {
        try await connection.execute("PAUSE \(SQL.identifier(name))", within: limit)
    }

    /// A database that runs is left alone.
    public func resume(_ name: String) async throws {
        do {
            try await command("RESUME \(SQL.identifier(name))")
        } catch let error as PostgresError where error.message.contains("not paused") {
            return
        }
    }

    /// The pooler reads its files. Connections to a place that a database does not lead to any more end with their transaction.
    public func reload() async throws { try await command("RELOAD") }

    private func command(_ text: String) async throws { try await connection.execute(text, within: .seconds(PoolerConsole.patience)) }

    private func rows(_ text: String) async throws -> Rows {
        try await connection.execute(text, within: .seconds(PoolerConsole.patience)).last ?? .none
    }
}
