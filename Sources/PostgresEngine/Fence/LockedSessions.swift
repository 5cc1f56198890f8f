/// One session in every database of a side, for all steps of a fence's operation: opening one costs several round trips, and in a write pause
/// everybody waits for them.
struct LockedSessions: Sendable {
    private let lock: FenceLock
    private let sessions: Sessions
    private let databases: [String]
    private let kept: [String: BorrowedSession]

    /// So many stay open, because each takes one of the server's `max_wal_senders`, which the lanes need as well. Further databases get
    /// a session of their own for every step.
    private static let most = 4

    /// Opens the sessions, then proves the lock: from then on, who takes the lock away ends these sessions as well.
    @discardableResult
    static func with<Answer: Sendable>(
        _ databases: [String], _ sessions: Sessions, _ lock: FenceLock, _ body: (LockedSessions) async throws -> Answer
    ) async throws -> Answer {
        let names = Array(databases.prefix(most))
        let opened = try await sessions.borrow(each: names)
        let all = LockedSessions(lock: lock, sessions: sessions, databases: databases, kept: Dictionary(zip(names, opened)) { $1 })
        do {
            try await lock.check()
            let answer = try await body(all)
            for session in opened { await session.giveBack() }
            return answer
        } catch {
            for session in opened { await session.close() }
            throw error
        }
    }

    /// Runs a step in all databases at once; the answers are in their order.
    @discardableResult
    func each<Answer: Sendable>(_ operation: @escaping @Sendable (PostgresConnection) async throws -> Answer) async throws -> [Answer] {
        let (kept, sessions, lock) = (kept, sessions, lock)
        return try await concurrently(databases, limit: Self.most) { name in
            if let borrowed = kept[name] { return try await operation(borrowed.session) }
            return try await sessions.with(database: name) { session in
                try await lock.check()
                return try await operation(session)
            }
        }
    }
}
