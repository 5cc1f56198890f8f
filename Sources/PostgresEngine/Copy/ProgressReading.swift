import MigrationCore
import MigrationPorts

/// What the journals say, and what running COPYs have moved so far.
struct ProgressReading: Sendable {
    let sessions: Sessions

    func read(_ databases: [Plan.Database]) async throws -> [DatabaseProgress] {
        let sessions = sessions
        return try await concurrently(databases) { database in
            try await sessions.with(database: database.targetName) { try await Self.read(database.name, $0) }
        }
    }

    private static func read(_ name: String, _ session: PostgresConnection) async throws -> DatabaseProgress {
        guard let head = try await Journal.head(session) else { return DatabaseProgress(name: name, phase: "Pending") }
        let row = try await session.rows(
            """
            SELECT count(*) AS total, count(copied_at) AS copied, count(*) FILTER (WHERE source_rows = target_rows AND difference IS NULL) AS verified,
            coalesce(sum(bytes_total), 0)::bigint AS bytes, coalesce(sum(bytes_total * (parts - parts_left) / parts), 0)::bigint AS bytes_copied,
            coalesce(sum(rows), 0)::bigint AS rows, (SELECT json_agg(m) FROM (SELECT format('%s.%s: %s', schema, name, difference) AS m
                FROM _dbmigration.copied WHERE difference IS NOT NULL ORDER BY 1 LIMIT 20) x)::text AS mismatches
            FROM _dbmigration.copied
            """, attempt: "read the journal of \(name)"
        ).first
        var progress = DatabaseProgress(
            name: name, phase: phaseName(head.phase), tablesTotal: Int(row?.integer("total") ?? 0), tablesCopied: Int(row?.integer("copied") ?? 0),
            tablesVerified: Int(row?.integer("verified") ?? 0), bytesTotal: row?.integer("bytes") ?? 0,
            bytesCopied: row?.integer("bytes_copied") ?? 0,
            rowsCopied: row?.integer("rows") ?? 0, mismatches: try JSONList.decode(row?["mismatches"]))
        try await addRunning(to: &progress, session)
        return progress
    }

    /// From 14 on the server counts what a running COPY has done.
    private static func addRunning(to progress: inout DatabaseProgress, _ session: PostgresConnection) async throws {
        guard try await session.rows("SELECT to_regclass('pg_catalog.pg_stat_progress_copy')").first?[0] != nil else { return }
        let running = try await session.rows(
            """
            SELECT coalesce(sum(bytes_processed), 0)::bigint AS bytes, coalesce(sum(tuples_processed), 0)::bigint AS rows
            FROM pg_stat_progress_copy WHERE datname = current_database() AND command = 'COPY FROM'
            """, attempt: "read running copies"
        ).first
        progress.bytesCopied = min(progress.bytesTotal, progress.bytesCopied + (running?.integer("bytes") ?? 0))
        progress.rowsCopied += running?.integer("rows") ?? 0
    }

    private static func phaseName(_ phase: Journal.Phase) -> String {
        switch phase {
        case .started: "CopyingSchema"
        case .schema: "CopyingRows"
        case .indexes: "Finishing"
        case .finished: "Copied"
        case .verified: "Verified"
        case .opened: "Opened"
        }
    }
}
