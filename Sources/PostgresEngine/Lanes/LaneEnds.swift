import MigrationCore
import MigrationPorts

/// The sessions of one lane operation in one database and its counterpart.
struct LaneEnds: Sendable {
    /// On the publisher, as our own role.
    let publisher: PostgresConnection
    /// On the subscriber, as the role that creates subscriptions there, or as our own.
    let subscriber: PostgresConnection
    /// On the target, as our own role: where the lane tables are.
    let tables: PostgresConnection

    /// Opens the sessions, all at once, or borrows them, and ends those that a predecessor left.
    ///
    /// - Parameter altersSubscription: False for who only reads and writes rows.
    static func with<Answer: Sendable>(
        _ context: DatabaseContext, _ direction: Direction, _ database: Plan.Database, altersSubscription: Bool = true, pool: SessionPool? = nil,
        _ body: (LaneEnds) async throws -> Answer
    ) async throws -> Answer {
        var wanted = [Opening(access: context.source, database: database.name), Opening(access: context.target, database: database.targetName)]
        let subscribing = direction.subscriber == .source ? 0 : 1
        if altersSubscription, let login = wanted[subscribing].access.creatingSubscriptions {
            if direction.subscriber == .source {
                wanted[0].access = login
            } else {
                wanted.append(Opening(access: login, database: database.targetName))
            }
        }
        let uid = context.uid
        let results = try await concurrently(wanted, limit: wanted.count) { opening in
            let sessions = Sessions(opening.access, uid: uid, suffix: OwnSessions.Kind.lane.rawValue, pool: pool)
            do { return Result<BorrowedSession, any Error>.success(try await sessions.borrow(opening.database, first: leftOver(uid))) } catch {
                return .failure(error)
            }
        }
        let borrowed = results.compactMap { try? $0.get() }
        do {
            let opened = try results.map { try $0.get().session }
            let ends = LaneEnds(
                publisher: opened[1 - subscribing], subscriber: direction.subscriber == .source ? opened[0] : opened[opened.count - 1],
                tables: opened[1])
            _ = try await concurrently(borrowed, limit: borrowed.count) { try await endOthers($0, uid: uid) }
            let answer = try await body(ends)
            for session in borrowed { await session.giveBack() }
            return answer
        } catch {
            for session in borrowed { await session.close() }
            throw error
        }
    }

    private struct Opening: Sendable {
        var access: ServerAccess
        var database: String
    }

    /// Sessions that a predecessor left here, without the lock: ended by the role that opened them, since only a superuser may end a superuser's.
    private static let others = "datname = current_database() AND usename = current_user"

    private static func leftOver(_ uid: String) -> String { OwnSessions.ending(.lane, uid: uid, where: others) }

    private static func endOthers(_ borrowed: BorrowedSession, uid: String) async throws {
        if borrowed.answers.last?.isEmpty != true { try await endOthers(borrowed.session, uid: uid) }
    }

    static func endOthers(_ session: PostgresConnection, uid: String) async throws {
        try await OwnSessions(session: session, uid: uid).end(.lane, where: others)
    }
}

extension DatabaseContext {
    func access(_ side: Side) -> ServerAccess { side == .source ? source : target }

    /// Runs `body` with the session that looking keeps in a database of one side.
    func with<Answer: Sendable>(
        _ side: Side, _ database: Plan.Database, _ pool: SessionPool, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        let name = side == .source ? database.name : database.targetName
        return try await Sessions(access(side), uid: uid, pool: pool).with(database: name, body)
    }
}

extension ServerAccess {
    /// Access as the role that creates subscriptions; `nil` when that is the ordinary one.
    var creatingSubscriptions: ServerAccess? {
        guard let subscriber, subscriber.user != user else { return nil }
        var access = self
        access.user = subscriber.user
        access.password = subscriber.password
        // Whose Secret an error names.
        access.server.credentials = server.subscriber ?? server.credentials
        return access
    }
}
