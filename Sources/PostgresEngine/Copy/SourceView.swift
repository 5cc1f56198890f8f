import MigrationCore
import MigrationPorts

/// How one database of the source is read so that every session sees the same rows: behind its closed fence, or, while it is written to, under
/// the snapshot its slot begins at.
struct SourceView: Sendable {
    /// A snapshot and the session that keeps it: saying anything there, or closing it, ends the snapshot for sessions to come.
    struct Snapshot: Sendable {
        var name: String
        var keeper: PostgresConnection
    }

    let context: CopyContext
    let database: String
    /// `nil`: the fence holds the rows still.
    let snapshot: Snapshot?

    /// Sessions of one view see the same rows.
    var name: String { "\(database)/\(snapshot?.name ?? "")" }

    /// Runs `body` with a session of this view and closes it.
    func with<Answer: Sendable>(_ body: (PostgresConnection) async throws -> Answer) async throws -> Answer {
        try await context.sourceSessions.with(database: database) { session in
            if let snapshot { try await SnapshotImport.begin(snapshot.name, in: session) }
            return try await body(session)
        }
    }

    /// A session of this view, for the rows of many tables; whoever opens it closes it.
    func open() async throws -> PostgresConnection {
        let session = try await context.sourceSessions.database(database)
        do {
            try await session.execute(CopyFormat.reading, attempt: "prepare a session")
            if let snapshot { try await SnapshotImport.begin(snapshot.name, in: session) }
            return session
        } catch {
            await session.close()
            throw error
        }
    }

    /// Starts a COPY. Under a snapshot the table stays locked until ``endCopy(_:_:)``, and no longer: the locks of thousands of tables would fill the
    /// server's lock table.
    func startCopy(_ statement: String, _ session: PostgresConnection, attempt: String) async throws {
        guard snapshot != nil else { return try await session.startCopyOut(statement, attempt: attempt) }
        do {
            try await session.startCopyOut("SAVEPOINT part; \(statement)", attempt: attempt)
        } catch let error as PostgresError where ["42P01", "42703"].contains(error.sqlState) {
            throw CopyInterrupted(description: "a table of \(database) was dropped or changed before it was copied: \(error)")
        }
    }

    /// Proves that the rows of `part` were all there, and were found where it looked for them.
    func endCopy(_ part: CopyPart, _ session: PostgresConnection) async throws {
        try await prove(session)
        if let pages = part.pages {
            let node = try await session.rows(
                "SELECT pg_relation_filenode(\(SQL.literal(part.table.sql))::regclass)", attempt: "look where the rows of \(part.label) lie"
            ).first?[0]
            guard node == String(pages.fileNode) else {
                throw CopyInterrupted(description: "\(part.table.label) of \(database) was rewritten while it was copied in parts")
            }
        }
        if snapshot != nil {
            try await session.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part", attempt: "end the copy of \(part.label)")
        }
    }

    /// Proves that what `session` of this view has read until now stood still. A snapshot cannot change.
    func prove(_ session: PostgresConnection) async throws {
        if snapshot == nil { try await Admission(context: context).proveFence(session) }
    }

    /// The database is copied: nothing is kept for it any more.
    func close() async { await snapshot?.keeper.close() }
}
