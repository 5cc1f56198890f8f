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

    /// Runs `body` with a session of this view and closes it.
    func with<Answer: Sendable>(_ body: (PostgresConnection) async throws -> Answer) async throws -> Answer {
        try await context.sourceSessions.with(database: database) { session in
            if let snapshot { try await SnapshotImport.begin(snapshot.name, in: session) }
            return try await body(session)
        }
    }

    /// Proves that what `session` of this view has read until now stood still. A snapshot cannot change.
    func prove(_ session: PostgresConnection) async throws {
        if snapshot == nil { try await Admission(context: context).proveFence(session) }
    }

    /// The database is copied: nothing is kept for it any more.
    func close() async { await snapshot?.keeper.close() }
}
