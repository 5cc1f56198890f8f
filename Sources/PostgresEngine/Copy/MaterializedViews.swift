import MigrationCore
import MigrationPorts

/// The rows of materialized views, which no lane carries.
enum MaterializedViews {
    /// A view that holds rows, or is read by one that does.
    struct View: Sendable {
        var sql: String
        /// False: it was emptied, by `REFRESH … WITH NO DATA`, after its readers were filled.
        var holdsRows: Bool
    }

    /// Fills views within a transaction of `session`. One may read another: those that cannot yet be filled wait for the next round. One that holds no
    /// rows is filled for its readers only, and emptied again.
    ///
    /// - Throws: ``CopyRejected`` naming those that cannot be filled.
    static func fill(_ views: [View], _ session: PostgresConnection) async throws {
        var waiting = views.map(\.sql)
        while !waiting.isEmpty {
            var left: [String] = []
            for view in waiting {
                do {
                    try await session.execute("SAVEPOINT view; REFRESH MATERIALIZED VIEW \(view)", attempt: "fill \(view)")
                } catch let error as PostgresError where error.sqlState == "55000" && waiting.count > 1 {
                    try await session.execute("ROLLBACK TO SAVEPOINT view")
                    left.append(view)
                }
            }
            guard left.count < waiting.count else {
                throw CopyRejected(description: "materialized views cannot be filled: \(left.joined(separator: ", "))")
            }
            waiting = left
        }
        for view in views where !view.holdsRows {
            try await session.execute("REFRESH MATERIALIZED VIEW \(view.sql) WITH NO DATA", attempt: "empty \(view.sql)")
        }
    }

    /// Fills those which hold rows in a target database anew, from the tables as they are now. Nobody reads them yet: no lock keeps anybody waiting.
    ///
    /// - Returns: why they hold what they held, when one cannot be filled; `nil` when all were.
    static func refill(_ context: CopyContext, _ database: Plan.Database) async throws -> String? {
        try await context.withTarget(database) { session in
            let views = try await SourceCatalog(session: session).populatedViews()
            return views.isEmpty ? nil : try await refill(views, session)
        }
    }

    private static func refill(_ views: [View], _ session: PostgresConnection) async throws -> String? {
        do {
            try await session.transaction {
                // Where applications read, a late worker's locks would be in their way.
                try await session.execute(Journal.checkTarget, attempt: "look for the target's fence")
                try await fill(views, session)
            }
            return nil
        } catch let error as PostgresError where !error.isTransient && error.sqlState != CopyRejected.sqlState {
            // What a view's query makes of today's rows is its owner's business, and stops no migration.
            return String(describing: error)
        } catch let error as CopyRejected {
            return error.description
        }
    }
}
