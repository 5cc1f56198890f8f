import MigrationCore
import MigrationPorts

/// What a server's settings, and what others use of them already, leave for lanes. What this migration uses itself is not counted.
struct ReplicationCapacity: Sendable, Hashable {
    struct Setting: Sendable, Hashable {
        var value: String
        var needsRestart: Bool
    }

    /// By name; one that this version does not have is missing.
    var settings: [String: Setting]
    var isStandby: Bool
    var slots: Int
    var senders: Int
    /// Each has a replication origin.
    var subscriptions: Int
    /// Subscriptions whose worker runs.
    var workers: Int
    /// Processes out of `max_worker_processes`, without the short-lived ones of parallel queries.
    var processes: Int

    func number(_ name: String) -> Int? { settings[name].flatMap { Int($0.value) } }

    static let names = [
        "wal_level", "max_replication_slots", "max_active_replication_origins", "max_wal_senders", "max_logical_replication_workers",
        "max_worker_processes", "max_slot_wal_keep_size", "wal_sender_timeout", "wal_receiver_timeout", "idle_replication_slot_timeout",
        "output_plugin_libraries",
    ]

    static func read(_ session: PostgresConnection, uid: String) async throws -> ReplicationCapacity {
        let settings = try await session.rows(
            "SELECT name, setting, context = 'postmaster' AS restart FROM pg_settings WHERE name IN \(SQL.list(names))",
            attempt: "read the settings of replication")
        let lane = SQL.literal(LaneName.prefix(uid: uid))
        let row = try await session.rows(
            """
            SELECT pg_is_in_recovery() AS standby,
            (SELECT count(*) FROM pg_replication_slots WHERE NOT starts_with(slot_name, \(lane))) AS slots,
            (SELECT count(*) FROM pg_stat_replication WHERE NOT starts_with(coalesce(application_name, ''), \(lane))
                AND NOT starts_with(coalesce(application_name, ''), \(SQL.literal(Artefacts.applicationName(uid))))) AS senders,
            (SELECT count(DISTINCT subid) FROM pg_stat_subscription WHERE NOT starts_with(subname, \(lane))) AS subscriptions,
            (SELECT count(pid) FROM pg_stat_subscription WHERE NOT starts_with(subname, \(lane))) AS workers,
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type NOT IN \(SQL.list(notFromThePool))
                AND pid NOT IN (SELECT pid FROM pg_stat_subscription WHERE pid IS NOT NULL AND starts_with(subname, \(lane)))) AS processes
            """, attempt: "count what replication uses"
        ).first
        return ReplicationCapacity(
            settings: Dictionary(
                settings.map { ($0.text("name"), Setting(value: $0.text("setting"), needsRestart: $0.flag("restart"))) }
            ) { first, _ in first },
            isStandby: row?.flag("standby") ?? false, slots: Int(row?.integer("slots") ?? 0), senders: Int(row?.integer("senders") ?? 0),
            subscriptions: Int(row?.integer("subscriptions") ?? 0), workers: Int(row?.integer("workers") ?? 0),
            processes: Int(row?.integer("processes") ?? 0))
    }

    /// Kinds of processes that do not come out of `max_worker_processes`, and parallel workers, which are gone in a moment.
    private static let notFromThePool = [
        "client backend", "walsender", "walreceiver", "walwriter", "walsummarizer", "checkpointer", "background writer", "autovacuum launcher",
        "autovacuum worker", "archiver", "startup", "logger", "slotsync worker", "io worker", "standalone backend", "parallel worker",
    ]
}
