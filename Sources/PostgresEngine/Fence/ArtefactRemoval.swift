import MigrationCore
import MigrationPorts

/// Drops lanes, guard, schema and fence rows of one side; the other side is not asked. On the source, settings of a fence that stands are left; on the target they go back.
struct ArtefactRemoval: Sendable {
    let side: Side
    let sessions: Sessions
    let uid: String
    let databases: [String]
    private let lanes: LaneRemains

    init(_ context: DatabaseContext, side: Side) {
        self.side = side
        sessions = Sessions(context.access(side), uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue)
        uid = context.uid
        lanes = LaneRemains(access: context.access(side), uid: context.uid)
        databases = context.plan.databases.map { side == .source ? $0.name : $0.targetName }
    }

    /// On the target the rows say "open" first, which stops workers that come later, then those that are there are ended; the rows go last.
    func run() async throws {
        let present = try await present()
        guard try await sessions.withMaintenance({ try await FenceTable.exists($0) }) else {
            try await removeLanes(present) {}
            return try await removeGuards(present)
        }
        try await FenceLock.hold(sessions, uid: uid) { lock in
            if side == .target { try await retire(lock) }
            try await OwnSessions(session: lock.session, uid: uid).end(.worker, where: "datname IN \(SQL.list(present))")
            try await removeLanes(present) { try await lock.check() }
            try await removeGuards(present)
            try await dropRows(lock)
        }
    }

    private func removeLanes(_ present: [String], check: @escaping @Sendable () async throws -> Void) async throws {
        let lanes = lanes
        _ = try await concurrently(present) { try await lanes.remove($0, check: check) }
    }

    private func removeGuards(_ present: [String]) async throws {
        let (sessions, side, uid) = (sessions, side, uid)
        let removed = try await concurrently(present) { name in
            try await sessions.with(database: name) { session in
                if side == .target { try await CopyLock(session: session, uid: uid).take() }
                return try await Guard(session: session).remove()
            }
        }
        let locked = zip(present, removed).filter { !$0.1 }.map(\.0)
        guard locked.isEmpty else {
            throw FenceFailure(
                server: sessions.server, what: "tables are locked in " + locked.joined(separator: ", "),
                remedy: "it is tried again; end long transactions")
        }
    }

    /// The settings from before come back, and no worker finds a closed fence any more.
    private func retire(_ lock: FenceLock) async throws {
        try await lock.session.transaction {
            for row in try await FenceTable.rows(lock.session, uid: uid) where row.state == .closed {
                for statement in row.restoreSettings { try await lock.session.execute(statement) }
            }
            try await lock.session.execute(
                "UPDATE _dbmigration.fence SET state = 'open' WHERE uid = \(SQL.literal(uid))", attempt: "open our rows of _dbmigration.fence")
        }
    }

    /// Whether anything of ours is left on this side.
    func isNeeded() async throws -> Bool {
        let (sessions, lanes) = (sessions, lanes)
        let hasRows = try await sessions.withMaintenance { session in
            if try await UnfinishedDatabases(session: session, uid: uid).isPresent() { return true }
            return try await !FenceTable.rows(session, uid: uid).isEmpty
        }
        if hasRows { return true }
        let found = try await concurrently(present()) { name in
            try await sessions.with(database: name) { session in
                if try await Guard(session: session).isPresent() { return true }
                return try await lanes.arePresent(session)
            }
        }
        return found.contains(true)
    }

    /// The migration's databases that exist, those of an earlier plan included.
    private func present() async throws -> [String] {
        try await sessions.withMaintenance { session in
            let recorded = try await FenceTable.rows(session, uid: uid).map(\.database)
            let withLanes = try await lanes.databases(session)
            return try await DatabaseSettings.read(session, Set(databases + recorded + withLanes).sorted()).keys.sorted()
        }
    }

    private func dropRows(_ lock: FenceLock) async throws {
        try await lock.session.transaction {
            try await lock.session.execute(
                "LOCK TABLE _dbmigration.fence IN ACCESS EXCLUSIVE MODE; DELETE FROM _dbmigration.fence WHERE uid = \(SQL.literal(uid))",
                attempt: "delete our rows of _dbmigration.fence")
            let othersMake = try await UnfinishedDatabases(session: lock.session, uid: uid).removeAll()
            if !othersMake, try await lock.session.rows("SELECT 1 FROM _dbmigration.fence LIMIT 1", attempt: "look for other migrations").isEmpty {
                try await lock.session.execute("DROP SCHEMA _dbmigration CASCADE", attempt: "drop schema _dbmigration")
            }
        }
    }
}
