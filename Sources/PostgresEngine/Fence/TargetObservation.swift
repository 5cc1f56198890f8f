import MigrationCore
import MigrationPorts

/// Reads the target's fence, and whether a client wrote to it.
struct TargetObservation: Sendable {
    let sessions: Sessions
    let uid: String
    let databases: [String]
    let roles: [String]
    let isLive: Bool

    init(_ context: DatabaseContext, _ pool: SessionPool) {
        sessions = Sessions(context.target, uid: context.uid, pool: pool)
        uid = context.uid
        databases = context.plan.databases.map(\.targetName)
        roles = context.applicationRoles.map(\.name)
        isLive = context.plan.isLive
    }

    func read(withPosition: Bool) async throws -> TargetState {
        try await sessions.withMaintenance { try await read($0, withPosition: withPosition) }
    }

    private func read(_ maintenance: PostgresConnection, withPosition: Bool) async throws -> TargetState {
        let sessions = sessions
        let server = try await readServer(maintenance)
        guard server.rows.count == databases.count, server.settings.count == databases.count else {
            return TargetState(isPrepared: false, fence: .open, epoch: 0)
        }
        // After the doors and the sessions: what a closed guard has counted by now is final.
        let readings = try await concurrently(databases, limit: 4) { name in
            try await sessions.with(database: name) { try await Self.readDatabase($0) }
        }
        let guards = Dictionary(zip(databases, readings.map(\.status))) { $1 }
        let doors = server.rows.map {
            TargetDoor(row: $0, settings: server.settings[$0.database], guardStatus: guards[$0.database], hasClients: server.hasClients)
        }
        let fence: FenceState = doors.allSatisfy(\.isClosed) ? .closed : doors.allSatisfy(\.isOpen) ? .open : .partial
        let whole = Set(server.rows.map(\.epoch)).count == 1 ? fence : .partial
        let epoch = server.rows.map(\.epoch).max() ?? 0
        // After everything was seen closed: nothing a client wrote is behind it.
        let position = isLive && whole == .closed && withPosition ? try await FencePosition.read(maintenance) : nil
        return TargetState(
            isPrepared: server.missingRoles == 0, fence: whole, epoch: epoch, tookClientWrite: readings.contains { $0.writes.happened },
            firstClientWriteAt: readings.compactMap(\.writes.firstMicroseconds).min().map { Timestamp(milliseconds: $0 / 1000) }, position: position)
    }

    private struct Reading: Sendable {
        var status: Guard.Status
        var writes: ClientWrites.Reading
    }

    private static func readDatabase(_ session: PostgresConnection) async throws -> Reading {
        let answers = try await session.execute("\(Guard.question); \(ClientWrites.question)", attempt: "read the guard")
        return Reading(status: Guard.status(answers.first ?? .none), writes: try ClientWrites.reading(answers.last ?? .none))
    }

    private struct Server: Sendable {
        /// Of the plan's databases; none where there is no table.
        var rows: [FenceRow]
        var settings: [String: DatabaseSettings]
        /// Sessions, or transactions prepared by one.
        var hasClients: Bool
        var missingRoles: Int
    }

    private func readServer(_ session: PostgresConnection) async throws -> Server {
        let wanted = Set(roles)
        let answers = try await session.execute(
            [
                FenceTable.selection(uid: uid), DatabaseSettings.selection(databases),
                ClientSessions(session: session, uid: uid, databases: databases).listing, PreparedTransactions.listing(databases),
                "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname IN \(SQL.list(roles))",
            ].joined(separator: ";\n"), attempt: "read the target's doors")
        guard answers.count == FenceTable.answers + 4 else {
            throw PostgresError(kind: .other, message: "answers are missing", attempt: "read the target's doors", server: session.server)
        }
        let others = answers.dropFirst(FenceTable.answers - 1).map { $0 }
        return Server(
            rows: (try FenceTable.rows(others[0]) ?? []).filter { databases.contains($0.database) }, settings: DatabaseSettings.settings(others[1]),
            hasClients: !others[2].isEmpty || !others[3].isEmpty, missingRoles: wanted.count - others[4].count)
    }
}

/// The parts of one target database's fence. Pure.
struct TargetDoor: Sendable, Hashable {
    var row: FenceRow
    var settings: DatabaseSettings?
    var guardStatus: Guard.Status?
    var hasClients: Bool

    /// Before the first opening nobody wrote, so no limit is needed; later the limit keeps out who knows the way.
    var isClosed: Bool {
        guard row.state == .closed, settings?.isReadOnly == true, guardStatus?.isComplete == true else { return false }
        return row.epoch == 1 || (settings?.limit == 0 && !hasClients)
    }

    var isOpen: Bool { row.state == .open && guardStatus?.kind != .refusing }
}
