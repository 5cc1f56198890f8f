import CPostgres
import MigrationCore
public import MigrationPorts

/// One session on a PostgreSQL server. Its calls run one after another on a queue of its own; cancelling the task cancels the statement.
public actor PostgresConnection {
    private let executor: QueueExecutor
    private var handle: ConnectionHandle
    private let parameters: [(String, String)]
    /// How many rows the server says the last COPY OUT had; `nil` before its end.
    private(set) var rowsCopiedOut: Int?
    /// `host:port/database`, as errors name it.
    public nonisolated let server: String
    public nonisolated let options: ConnectionOptions

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private init(_ access: ServerAccess, _ options: ConnectionOptions) {
        server = "\(access.server.host):\(access.server.port)/\(options.database)"
        executor = QueueExecutor(label: "libpq " + server)
        handle = ConnectionHandle(server: server)
        parameters = options.parameters(for: access)
        self.options = options
    }

    /// Opens a session. The password goes to libpq only.
    ///
    /// - Throws: ``PostgresError``; its kind tells an unreachable host from a refused login.
    public static func open(_ access: ServerAccess, _ options: ConnectionOptions) async throws -> PostgresConnection {
        let connection = PostgresConnection(access, options)
        try await connection.start()
        return connection
    }

    private func start() async throws {
        let parameters = parameters
        let seconds = options.connectSeconds
        try await cancellable { (handle, cancel) throws(PostgresError) in try handle.open(parameters, seconds: seconds, cancel: cancel) }
    }

    /// Ends the session; open transactions roll back. Doing it twice is harmless.
    public func close() { handle.close() }

    /// The server's process of this session.
    public var backend: Int32 { handle.backend }

    /// The server's major version, e.g. 15; 0 after ``close()``.
    var major: Int { handle.major }

    /// Runs one or more statements by the simple protocol, which works in every session; one answer per statement.
    ///
    /// - Parameter attempt: What it is for, as an error says it; the statement itself by default, shortened.
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func execute(_ sql: String, attempt: String? = nil) async throws -> [Rows] {
        let attempt = attempt ?? Self.shortened(sql)
        return try await cancellable { (handle, cancel) throws(PostgresError) in try handle.run(sql, attempt: attempt, cancel: cancel) }
    }

    /// The same, given up when it takes longer: the session is of no more use then.
    @discardableResult
    func execute(_ sql: String, within limit: Duration) async throws -> [Rows] {
        let flag = CancelFlag(deadline: .now + limit)
        return try await withTaskCancellationHandler {
            try handle.run(sql, attempt: Self.shortened(sql), cancel: flag)
        } onCancel: {
            flag.set()
        }
    }

    /// The rows of the last of some statements; none when there was no answer.
    public func rows(_ sql: String, attempt: String? = nil) async throws -> Rows { try await execute(sql, attempt: attempt).last ?? .none }

    /// Runs one statement with parameters `$1 …` as text. Not in `replication` sessions.
    ///
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func query(_ sql: String, _ values: [String?], attempt: String? = nil) async throws -> Rows {
        let attempt = attempt ?? Self.shortened(sql)
        return try await cancellable { (handle, cancel) throws(PostgresError) in
            try handle.run(sql, parameters: values, attempt: attempt, cancel: cancel).last ?? .none
        }
    }

    /// Runs `body` between BEGIN and COMMIT; an error rolls back and is thrown on.
    public nonisolated func transaction<Answer: Sendable>(_ begin: String = "BEGIN", _ body: () async throws -> Answer) async throws -> Answer {
        try await transaction(beginning: begin, attempt: nil) { _ in try await body() }
    }

    /// The same for a body that needs the answers to `begin`, which may do more in the same round trip.
    nonisolated func transaction<Answer: Sendable>(
        beginning begin: String, attempt: String?, _ body: ([Rows]) async throws -> Answer
    ) async throws -> Answer {
        do {
            let answer = try await body(try await execute(begin, attempt: attempt))
            try await execute("COMMIT")
            return answer
        } catch {
            _ = try? await execute("ROLLBACK")
            throw error
        }
    }

    /// The verifier PostgreSQL stores for a password (RFC 5803), so that the password itself never travels.
    public func scramVerifier(password: String, user: String) throws -> String { try handle.verifier(password: password, user: user) }

    // MARK: COPY

    /// Starts `COPY … TO STDOUT`; read it to the end with ``nextCopyChunk(atLeast:)``.
    public func startCopyOut(_ sql: String, attempt: String) async throws {
        rowsCopiedOut = nil
        try await cancellable { (handle, cancel) throws(PostgresError) in
            try handle.startCopy(sql, expected: PGRES_COPY_OUT, attempt: attempt, cancel: cancel)
        }
    }

    /// Whole rows, together at least so many bytes; `nil` at the end.
    public func nextCopyChunk(atLeast bytes: Int = 256 * 1024, attempt: String) async throws -> [UInt8]? {
        let chunk = try await cancellable { (handle, cancel) throws(PostgresError) in
            try handle.copyOut(atLeast: bytes, attempt: attempt, cancel: cancel)
        }
        if let rows = chunk.rows { rowsCopiedOut = rows }
        return chunk.bytes
    }

    /// Starts `COPY … FROM STDIN`; feed it with ``sendCopyChunk(_:attempt:)`` and end it with ``finishCopyIn(attempt:)``.
    public func startCopyIn(_ sql: String, attempt: String) async throws {
        try await cancellable { (handle, cancel) throws(PostgresError) in
            try handle.startCopy(sql, expected: PGRES_COPY_IN, attempt: attempt, cancel: cancel)
        }
    }

    public func sendCopyChunk(_ chunk: [UInt8], attempt: String) async throws {
        try await cancellable { (handle, cancel) throws(PostgresError) in try handle.copyIn(chunk, attempt: attempt, cancel: cancel) }
    }

    /// Ends the COPY and answers how many rows the server took.
    public func finishCopyIn(attempt: String) async throws -> Int {
        try await cancellable { (handle, cancel) throws(PostgresError) in try handle.endCopyIn(attempt: attempt, cancel: cancel) }
    }

    // MARK: -

    private func cancellable<Answer: Sendable>(
        _ body: (inout ConnectionHandle, CancelFlag) throws(PostgresError) -> Answer
    ) async throws -> Answer {
        let flag = CancelFlag()
        return try await withTaskCancellationHandler {
            try body(&handle, flag)
        } onCancel: {
            flag.set()
        }
    }

    private static func shortened(_ sql: String) -> String {
        let line = sql.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= 120 ? line : line.prefix(117) + "..."
    }
}
