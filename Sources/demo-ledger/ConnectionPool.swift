import ConnectionStrings
import PostgresEngine

/// A few sessions shared by all requests. One that failed is closed and never used again: the next request connects anew, which is
/// all it takes to survive fences, fail-overs and restarts of the server.
actor ConnectionPool {
    private let database: ConnectionString
    private let size: Int
    private var idle: [PostgresConnection] = []
    /// Sessions in use or idle, and places promised to callers that are connecting.
    private var taken = 0
    private var waiting: [CheckedContinuation<PostgresConnection?, Never>] = []

    init(database: ConnectionString, size: Int) {
        self.database = database
        self.size = size
    }

    /// Gives `body` a session.
    ///
    /// - Throws: what connecting or `body` threw; the session is gone then.
    @discardableResult
    func use<Answer: Sendable>(_ body: @Sendable (PostgresConnection) async throws -> Answer) async throws -> Answer {
        var session = await acquire()
        do {
            let connection: PostgresConnection
            if let session { connection = session } else { connection = try await connect() }
            session = connection
            let answer = try await body(connection)
            release(connection)
            return answer
        } catch {
            await session?.close()
            release(nil)
            throw error
        }
    }

    /// Closes the idle sessions.
    func close() async {
        for connection in idle { await connection.close() }
        taken -= idle.count
        idle = []
    }

    private func connect() async throws -> PostgresConnection {
        try await PostgresConnection.open(
            database, applicationName: "demo-ledger", connectSeconds: 2, settings: ["synchronous_commit": "on", "statement_timeout": "2000"])
    }

    /// An idle session, or `nil`: a place to connect.
    private func acquire() async -> PostgresConnection? {
        if let connection = idle.popLast() { return connection }
        if taken < size {
            taken += 1
            return nil
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands a session, or the place of a lost one, to who waits longest.
    private func release(_ connection: PostgresConnection?) {
        if !waiting.isEmpty {
            waiting.removeFirst().resume(returning: connection)
        } else if let connection {
            idle.append(connection)
        } else {
            taken -= 1
        }
    }
}
