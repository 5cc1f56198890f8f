/// A transaction under a snapshot that another session of the same database has exported.
enum SnapshotImport {
    /// Begins it in `session`, which sees what the snapshot shows from here on.
    ///
    /// - Throws: ``CopyInterrupted`` when the snapshot is gone.
    static func begin(_ snapshot: String, in session: PostgresConnection) async throws {
        do {
            try await session.execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT \(SQL.literal(snapshot))",
                attempt: "import a snapshot of \(session.options.database)")
        } catch let error as PostgresError where ["22023", "42704", "55000"].contains(error.sqlState) {
            throw CopyInterrupted(description: "the session that kept the snapshot of \(session.options.database) has ended: \(error)", mayGoOn: true)
        }
    }

    /// Begins it and exports it once more: the new name is good for as long as `session` stays within this transaction, whatever becomes of the first one.
    ///
    /// - Throws: ``CopyInterrupted`` when the snapshot is gone.
    static func keep(_ snapshot: String, in session: PostgresConnection) async throws -> SourceView.Snapshot {
        try await begin(snapshot, in: session)
        guard let name = try await session.rows("SELECT pg_export_snapshot()", attempt: "export a snapshot").first?[0] else {
            throw CopyInterrupted(description: "\(session.server) exported no snapshot")
        }
        return SourceView.Snapshot(name: name, keeper: session)
    }
}
