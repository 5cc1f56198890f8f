import FoundationEssentials
import MigrationCore
import MigrationPorts

/// Closes and opens every database of the target. Its guard stays after opening and counts what clients write.
struct TargetFence: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]
    let isLive: Bool
    let keepsReverseLane: Bool

    init(_ context: DatabaseContext, _ pool: SessionPool? = nil) {
        sessions = Sessions(context.target, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue, pool: pool)
        uid = context.uid
        databases = context.plan.databases.map(\.targetName)
        isLive = context.plan.isLive
        keepsReverseLane = context.plan.keepsReverseLane
    }

    /// Guard (refusing), door, end of every client session: afterwards what the guard counted is final. In Live mode a mark in the log ends it,
    /// and nothing prepared may commit later.
    ///
    /// - Throws: ``FenceStopped`` when the epoch is another.
    func close(epoch: Int64) async throws {
        let (databases, uid) = (databases, uid)
        let token = Artefacts.token(uid, epoch + 1)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try lock.step(databases: databases, wanted: .closed, epoch: epoch)
            try await LockedSessions.with(databases, sessions, lock) { all in
                try await all.each { session in
                    try await Guard(session: session).install()
                    try await Guard(session: session).replace(by: .refusing(token: token))
                }
                try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
                let (_, prepared) = try await ClientSessions(session: lock.session, uid: uid, databases: databases).terminate()
                if isLive {
                    try lock.refuse(prepared)
                    try await all.each { try await FencePosition.mark($0, uid: uid) }
                }
                try await lock.check()
            }
        }
    }

    /// Reverse slots past everything that came from the source, then guard (counting), then the door.
    func open(epoch: Int64) async throws {
        let token = Artefacts.token(uid, epoch + 1)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            let step = try lock.step(databases: databases, wanted: .open, epoch: epoch)
            // What a worker left unfinished here is rolled back; the counting guard keeps its next transaction out.
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(databases))")
            try await LockedSessions.with(databases, sessions, lock) { all in
                // Where there was none it refuses, until the slots are advanced.
                let guards = try await all.each { try await Guard(session: $0).install(.refusing(token: token)) }
                let advances = keepsReverseLane && step == .advance
                if advances, !Self.opensTooEarly { try await advanceReverseSlots(all, lock, guards) }
                // An interrupted opening counts already: what it counted is not forgotten.
                let counting = Set(zip(databases, guards).filter { $1.kind == .counting }.map(\.0))
                try await all.each { session in
                    if counting.contains(session.options.database) { return }
                    try await ClientWrites(session: session).startCounting(token: token)
                }
                try await lock.move(databases: databases, to: .open, epoch: epoch) { $0.restoreSettings }
                guard advances, Self.opensTooEarly else { return }
                try await Task.sleep(for: .milliseconds(500))
                try await all.each { try await ReverseStart(session: $0, uid: uid).run() }
            }
        }
    }

    /// Only while no guard lets anything through: an interrupted opening that moved one guard had advanced every slot before, and what clients
    /// wrote since has to flow back.
    ///
    /// - Parameter guards: As they stood when the opening began.
    private func advanceReverseSlots(_ all: LockedSessions, _ lock: FenceLock, _ guards: [Guard.Status]) async throws {
        let uid = uid
        guard guards.allSatisfy({ $0.kind == .refusing || ($0.kind == .absent && $0.tables == 0) }) else { return }
        try await all.each { try await ReverseStart(session: $0, uid: uid).run() }
        try await lock.check()
    }

    /// The order that loses writes, for `hack/torture --prove`, which has to find the loss. Only debug builds can be told to use it.
    private static var opensTooEarly: Bool {
        #if DEBUG
            ProcessInfo.processInfo.environment["DBMIGRATION_TEST_UNFENCE_FIRST"] != nil
        #else
            false
        #endif
    }
}
