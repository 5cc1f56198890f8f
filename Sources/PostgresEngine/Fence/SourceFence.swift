import MigrationCore
import MigrationPorts

/// Closes and opens every database of the source, as a compare-and-set on the fence's epoch. Lanes are none of its business.
struct SourceFence: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]
    let isLive: Bool

    init(_ context: DatabaseContext, _ pool: SessionPool? = nil) {
        sessions = Sessions(context.source, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue, pool: pool)
        uid = context.uid
        databases = context.plan.databases.map(\.name)
        isLive = context.plan.isLive
    }

    /// Guard (passing), door, guard (refusing), end of every client session, proof, in Live mode a mark in the log: in this order, so that
    /// nothing slow happens behind a closed door. A fence that stands is sealed: its epoch moves on, and whoever looks next proves it again.
    ///
    /// - Parameter further: What to do under the same lock when it is closed.
    /// - Throws: ``FenceStopped`` when the epoch is another, ``FenceFailure`` when the fence could not be proven.
    func close(epoch: Int64, then further: @Sendable (FenceLock) async throws -> Void = { _ in }) async throws {
        try await FenceLock.hold(sessions, uid: uid) { lock in
            switch try lock.step(databases: databases, wanted: .closed, epoch: epoch) {
            case .seal: try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
            case let step: try await close(epoch: epoch, lock, isFirst: step == .advance)
            }
            try await further(lock)
        }
    }

    private func close(epoch: Int64, _ lock: FenceLock, isFirst: Bool) async throws {
        let mark = isLive ? uid : nil
        let token = Artefacts.token(uid, epoch + 1)
        if isFirst {
            try await lock.refusePrepared(in: databases)
            try await lock.forgetEvidence()
        }
        try await LockedSessions.with(databases, sessions, lock) { all in
            if isFirst { try await all.each { try await Guard(session: $0).install() } }
            // In the lock's session, as everything that follows in the maintenance database: without the lock it fails.
            try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
            try await all.each { try await Guard(session: $0).replace(by: .refusing(token: token)) }
            let (ended, prepared) = try await ClientSessions(session: lock.session, uid: uid, databases: databases).terminate()
            try lock.refuse(prepared)
            let refused = try await all.each { try await FenceProof(session: $0).run(marks: mark) }
            try await lock.note(sessionsEnded: ended, writesRefused: refused.count { $0 })
        }
    }

    /// Guard away first (or passing, where a table is locked), then the door.
    func open(epoch: Int64) async throws {
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try lock.step(databases: databases, wanted: .open, epoch: epoch)
            // A worker that still reads here reads for nothing, and its locks would hold up the guard's removal.
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(databases))")
            try await LockedSessions.with(databases, sessions, lock) { all in
                try await all.each { session in
                    let door = Guard(session: session)
                    if try await door.status().kind != .absent { try await door.replace(by: .passing) }
                    _ = try await door.remove()
                }
            }
            try await lock.move(databases: databases, to: .open, epoch: epoch) { $0.restoreSettings }
        }
    }
}
