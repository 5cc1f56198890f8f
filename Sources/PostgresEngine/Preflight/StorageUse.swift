import MigrationCore
import MigrationPorts

/// What a server's disk holds, as far as SQL tells. What is free it does not tell.
struct StorageUse: Sendable, Hashable {
    /// Bytes of every database whose size may be asked, by name.
    var databases: [String: Int64]
    /// Bytes of WAL; 0 where our role may not look.
    var wal: Int64
    /// How much of it this migration's own slots hold already.
    var ownWAL: Int64 = 0

    var total: Int64 { databases.values.reduce(0, +) + wal }

    /// `nil` when the plan names no storage to compare it with.
    static func read(_ session: PostgresConnection, _ context: DatabaseContext) async throws -> StorageUse? {
        guard context.plan.source.storageGiB != nil || context.plan.target.storageGiB != nil else { return nil }
        let sizes = try await session.rows(
            """
            SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
                THEN pg_database_size(oid) ELSE 0 END AS bytes FROM pg_database
            """, attempt: "read the databases' sizes")
        let mayList = try await session.rows("SELECT has_function_privilege('pg_ls_waldir()', 'EXECUTE')", attempt: "ask for the WAL's size")
        let wal =
            mayList.first?[0] == "t"
            ? try await session.rows("SELECT coalesce(sum(size), 0) AS bytes FROM pg_ls_waldir()", attempt: "read the WAL's size").first : nil
        let own = try await session.rows(
            """
            SELECT coalesce(max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN restart_lsn ELSE pg_current_wal_lsn() END, restart_lsn)), 0)::bigint
                AS bytes FROM pg_replication_slots WHERE starts_with(slot_name, \(SQL.literal(LaneName.prefix(uid: context.uid))))
            """, attempt: "read what our slots hold"
        ).first
        return StorageUse(
            databases: Dictionary(sizes.map { ($0.text("datname"), $0.integer("bytes") ?? 0) }) { first, _ in first },
            wal: wal?.integer("bytes") ?? 0, ownWAL: own?.integer("bytes") ?? 0)
    }
}
