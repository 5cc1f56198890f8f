import MigrationCore
import MigrationPorts

/// Opens this program's sessions on one server: recognisable by name, never read-only by default, without time limits of the database's or role's own.
struct Sessions: Sendable {
    let access: ServerAccess
    let applicationName: String
    /// Where sessions that only look are kept; `nil` opens a new one each time.
    let pool: SessionPool?

    init(_ access: ServerAccess, uid: String, suffix: String = "", pool: SessionPool? = nil) {
        self.access = access
        self.pool = pool
        applicationName = Artefacts.applicationName(uid) + suffix
    }

    var server: String { "\(access.server.host):\(access.server.port)" }

    func maintenance() async throws -> PostgresConnection { try await open(access.server.maintenanceDatabase, .ordinary) }

    /// A session that also passes a closed door.
    func database(_ name: String) async throws -> PostgresConnection { try await open(name, .replication) }

    func open(_ database: String, _ session: ConnectionOptions.Session) async throws -> PostgresConnection {
        let connection = try await PostgresConnection.open(access, options(database, session))
        // Not every major knows them all, and an unknown one is an error at startup.
        try await connection.execute(
            """
            SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
            WHERE name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') AND setting <> '0';
            SET search_path = pg_catalog, pg_temp
            """, attempt: "prepare a session")
        return connection
    }

    private func options(_ database: String, _ session: ConnectionOptions.Session) -> ConnectionOptions {
        let settings = ["default_transaction_read_only": "off", "statement_timeout": "0", "lock_timeout": "0", "row_security": "off"]
        return ConnectionOptions(database: database, applicationName: applicationName, session: session, settings: settings)
    }

    /// Runs `body` with a session, and closes it or keeps it in the pool.
    func with<Answer: Sendable>(
        database: String, as session: ConnectionOptions.Session = .replication, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        if let pool {
            let key = SessionPool.Key(access: access, options: options(database, session))
            return try await pool.with(key, open: { try await open(database, session) }, body)
        }
        let connection = try await open(database, session)
        do {
            let answer = try await body(connection)
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }

    func withMaintenance<Answer: Sendable>(_ body: (PostgresConnection) async throws -> Answer) async throws -> Answer {
        try await with(database: access.server.maintenanceDatabase, as: .ordinary, body)
    }
}

/// Runs an operation for every element, at most `limit` at once; the first error wins after all have ended.
func concurrently<Element: Sendable, Answer: Sendable>(
    _ elements: [Element], limit: Int = 2, _ operation: @escaping @Sendable (Element) async throws -> Answer
) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        var answers: [Int: Answer] = [:]
        for (index, element) in elements.enumerated() {
            if index >= limit, let (done, answer) = try await group.next() { answers[done] = answer }
            group.addTask { (index, try await operation(element)) }
        }
        for try await (done, answer) in group { answers[done] = answer }
        return elements.indices.compactMap { answers[$0] }
    }
}
