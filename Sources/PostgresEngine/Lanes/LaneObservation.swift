import MigrationCore
import MigrationPorts

/// Reads the lanes of one direction from both servers, through closed doors too.
struct LaneObservation: Sendable {
    let context: DatabaseContext
    let direction: Direction
    let pool: SessionPool

    init(_ context: DatabaseContext, _ direction: Direction, _ pool: SessionPool) {
        self.context = context
        self.pool = pool
        self.direction = direction
    }

    func read() async throws -> ReplicationState {
        let readings = try await concurrently(context.plan.databases, limit: 4) { try await read($0) }
        let epochs = readings.map(\.sequences?.epoch)
        return ReplicationState(
            lanes: readings.map(\.lane), sequencesEpoch: epochs.contains(nil) ? nil : epochs.compactMap { $0 }.min(),
            mismatch: readings.lazy.compactMap(\.sequences?.mismatch).first)
    }

    private struct Reading: Sendable {
        var lane: LaneState
        var sequences: SequenceTable.Reading?
    }

    private func read(_ database: Plan.Database) async throws -> Reading {
        let (source, target) = (Sessions(context.source, uid: context.uid, pool: pool), Sessions(context.target, uid: context.uid, pool: pool))
        return try await target.with(database: database.targetName) { tables in
            let sequences = try await SequenceTable.read(tables, direction)
            guard let name = try await LaneTable.name(tables, direction) else {
                return Reading(lane: LaneState(database: database.name, stage: .absent), sequences: sequences)
            }
            let lane = try await source.with(database: database.name) { other in
                // The subscriber first: a lane that is lost meanwhile shows as lost.
                let (publisher, subscriber) = direction.publisher == .source ? (other, tables) : (tables, other)
                let subscription = try await SubscriptionReading.read(subscriber, name)
                var slot = try await SlotReading.read(publisher, name)
                if subscription?.isFailing == true, slot.loss(name) == nil {
                    slot.decodingFailure = try await SlotProbe(session: publisher, uid: context.uid).failure(of: name)
                }
                return state(database.name, name, slot, subscription)
            }
            return Reading(lane: lane, sequences: sequences)
        }
    }

    private func state(_ database: String, _ name: String, _ slot: SlotReading, _ subscription: SubscriptionReading?) -> LaneState {
        let stage: LaneState.Stage =
            switch subscription {
            case nil: .slotted
            case .some(let found): found.isEnabled ? .running : .connected
            }
        let subscriber = context.access(direction.subscriber).server
        return LaneState(
            database: database, stage: stage, isStreaming: slot.isActive && subscription?.hasWorker == true, confirmed: slot.confirmed,
            lagBytes: slot.confirmed.map { slot.insert.bytes > $0.bytes ? Int64(slot.insert.bytes - $0.bytes) : 0 },
            retainedBytes: slot.restart.map { slot.insert.bytes > $0.bytes ? Int64(slot.insert.bytes - $0.bytes) : 0 }, loss: slot.loss(name),
            trouble: subscription?.trouble(name, server: "\(subscriber.host):\(subscriber.port)") ?? slot.trouble(name))
    }
}

/// What the publisher's database shows of a lane.
struct SlotReading: Sendable, Hashable {
    var insert: WALPosition
    var exists: Bool
    var isActive: Bool
    var confirmed: WALPosition?
    var restart: WALPosition?
    /// Of `pg_replication_slots.wal_status`.
    var walStatus: String?
    var invalidation: String?
    var isPublished: Bool
    /// Tables the publication does not have, at most three.
    var unpublished: String?
    /// The guard refuses what clients write.
    var isFenced: Bool
    /// The server cannot decode what the slot keeps: its error. Asked only while the worker fails.
    var decodingFailure: String?

    static func read(_ session: PostgresConnection, _ name: String) async throws -> SlotReading {
        let literal = SQL.literal(name)
        // Through JSON, because majors differ in what they know of an invalidation.
        let row = try await session.rows(
            """
            SELECT pg_current_wal_insert_lsn() AS insert, s.j IS NOT NULL AS found, s.j->>'active' = 'true' AS active, s.j->>'confirmed_flush_lsn' AS confirmed,
                s.j->>'restart_lsn' AS restart, s.j->>'wal_status' AS wal_status,
                coalesce(s.j->>'invalidation_reason', CASE WHEN s.j->>'conflicting' = 'true' THEN 'conflict' END) AS invalidation,
                EXISTS (SELECT 1 FROM pg_publication WHERE pubname = \(literal)) AS published,
                (SELECT string_agg(label, ', ') FROM (SELECT n.nspname || '.' || c.relname AS label \(LanePublisher.tables)
                    AND NOT EXISTS (SELECT 1 FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                        WHERE r.prrelid = c.oid AND p.pubname = \(literal)) ORDER BY 1 LIMIT 3) t) AS unpublished,
                coalesce(\(Guard.source) LIKE '%dbmigration:refusing%', false) AS fenced
            FROM (SELECT (SELECT to_jsonb(r) FROM pg_replication_slots r WHERE slot_name = \(literal) AND database = current_database()) AS j) s
            """, attempt: "read slot \(name)"
        ).first
        guard let row, let insert = WALPosition(row.text("insert")) else {
            throw PostgresError(kind: .other, message: "no WAL position", attempt: "read slot \(name)", server: session.server)
        }
        return SlotReading(
            insert: insert, exists: row.flag("found"), isActive: row.flag("active"), confirmed: row["confirmed"].flatMap { WALPosition($0) },
            restart: row["restart"].flatMap { WALPosition($0) }, walStatus: row["wal_status"], invalidation: row["invalidation"],
            isPublished: row.flag("published"), unpublished: row["unpublished"], isFenced: row.flag("fenced"))
    }

    func loss(_ name: String) -> String? {
        let meaning = "what was written since cannot be fetched any more, only a new copy helps"
        if !exists { return "slot \(name) is gone: \(meaning)" }
        if walStatus == "lost" { return "slot \(name) is lost, its log was removed (see max_slot_wal_keep_size): \(meaning)" }
        if let invalidation { return "slot \(name) was invalidated (\(invalidation)): \(meaning)" }
        if let decodingFailure { return "slot \(name) cannot be decoded by its server (\(decodingFailure)): \(meaning)" }
        if !isPublished { return "publication \(name) is gone: \(meaning)" }
        // While clients write, such a table may go again; behind a fence its rows are there to stay.
        if isFenced, let unpublished {
            return "publication \(name) lacks \(unpublished), made after it: their rows do not travel, only a new copy helps"
        }
        return nil
    }

    func trouble(_ name: String) -> String? {
        if let unpublished {
            return "publication \(name) lacks \(unpublished), made after it: their rows do not travel; drop these tables, or migrate anew with them"
        }
        return walStatus == "unreserved" ? "slot \(name) is about to lose its log (max_slot_wal_keep_size)" : nil
    }
}

/// What the subscriber's database shows of a lane, in what PUBLIC may read.
struct SubscriptionReading: Sendable, Hashable {
    var isEnabled: Bool
    var hasWorker: Bool
    /// Its worker began a moment ago.
    var isYoung: Bool
    /// Tables which do not take changes, at most three.
    var unready: String?
    /// Since statistics were reset; nothing before PostgreSQL 15.
    var errors: Int64

    private static let youngSeconds = 10

    /// `nil` without such a subscription.
    static func read(_ session: PostgresConnection, _ name: String) async throws -> SubscriptionReading? {
        let row = try await session.rows(
            """
            SELECT s.oid, s.subenabled AS enabled, t.pid IS NOT NULL AS worker,
                coalesce(a.backend_start > clock_timestamp() - interval '\(Self.youngSeconds) s', false) AS young,
                (SELECT string_agg(label, ', ') FROM (SELECT r.srrelid::regclass::text AS label FROM pg_subscription_rel r
                    WHERE r.srsubid = s.oid AND r.srsubstate <> 'r' ORDER BY 1 LIMIT 3) u) AS unready
            FROM pg_subscription s LEFT JOIN pg_stat_subscription t ON t.subid = s.oid AND t.relid IS NULL LEFT JOIN pg_stat_activity a ON a.pid = t.pid
            WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.subname = \(SQL.literal(name)) ORDER BY t.pid LIMIT 1
            """, attempt: "read subscription \(name)"
        ).first
        guard let row else { return nil }
        var reading = SubscriptionReading(
            isEnabled: row.flag("enabled"), hasWorker: row.flag("worker"), isYoung: row.flag("young"), unready: row["unready"], errors: 0)
        let counts = try await !session.rows(
            "SELECT 1 FROM pg_class WHERE relname = 'pg_stat_subscription_stats' AND relnamespace = 'pg_catalog'::regnamespace",
            attempt: "look for pg_stat_subscription_stats"
        ).isEmpty
        if counts {
            reading.errors =
                try await session.rows(
                    "SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats WHERE subid = \(row.text("oid"))",
                    attempt: "read the errors of subscription \(name)"
                ).first?[0].flatMap { Int64($0) } ?? 0
        }
        return reading
    }

    /// Its worker is not there, or keeps ending.
    var isFailing: Bool { isEnabled && (!hasWorker || (isYoung && errors > 0)) }

    func trouble(_ name: String, server: String) -> String? {
        guard isEnabled else { return nil }
        if isFailing {
            let how = errors > 0 ? "ends with errors (\(errors) so far)" : "does not run"
            return "the worker of subscription \(name) \(how): the reason is in the log of server \(server), in lines that name this subscription"
        }
        if let unready { return "subscription \(name) does not take changes of \(unready): see pg_subscription_rel on \(server)" }
        return nil
    }
}
