import MigrationCore
import MigrationPorts

/// Reads the source's fence: its rows, and whether what they claim still stands.
struct SourceObservation: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]
    let isLive: Bool

    init(_ context: DatabaseContext, _ pool: SessionPool) {
        sessions = Sessions(context.source, uid: context.uid, pool: pool)
        uid = context.uid
        databases = context.plan.databases.map(\.name)
        isLive = context.plan.isLive
    }

    func read() async throws -> SourceState {
        let sessions = sessions
        let guards = try await concurrently(databases, limit: 4) { name in
            try await sessions.with(database: name) { try await Guard(session: $0).status() }
        }
        return try await sessions.withMaintenance { session in
            let clients = ClientSessions(session: session, uid: uid, databases: databases)
            // The position last, after everything was seen closed: nothing a client wrote is behind it.
            let now = try await session.execute(
                [
                    DatabaseSettings.selection(databases), FenceTable.selection(uid: uid), clients.listing, PreparedTransactions.listing(databases),
                    FencePosition.question,
                ].joined(separator: ";\n"), attempt: "read the source's fence")
            let settings = DatabaseSettings.settings(now.first ?? .none)
            let rows = (try FenceTable.rows(now.dropLast(3).last ?? .none) ?? []).filter { databases.contains($0.database) }
            let byName = Dictionary(zip(databases, guards)) { $1 }
            let door = databases.map { name in
                SourceDoor(row: rows.first { $0.database == name }, settings: settings[name], guardStatus: byName[name])
            }
            guard door.contains(where: \.hasSomethingClosed) else {
                return SourceState(fence: .open, epoch: rows.map(\.epoch).max() ?? 0, evidence: "no fence stands")
            }
            var gaps = zip(databases, door).flatMap { name, door in door.gaps.map { "\(name): \($0)" } }
            if Set(rows.map(\.epoch)).count > 1 { gaps.append("the databases' epochs differ") }
            gaps += ClientSessions.lines(now.dropLast(2).last ?? .none).map { "client session \($0)" }
            gaps += PreparedTransactions.lines(now.dropLast().last ?? .none).map { "prepared transaction \($0): commit it or roll it back" }
            let position = FencePosition.position(now.last ?? .none)
            return SourceState(
                fence: gaps.isEmpty ? .closed : .partial, epoch: rows.map(\.epoch).max() ?? 0,
                closedAt: gaps.isEmpty ? rows.map { Timestamp(milliseconds: $0.changedAtMilliseconds) }.max() : nil,
                position: gaps.isEmpty && isLive ? position : nil,
                evidence: gaps.isEmpty ? Self.evidence(rows, guards, position) : gaps.prefix(5).joined(separator: "; "))
        }
    }

    private static func evidence(_ rows: [FenceRow], _ guards: [Guard.Status], _ position: WALPosition?) -> String {
        let (ended, refused) = (rows.compactMap(\.sessionsEnded).max() ?? 0, rows.compactMap(\.writesRefused).max() ?? 0)
        return "connection limit 0, read-only default, guard refuses on \(guards.map(\.tables).reduce(0, +)) tables (tried in \(refused) databases), "
            + "no client session (\(ended) ended), WAL at \(position?.description ?? "unknown")"
    }
}

/// The parts of one source database's fence. Pure.
struct SourceDoor: Sendable, Hashable {
    var row: FenceRow?
    var settings: DatabaseSettings?
    var guardStatus: Guard.Status?

    /// Something of ours keeps clients out. A passing guard keeps nobody out.
    var hasSomethingClosed: Bool { row?.state == .closed || guardStatus?.kind == .refusing }

    /// What is missing from a closed fence.
    var gaps: [String] {
        var gaps: [String] = []
        if row?.state != .closed { gaps.append("no closed row in _dbmigration.fence") }
        if settings?.limit != 0 { gaps.append("the connection limit is \(settings.map { String($0.limit) } ?? "unknown"), not 0") }
        if settings?.isReadOnly != true { gaps.append("default_transaction_read_only is not on") }
        if guardStatus?.isComplete != true {
            gaps.append(
                "the guard is \(guardStatus?.kind.rawValue ?? "unknown") on \(guardStatus?.guarded ?? 0) of \(guardStatus?.tables ?? 0) tables")
        }
        return gaps
    }
}
