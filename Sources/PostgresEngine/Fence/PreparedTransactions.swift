/// Prepared transactions of some databases: behind a closed fence they could still commit, and no lane has carried them by then.
enum PreparedTransactions {
    /// At most five; for who asks several things in one round trip.
    static func listing(_ databases: [String]) -> String {
        "SELECT gid, database FROM pg_prepared_xacts WHERE database IN \(SQL.list(databases)) ORDER BY prepared LIMIT 5"
    }

    /// What ``listing(_:)`` found.
    static func lines(_ found: Rows) -> [String] { found.map { "\($0.text("gid")) in \($0.text("database"))" } }
}
