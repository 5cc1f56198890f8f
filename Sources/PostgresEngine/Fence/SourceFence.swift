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
    /// - Throws: ``FenceStopped`` when the epoch is another, ``FenceFailure`` when the fence could not be proven.
    func close(epoch: Int64) async throws {
        let (databases, uid, isLive) = (databases, uid, isLive)
        let token = Artefacts.token(uid, epoch + 1)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            let step = try await lock.step(databases: databases, wanted: .closed, epoch: epoch)
            if step == .seal { return try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor } }
            if step == .advance { try await lock.refusePrepared(in: databases) }
            try await LockedSessions.with(databases, sessions, lock) { all in
                if step == .advance {
                    try await all.each { try await Guard(session: $0).install() }
                    try await lock.check()
                }
                try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
                try await all.each { try await Guard(session: $0).replace(by: .refusing(token: token)) }
                // These run in the lock's own session: without the lock they fail.
                try await ClientSessions(session: lock.session, uid: uid, databases: databases).terminate()
                try await lock.refusePrepared(in: databases)
                try await all.each { try await Self.prove($0, marks: isLive ? uid : nil) }
                try await lock.check()
            }
        }
    }

    /// Guard away first (or passing, where a table is locked), then the door.
    func open(epoch: Int64) async throws {
        let (databases, uid) = (databases, uid)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try await lock.step(databases: databases, wanted: .open, epoch: epoch)
            // A worker that still reads here reads for nothing, and its locks would hold up the guard's removal.
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(databases))")
            try await LockedSessions.with(databases, sessions, lock) { all in
                try await all.each { session in
                    let door = Guard(session: session)
                    if try await door.status().kind != .absent { try await door.replace(by: .passing) }
                    _ = try await door.remove()
                }
            }
            try await lock.check()
            try await lock.move(databases: databases, to: .open, epoch: epoch) { $0.restoreSettings }
        }
    }

    /// Puts the guard on tables made between the first installation and now; nobody is there any more to wait for. Then a write of no row, as any
    /// client would make it, has to be refused.
    ///
    /// - Parameter uid: Whose mark ends the log, in Live mode.
    private static func prove(_ session: PostgresConnection, marks uid: String?) async throws {
        let table = "SELECT n.nspname, c.relname \(UserObjects.tables) AND NOT c.relhasrules ORDER BY c.oid LIMIT 1"
        let found = try await session.execute("\(Guard.unguarded); \(table)", attempt: "choose a table for the proof")
        if found.first?.isEmpty != true { try await Guard(session: session).install() }
        guard let table = found.last?.first else {
            if let uid { try await FencePosition.mark(session, uid: uid) }
            return
        }
        let name = SQL.identifier(table.text("nspname"), table.text("relname"))
        do {
            try await session.execute("BEGIN READ WRITE; DELETE FROM ONLY \(name) WHERE false; ROLLBACK", attempt: "prove the fence on \(name)")
        } catch let error as PostgresError where error.kind == .readOnly {
            let mark = uid.map { "; " + FencePosition.marking(uid: $0) } ?? ""
            try await session.execute("ROLLBACK" + mark, attempt: "mark the end of the log of \(session.options.database)")
            return
        }
        throw FenceFailure(server: session.server, what: "\(name) still took a write", remedy: "look at its trigger \(Artefacts.trigger)")
    }
}
