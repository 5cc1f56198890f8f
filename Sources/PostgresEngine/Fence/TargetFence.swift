import MigrationCore
import MigrationPorts

/// Closes and opens every database of the target. Its guard stays after opening and counts what clients write.
struct TargetFence: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]

    init(_ context: DatabaseContext) {
        sessions = Sessions(context.target, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue)
        uid = context.uid
        databases = context.plan.databases.map(\.targetName)
    }

    /// Guard (refusing), door, end of every client session: afterwards what the guard counted is final.
    ///
    /// - Throws: ``FenceStopped`` when the epoch is another.
    func close(epoch: Int64) async throws {
        let (sessions, databases, uid) = (sessions, databases, uid)
        let token = Artefacts.token(uid, epoch + 1)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try await lock.step(databases: databases, wanted: .closed, epoch: epoch)
            try await lock.eachDatabase(databases, sessions) { session in
                try await Guard(session: session).install()
                try await Guard(session: session).replace(by: .refusing(token: token))
            }
            try await lock.check()
            try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
            try await ClientSessions(session: lock.session, uid: uid, databases: databases).terminate()
            try await lock.check()
        }
    }

    /// Guard (counting), then the door.
    func open(epoch: Int64) async throws {
        let (sessions, databases, uid) = (sessions, databases, uid)
        let token = Artefacts.token(uid, epoch + 1)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try await lock.step(databases: databases, wanted: .open, epoch: epoch)
            // What a worker left unfinished here is rolled back; the counting guard keeps its next transaction out.
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(databases))")
            try await lock.eachDatabase(databases, sessions) { session in
                try await Guard(session: session).install()
                // An interrupted opening counts already: what it counted is not forgotten.
                if try await Guard(session: session).status().kind != .counting {
                    try await ClientWrites(session: session).startCounting(token: token)
                }
            }
            try await lock.check()
            try await lock.move(databases: databases, to: .open, epoch: epoch) { $0.restoreSettings }
        }
    }
}
