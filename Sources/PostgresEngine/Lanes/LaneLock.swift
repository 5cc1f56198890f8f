import MigrationCore
import MigrationPorts

/// Whether a lane operation may be done: it holds the lock of the source's fence, and the fence stands at the epoch of its decision.
enum LaneLock {
    /// - Throws: ``FenceStopped`` when the epoch is another.
    static func hold<Answer: Sendable>(
        _ context: DatabaseContext, epoch: Int64, pool: SessionPool? = nil, _ body: (FenceLock) async throws -> Answer
    ) async throws -> Answer {
        let sessions = Sessions(context.source, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue, pool: pool)
        // Without a table: before the first fence nothing of ours has to be in the source's maintenance database.
        return try await FenceLock.hold(sessions, uid: context.uid, makesTable: false) { lock in
            try lock.require(epoch: epoch)
            return try await body(lock)
        }
    }

    /// An operation that comes after the target was cleaned up must not make anything there.
    static func requireTarget(_ context: DatabaseContext) async throws {
        let uid = context.uid
        let target = Sessions(context.target, uid: uid)
        let known = try await target.withMaintenance { try await FenceTable.rows($0, uid: uid) }.map(\.database)
        for database in context.plan.databases.map(\.targetName) where !known.contains(database) {
            throw FenceStopped(server: target.server, why: "database \(database) is not prepared, or was cleaned up")
        }
    }
}
