public import Logging
import MigrationCore
public import MigrationPorts

/// What every part of a copy or verification needs.
public struct CopyContext: Sendable {
    public var task: WorkerTask
    public var source: ServerAccess
    public var target: ServerAccess
    public var logger: Logger

    public init(task: WorkerTask, source: ServerAccess, target: ServerAccess, logger: Logger) {
        self.task = task
        self.source = source
        self.target = target
        self.logger = logger
    }

    /// The source is written to while its rows are copied.
    var isLive: Bool { task.plan.isLive }
    var jobs: Int { max(1, task.plan.copy.jobs) }
    var indexJobs: Int { max(1, task.plan.copy.indexJobs) }
    var sourceSessions: Sessions { Sessions(source, uid: task.uid, suffix: "/w\(task.number)") }
    var targetSessions: Sessions { Sessions(target, uid: task.uid, suffix: "/w\(task.number)") }
    /// What the target's guard lets through while this fence epoch is copied.
    var token: String { Artefacts.token(task.uid, task.sourceEpoch) }

    /// A session on a target database that may write behind its fence. An ordinary one, unless a fence closed the door.
    /// Whoever opens it closes it.
    func openTarget(_ database: Plan.Database) async throws -> PostgresConnection {
        let session: PostgresConnection
        do {
            session = try await targetSessions.open(database.targetName, .ordinary)
        } catch let error as PostgresError where error.kind == .tooManyConnections {
            session = try await targetSessions.open(database.targetName, .replication)
        }
        try await session.execute("SET \(Artefacts.pass) = \(SQL.literal(token))", attempt: "set the guard's pass")
        return session
    }

    /// Runs `body` with such a session and closes it, whatever happens.
    @discardableResult func withTarget<Answer: Sendable>(_ database: Plan.Database, _ body: (PostgresConnection) async throws -> Answer) async throws
        -> Answer
    {
        let session = try await openTarget(database)
        do {
            let answer = try await body(session)
            await session.close()
            return answer
        } catch {
            await session.close()
            throw error
        }
    }

    /// Runs `body` in a transaction of `session` on the target, as the worker in charge of its database: the journal is asked first, and nobody can take
    /// over, open the target or clean up until the transaction ends.
    @discardableResult func inCharge<Answer: Sendable>(_ session: PostgresConnection, _ body: () async throws -> Answer) async throws -> Answer {
        try await session.transaction(beginning: "BEGIN; \(Journal.check(task))", attempt: "check the journal") { _ in try await body() }
    }
}

/// The copy cannot be done, and trying again changes nothing.
public struct CopyRejected: Error, Sendable, CustomStringConvertible {
    /// Of a ``PostgresError`` that means the same, found by the target itself within a transaction.
    public static let sqlState = Journal.overtaken

    public var description: String
}

/// The copy was cut off by something that may not happen again; another worker begins the database anew.
public struct CopyInterrupted: Error, Sendable, CustomStringConvertible {
    public var description: String
    /// Only a session of this worker's was lost: the next one can go on under the snapshots that somebody else keeps.
    var mayGoOn = false
}
