/// What the subscriber's database shows of a lane, in what PUBLIC may read.
struct SubscriptionReading: Sendable, Hashable {
    var isEnabled: Bool
    var hasWorker: Bool
    /// Its worker began a moment ago.
    var isYoung: Bool
    /// Tables which do not take changes, at most three.
    var unready: String?
    /// Since statistics were reset; `nil` before PostgreSQL 15, which does not count them.
    var errors: Int64?

    private static let youngSeconds = 10

    /// One statement for every subscription of this database whose name matches.
    static func statement(_ pattern: String, major: Int) -> String {
        let counts = major >= 15
        return """
            SELECT DISTINCT ON (s.subname) s.subname, s.subenabled AS enabled, t.pid IS NOT NULL AS worker,
                coalesce(a.backend_start > clock_timestamp() - interval '\(youngSeconds) s', false) AS young,
                (SELECT string_agg(label, ', ') FROM (SELECT r.srrelid::regclass::text AS label FROM pg_subscription_rel r
                    WHERE r.srsubid = s.oid AND r.srsubstate <> 'r' ORDER BY 1 LIMIT 3) u) AS unready,
                \(counts ? "coalesce(e.apply_error_count + e.sync_error_count, 0)" : "NULL") AS errors
            FROM pg_subscription s LEFT JOIN pg_stat_subscription t ON t.subid = s.oid AND t.relid IS NULL LEFT JOIN pg_stat_activity a ON a.pid = t.pid
            \(counts ? "LEFT JOIN pg_stat_subscription_stats e ON e.subid = s.oid" : "")
            WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.subname::text ~ \(SQL.literal(pattern))
            ORDER BY s.subname, t.pid
            """
    }

    /// By name.
    static func all(_ rows: Rows) -> [String: SubscriptionReading] {
        let readings = rows.map { row in
            (
                row.text("subname"),
                SubscriptionReading(
                    isEnabled: row.flag("enabled"), hasWorker: row.flag("worker"), isYoung: row.flag("young"), unready: row["unready"],
                    errors: row.integer("errors"))
            )
        }
        return Dictionary(readings) { first, _ in first }
    }

    /// Its worker is not there, or keeps ending.
    var isFailing: Bool { isEnabled && (!hasWorker || (isYoung && errors ?? 0 > 0)) }

    /// It has ended with errors, which the publisher may be able to tell. A worker that only has to be started has not.
    var failsForAReason: Bool { isFailing && errors != 0 }

    func trouble(_ name: String, server: String) -> String? {
        guard isEnabled else { return nil }
        if isFailing {
            let how = errors.flatMap { $0 > 0 ? "ends with errors (\($0) so far)" : nil } ?? "does not run"
            return "the worker of subscription \(name) \(how): the reason is in the log of server \(server), in lines that name this subscription"
        }
        if let unready { return "subscription \(name) does not take changes of \(unready): see pg_subscription_rel on \(server)" }
        return nil
    }
}
