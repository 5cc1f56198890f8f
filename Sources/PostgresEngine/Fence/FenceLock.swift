import MigrationCore
import MigrationPorts

/// The right to move the fences of one migration on one server: an advisory lock in the maintenance database, held by one session.
struct FenceLock: Sendable {
    let session: PostgresConnection
    let uid: String
    /// Of this migration, as they stood when the lock was had; who holds it is the only one to move them. `nil` when there is no table.
    let rows: [FenceRow]?

    private static let waitMilliseconds = 10_000
    private static let pollMilliseconds = 100

    /// Takes the lock; a holder that does not let go within 10 s is a predecessor's left-over session and is terminated. Whoever held it before
    /// may have lost only the session with it: what is left of theirs ends first.
    ///
    /// - Parameter makesTable: False for who only reads the rows, so that nothing is left behind by it.
    static func hold<Answer: Sendable>(
        _ sessions: Sessions, uid: String, makesTable: Bool = true, _ body: (FenceLock) async throws -> Answer
    ) async throws -> Answer {
        let borrowed = try await sessions.borrow(sessions.access.server.maintenanceDatabase, as: .ordinary, first: attempt(uid))
        let session = borrowed.session
        do {
            if borrowed.answers.last?.first?[0] != "t" { try await wait(session, uid: uid) }
            // Who waits for the lock in the maintenance database is no left-over.
            let others = "datname <> current_database()"
            let answers = try await session.execute(
                [OwnSessions.ending(.fence, uid: uid, where: others), FenceTable.selection(uid: uid)].joined(separator: ";\n"),
                attempt: "begin to move fences")
            if answers.first?.isEmpty != true { try await OwnSessions(session: session, uid: uid).end(.fence, where: others) }
            let rows = try FenceTable.rows(answers.last ?? .none)
            let lock = FenceLock(session: session, uid: uid, rows: rows)
            if makesTable, rows == nil { try await lock.createTable() }
            let answer = try await body(lock)
            await borrowed.giveBack(after: "SELECT pg_advisory_unlock(\(key(uid)))")
            return answer
        } catch {
            // The lock goes with its session.
            await borrowed.close()
            throw error
        }
    }

    private static func attempt(_ uid: String) -> String { "SELECT pg_try_advisory_lock(\(key(uid)))" }

    private static func wait(_ session: PostgresConnection, uid: String) async throws {
        for round in 0..<(2 * waitMilliseconds / pollMilliseconds) {
            if round == waitMilliseconds / pollMilliseconds { try await terminateHolder(session, uid: uid) }
            try await Task.sleep(for: .milliseconds(pollMilliseconds))
            if try await session.rows(attempt(uid), attempt: "take the fence lock").first?[0] == "t" { return }
        }
        throw FenceFailure(
            server: session.server, what: "another session holds the lock of migration \(uid)",
            remedy: "end the session that pg_locks shows for it (locktype advisory, classid \(Artefacts.lockClass))")
    }

    private static func key(_ uid: String) -> String { "\(Artefacts.lockClass), hashtext(\(SQL.literal(uid)))" }

    private static func terminateHolder(_ session: PostgresConnection, uid: String) async throws {
        try await session.execute(
            """
            SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.classid = \(Artefacts.lockClass) AND a.pid <> pg_backend_pid()
            AND l.objid::bigint = (hashtext(\(SQL.literal(uid)))::bigint & 4294967295) AND starts_with(a.application_name, \(SQL.literal(Artefacts.applicationName(uid))))
            """, attempt: "end the stale holder of the fence lock")
    }

    /// Proves that the session, and with it the lock, still lives.
    func check() async throws { try await session.execute("SELECT 1", attempt: "check the fence lock") }

    // MARK: The table

    private func createTable() async throws {
        try await session.execute(
            """
            BEGIN;
            CREATE SCHEMA IF NOT EXISTS _dbmigration;
            CREATE TABLE IF NOT EXISTS _dbmigration.fence (
                database text PRIMARY KEY, uid text NOT NULL, state text NOT NULL CHECK (state IN ('open', 'closed')), epoch bigint NOT NULL,
                saved_connection_limit integer NOT NULL, saved_read_only text, changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                sessions_ended bigint, writes_refused bigint);
            COMMIT
            """, attempt: "create _dbmigration.fence")
    }

    /// Where the rows stand against a decision made at `epoch`.
    /// - Throws: ``FenceStopped`` when somebody else moved them.
    func step(databases: [String], wanted: FenceRow.State, epoch: Int64) throws -> FenceStep {
        try step(rows ?? [], databases: databases, wanted: wanted, epoch: epoch)
    }

    private func step(_ rows: [FenceRow], databases: [String], wanted: FenceRow.State, epoch: Int64) throws -> FenceStep {
        let step = FenceStep(rows: rows, databases: databases, wanted: wanted, epoch: epoch)
        if case .stopped(let why) = step { throw FenceStopped(server: session.server, why: why) }
        return step
    }

    /// For what moves no row: the highest epoch of the migration's rows has to be the one of the decision; no rows mean 0.
    /// - Throws: ``FenceStopped`` when it is another.
    func require(epoch: Int64) throws {
        let found = rows?.map(\.epoch).max() ?? 0
        guard found == epoch else { throw FenceStopped(server: session.server, why: "epoch is \(found), decided at \(epoch)") }
    }

    /// - Throws: ``FenceFailure`` naming prepared transactions: they could still commit behind a closed fence.
    func refusePrepared(in databases: [String]) async throws {
        try refuse(try await session.rows(PreparedTransactions.listing(databases), attempt: "list prepared transactions"))
    }

    /// The same for a list already made.
    func refuse(_ prepared: Rows) throws {
        let prepared = PreparedTransactions.lines(prepared)
        guard prepared.isEmpty else {
            throw FenceFailure(
                server: session.server, what: "prepared transactions: \(prepared.joined(separator: ", "))",
                remedy: "COMMIT PREPARED or ROLLBACK PREPARED them")
        }
    }

    /// Before a closing: forgets what an earlier one met. A table that another version made gets the columns for it.
    func forgetEvidence() async throws {
        try await session.execute(
            """
            ALTER TABLE _dbmigration.fence ADD COLUMN IF NOT EXISTS sessions_ended bigint, ADD COLUMN IF NOT EXISTS writes_refused bigint;
            UPDATE _dbmigration.fence SET sessions_ended = 0, writes_refused = 0 WHERE uid = \(SQL.literal(uid))
            """, attempt: "prepare the evidence of the fence")
    }

    /// Notes in every row what the closing of all databases met, for the evidence in the status; one that is repeated ends further sessions.
    func note(sessionsEnded: Int, writesRefused: Int) async throws {
        try await session.execute(
            """
            UPDATE _dbmigration.fence SET sessions_ended = coalesce(sessions_ended, 0) + \(sessionsEnded), writes_refused = \(writesRefused)
            WHERE uid = \(SQL.literal(uid))
            """, attempt: "note what closing the fence met")
    }

    /// Compare-and-set of every row from `epoch` to `epoch + 1`, with the databases' settings, in one transaction.
    ///
    /// - Parameter settings: The `ALTER DATABASE` statements of one row.
    func move(databases: [String], to wanted: FenceRow.State, epoch: Int64, settings: (FenceRow) -> [String]) async throws {
        // What follows the statement that locks sees what was committed before the lock was had, also in the same round trip.
        let begin = [
            "BEGIN; LOCK TABLE _dbmigration.fence IN SHARE ROW EXCLUSIVE MODE", FenceTable.selection(uid: uid), DatabaseSettings.selection(databases),
        ].joined(separator: ";\n")
        try await session.transaction(beginning: begin, attempt: "read _dbmigration.fence") { answers in
            let known = try FenceTable.rows(answers.dropLast().last ?? .none) ?? []
            guard try step(known, databases: databases, wanted: wanted, epoch: epoch) != .resume else {
                // Somebody may have lifted a limit since; an opened side is its owner's again.
                let again = wanted == .closed ? known.filter { databases.contains($0.database) }.flatMap(settings) : []
                if !again.isEmpty { try await session.execute(again.joined(separator: ";\n"), attempt: "close the databases") }
                return
            }
            let own = DatabaseSettings.settings(answers.last ?? .none)
            let rows = try databases.map { database in
                guard let now = own[database] else {
                    throw FenceFailure(
                        server: session.server, what: "database \(database) is missing", remedy: "create it or take it out of the migration")
                }
                var row = known.first { $0.database == database } ?? FenceRow(database: database, state: .open, epoch: epoch, now.withoutFence)
                if wanted == .closed, row.state == .open { row.save(now.withoutFence) }
                row.state = wanted
                row.epoch = epoch + 1
                return row
            }
            try await FenceTable.write(session, uid: uid, rows, settings: rows.flatMap(settings))
        }
    }
}

extension FenceRow {
    init(database: String, state: State, epoch: Int64, _ settings: DatabaseSettings) {
        self.init(
            database: database, state: state, epoch: epoch, savedLimit: settings.limit, savedReadOnly: settings.readOnly, changedAtMilliseconds: 0)
    }

    mutating func save(_ settings: DatabaseSettings) {
        savedLimit = settings.limit
        savedReadOnly = settings.readOnly
    }

    private var name: String { SQL.identifier(database) }

    /// No ordinary session may come, and those that do are read-only.
    var closeDoor: [String] { ["ALTER DATABASE \(name) CONNECTION LIMIT 0", setReadOnly] }
    var setReadOnly: String { "ALTER DATABASE \(name) SET default_transaction_read_only = 'on'" }
    /// The settings from before.
    var restoreSettings: [String] {
        [
            "ALTER DATABASE \(name) CONNECTION LIMIT \(savedLimit)",
            savedReadOnly.map { "ALTER DATABASE \(name) SET default_transaction_read_only = \(SQL.literal($0))" }
                ?? "ALTER DATABASE \(name) RESET default_transaction_read_only",
        ]
    }
}
