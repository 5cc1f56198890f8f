import ConnectionStrings
import PostgresEngine

/// One numbered line a client wants written.
struct Entry: Codable, Sendable {
    var client: String
    var number: Int64
}

/// The table behind the service.
struct Ledger: Sendable {
    let pool: ConnectionPool

    /// Writes one entry; when this returns, COMMIT has returned with `synchronous_commit = on`.
    ///
    /// It never tries twice: an entry whose COMMIT got no answer may or may not be there, and a second try could write it again.
    func write(_ entry: Entry) async throws {
        try await pool.use { connection in
            try await connection.transaction {
                try await connection.query(
                    "INSERT INTO ledger (client, number, note) VALUES ($1, $2::bigint, $3)",
                    [entry.client, String(entry.number), "entry \(entry.number) of \(entry.client)"], attempt: "write an entry")
            }
        }
    }

    /// Whether the database answers.
    func check() async throws {
        try await pool.use { connection in try await connection.execute("SELECT 1", attempt: "check the database") }
    }
}
