import MigrationCore
import MigrationPorts

/// Opens this program's sessions on one server: recognisable by name, never read-only by default, without time limits of the database's or role's own.
struct Sessions: Sendable {
    let access: ServerAccess
    let applicationName: String
    /// As kept sessions are named while nobody uses them.
    private let plainName: String
    /// Where sessions are kept; `nil` opens a new one each time.
    let pool: SessionPool?

    init(_ access: ServerAccess, uid: String, suffix: String = "", pool: SessionPool? = nil) {
        self.access = access
        self.pool = pool
        plainName = Artefacts.applicationName(uid)
        applicationName = plainName + suffix
    }

    var server: String { "\(access.server.host):\(access.server.port)" }

    func maintenance() async throws -> PostgresConnection { try await open(access.server.maintenanceDatabase, .ordinary) }

    /// A session that also passes a closed door.
    func database(_ name: String) async throws -> PostgresConnection { try await open(name, .replication) }

    func open(_ database: String, _ session: ConnectionOptions.Session) async throws -> PostgresConnection {
        try await open(options(database, session, applicationName))
    }

    private func open(_ options: ConnectionOptions) async throws -> PostgresConnection {
        let connection = try await PostgresConnection.open(access, options)
        // Not every major knows them all, and an unknown one is an error at startup.
        try await connection.execute(
            """
            SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
            WHERE name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') AND setting <> '0';
            SET search_path = pg_catalog, pg_temp
            """, attempt: "prepare a session")
        return connection
    }

    private func options(_ database: String, _ session: ConnectionOptions.Session, _ applicationName: String) -> ConnectionOptions {
        // What a database or a role has set for its applications is not meant for us, on either side: under another isolation lanes that write side by
        // side would fail each other.
        let settings = [
            "default_transaction_read_only": "off", "default_transaction_isolation": "read committed", "default_transaction_deferrable": "off",
            "statement_timeout": "0", "lock_timeout": "0", "row_security": "off",
        ]
        return ConnectionOptions(database: database, applicationName: applicationName, session: session, settings: settings)
    }

    /// Runs `body` with a session, and closes it or keeps it in the pool.
    func with<Answer: Sendable>(
        database: String, as session: ConnectionOptions.Session = .replication, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        if let pool, applicationName == plainName {
            let key = key(database, session)
            return try await pool.with(key, open: { try await open(key.options) }, body)
        }
        let borrowed = try await borrow(database, as: session)
        do {
            let answer = try await body(borrowed.session)
            await borrowed.giveBack()
            return answer
        } catch {
            await borrowed.close()
            throw error
        }
    }

    /// Runs `body` with the pool's session, or with another one while somebody has that: for work on many tables of a database at once.
    ///
    /// - Parameters:
    ///   - first: Statements to run in it at once.
    ///   - last: Statements to run before the session goes back.
    func withIdle<Answer: Sendable>(
        database: String, first: String? = nil, after last: String? = nil, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        let borrowed = try await borrow(database, first: first, waits: false)
        do {
            let answer = try await body(borrowed.session)
            await borrowed.giveBack(after: last)
            return answer
        } catch {
            await borrowed.close()
            throw error
        }
    }

    private func key(_ database: String, _ session: ConnectionOptions.Session) -> SessionPool.Key {
        SessionPool.Key(access: access, options: options(database, session, plainName))
    }

    /// A session for somebody who changes something: the pool's own, renamed while it is lent, so that it can be told from those that only look and
    /// takes no further one of the server's `max_wal_senders`; without a pool a new one. Whoever borrows gives back or closes.
    ///
    /// - Parameters:
    ///   - first: Statements to run in it at once, in the same round trip as the renaming.
    ///   - waits: Whether to wait for the pool's session while somebody else has it; otherwise a new one is opened then.
    func borrow(
        _ database: String, as session: ConnectionOptions.Session = .replication, first: String? = nil, waits: Bool = true
    ) async throws -> BorrowedSession {
        let key = key(database, session)
        var pool = pool
        if !waits, await pool?.isLent(key) == true { pool = nil }
        guard let pool else {
            let fresh = try await open(database, session)
            do {
                return BorrowedSession(
                    session: fresh, pool: nil, name: applicationName, answers: try await begin(fresh, first, named: applicationName))
            } catch {
                await fresh.close()
                throw error
            }
        }
        if let kept = await pool.take(key) {
            // One that broke while it was kept is replaced.
            if let answers = try? await begin(kept, first, named: plainName) {
                return BorrowedSession(session: kept, pool: (pool, key), name: plainName, answers: answers)
            }
            await kept.close()
        }
        do {
            let fresh = try await open(key.options)
            return BorrowedSession(session: fresh, pool: (pool, key), name: plainName, answers: try await begin(fresh, first, named: plainName))
        } catch {
            await pool.giveBack(nil, key)
            throw error
        }
    }

    /// - Returns: the answers to `first`.
    private func begin(_ session: PostgresConnection, _ first: String?, named name: String) async throws -> [Rows] {
        let rename = name == applicationName ? nil : "SET application_name = \(SQL.literal(applicationName))"
        let statements = [rename, first].compactMap { $0 }
        guard !statements.isEmpty else { return [] }
        let answers = try await session.execute(statements.joined(separator: "; "), attempt: "take a session")
        return Array(answers.dropFirst(rename == nil ? 0 : 1))
    }

    func withMaintenance<Answer: Sendable>(_ body: (PostgresConnection) async throws -> Answer) async throws -> Answer {
        try await with(database: access.server.maintenanceDatabase, as: .ordinary, body)
    }
}

extension Sessions {
    /// A session in each of some databases, opened at once; none when one cannot be had.
    func borrow(each databases: [String]) async throws -> [BorrowedSession] {
        let results = try await concurrently(databases, limit: max(1, databases.count)) { name in
            do { return Result<BorrowedSession, any Error>.success(try await borrow(name)) } catch { return .failure(error) }
        }
        do {
            return try results.map { try $0.get() }
        } catch {
            for case .success(let session) in results { await session.giveBack() }
            throw error
        }
    }
}

/// A session that is somebody's until it is given back or closed.
struct BorrowedSession: Sendable {
    let session: PostgresConnection
    fileprivate let pool: (SessionPool, SessionPool.Key)?
    /// The name it goes back with.
    fileprivate let name: String
    /// To the statements it was borrowed with.
    let answers: [Rows]

    fileprivate init(session: PostgresConnection, pool: (SessionPool, SessionPool.Key)?, name: String, answers: [Rows]) {
        self.session = session
        self.pool = pool
        self.name = name
        self.answers = answers
    }

    /// Ends the use of a session in which nothing is under way; the caller need not wait for the server.
    ///
    /// - Parameter last: Statements to run before it goes back.
    func giveBack(after last: String? = nil) async {
        guard let (pool, key) = pool else { return await session.close() }
        let text = (last.map { $0 + "; " } ?? "") + "SET application_name = \(SQL.literal(name))"
        await pool.isComingBack(key)
        // Not a child: cancelling its user must not cost the session.
        Task {
            guard (try? await session.execute(text, attempt: "give a session back")) != nil else { return await lose(pool, key) }
            await pool.giveBack(session, key)
        }
    }

    /// For one that may be in the middle of something.
    func close() async {
        guard let (pool, key) = pool else { return await session.close() }
        await lose(pool, key)
    }

    private func lose(_ pool: SessionPool, _ key: SessionPool.Key) async {
        await session.close()
        await pool.giveBack(nil, key)
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
