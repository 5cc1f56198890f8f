import MigrationCore
import MigrationPorts

/// Closes and opens every database of the source, as a compare-and-set on the fence's epoch.
struct SourceFence: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]

    init(_ context: DatabaseContext) {
        sessions = Sessions(context.source, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue)
        uid = context.uid
        databases = context.plan.databases.map(\.name)
    }

    /// Guard (passing), door, guard (refusing), end of every client session, proof: in this order, so that nothing slow happens behind a closed door.
    ///
    /// - Throws: ``FenceStopped`` when the epoch is another, ``FenceFailure`` when the fence could not be proven.
    func close(epoch: Int64) async throws {
        let (sessions, databases, uid) = (sessions, databases, uid)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            if try await lock.step(databases: databases, wanted: .closed, epoch: epoch) == .advance {
                try await refusePrepared(lock)
                try await lock.eachDatabase(databases, sessions) { try await Guard(session: $0).install() }
                try await lock.check()
            }
            try await lock.move(databases: databases, to: .closed, epoch: epoch) { $0.closeDoor }
            let token = Artefacts.token(uid, epoch + 1)
            try await lock.eachDatabase(databases, sessions) { try await Guard(session: $0).replace(by: .refusing(token: token)) }
            try await lock.check()
            try await ClientSessions(session: lock.session, uid: uid, databases: databases).terminate()
            // Tables made between the first installation and now; nobody is there any more to wait for.
            try await lock.eachDatabase(databases, sessions) { try await Guard(session: $0).install() }
            try await refusePrepared(lock)
            try await lock.eachDatabase(databases, sessions) { try await proveRefusal($0) }
            try await lock.check()
        }
    }

    /// Guard away first (or passing, where a table is locked), then the door.
    func open(epoch: Int64) async throws {
        let (sessions, databases, uid) = (sessions, databases, uid)
        try await FenceLock.hold(sessions, uid: uid) { lock in
            _ = try await lock.step(databases: databases, wanted: .open, epoch: epoch)
            // A worker that still reads here reads for nothing, and its locks would hold up the guard's removal.
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(databases))")
            try await lock.eachDatabase(databases, sessions) { session in
                let door = Guard(session: session)
                if try await door.status().kind != .absent { try await door.replace(by: .passing) }
                _ = try await door.remove()
            }
            try await lock.check()
            try await lock.move(databases: databases, to: .open, epoch: epoch) { $0.restoreSettings }
        }
    }

    private func refusePrepared(_ lock: FenceLock) async throws {
        let prepared = try await lock.session.rows(
            "SELECT gid, database FROM pg_prepared_xacts WHERE database IN \(SQL.list(databases)) LIMIT 5", attempt: "list prepared transactions")
        guard prepared.isEmpty else {
            let names = prepared.map { "\($0.text("gid")) in \($0.text("database"))" }.joined(separator: ", ")
            throw FenceFailure(
                server: lock.session.server, what: "prepared transactions: \(names)", remedy: "COMMIT PREPARED or ROLLBACK PREPARED them")
        }
    }

    /// A write of no row, as any client would make it, has to be refused.
    private func proveRefusal(_ session: PostgresConnection) async throws {
        let tables = try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.tables) AND NOT c.relhasrules ORDER BY c.oid LIMIT 1", attempt: "choose a table for the proof")
        guard let table = tables.first else { return }
        let name = SQL.identifier(table.text("nspname"), table.text("relname"))
        do {
            try await session.execute("BEGIN READ WRITE; DELETE FROM ONLY \(name) WHERE false; ROLLBACK", attempt: "prove the fence on \(name)")
        } catch let error as PostgresError where error.kind == .readOnly {
            try await session.execute("ROLLBACK")
            return
        }
        throw FenceFailure(server: session.server, what: "\(name) still took a write", remedy: "look at its trigger \(Artefacts.trigger)")
    }
}
