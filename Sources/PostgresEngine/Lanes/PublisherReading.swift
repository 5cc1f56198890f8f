import MigrationCore

/// What the publisher's database shows of the lanes of one direction, in one round trip and without knowing their names.
struct PublisherReading: Sendable, Hashable {
    private var insert: WALPosition
    private var isFenced: Bool
    private var slots: [String: SlotReading] = [:]
    private var publications: Set<String> = []
    /// Tables by the publications they are in, at most three of each kind.
    private var tables: [Tables] = []

    private struct Tables: Sendable, Hashable {
        var publications: Set<String>
        var labels: [String]
    }

    private static let shown = 3

    /// Statements, and how many answers ``init(_:server:)`` takes of them. Slots through JSON, because majors differ in what they know of an invalidation.
    static func statements(_ pattern: String) -> String {
        let pattern = SQL.literal(pattern)
        return """
            SELECT pg_current_wal_insert_lsn() AS insert, coalesce(\(Guard.source) LIKE '%dbmigration:refusing%', false) AS fenced;
            SELECT slot_name, j->>'active' = 'true' AS active, j->>'confirmed_flush_lsn' AS confirmed, j->>'restart_lsn' AS restart,
                j->>'wal_status' AS wal_status, coalesce(j->>'invalidation_reason', CASE WHEN j->>'conflicting' = 'true' THEN 'conflict' END) AS invalidation
            FROM (SELECT slot_name, to_jsonb(r) AS j FROM pg_replication_slots r WHERE slot_name::text ~ \(pattern) AND database = current_database()) s;
            SELECT pubname FROM pg_publication WHERE pubname::text ~ \(pattern);
            SELECT publications, to_json((array_agg(label ORDER BY label))[1:\(shown)]) AS labels FROM (
                SELECT n.nspname || '.' || c.relname AS label, (SELECT json_agg(p.pubname ORDER BY p.pubname) FROM pg_publication_rel r
                    JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname::text ~ \(pattern))::text AS publications
                \(LanePublisher.tables)) t GROUP BY publications
            """
    }

    static let answers = 4

    /// - Throws: ``PostgresError`` when these are not the answers.
    init(_ answers: [Rows], server: String) throws {
        guard answers.count == Self.answers, let first = answers[0].first, let insert = WALPosition(first.text("insert")) else {
            throw PostgresError(kind: .other, message: "no WAL position", attempt: "read the lanes' slots", server: server)
        }
        self.insert = insert
        isFenced = first.flag("fenced")
        for row in answers[1] {
            slots[row.text("slot_name")] = SlotReading(
                insert: insert, exists: true, isActive: row.flag("active"), confirmed: row["confirmed"].flatMap { WALPosition($0) },
                restart: row["restart"].flatMap { WALPosition($0) }, walStatus: row["wal_status"], invalidation: row["invalidation"],
                isPublished: false, isFenced: isFenced)
        }
        publications = Set(answers[2].map { $0.text("pubname") })
        tables = try answers[3].map { Tables(publications: Set(try JSONList.decode($0["publications"])), labels: try JSONList.decode($0["labels"])) }
    }

    /// One lane among `names`, all of its direction that are recorded.
    func lane(_ name: String, among names: [String]) -> SlotReading {
        var reading = slots[name] ?? SlotReading(insert: insert, exists: false, isActive: false, isPublished: false, isFenced: isFenced)
        reading.isPublished = publications.contains(name)
        if name == names.first {
            let left = tables.filter { $0.publications.isDisjoint(with: names) }.flatMap(\.labels)
            reading.unpublished = left.isEmpty ? nil : left.sorted().prefix(Self.shown).joined(separator: ", ")
        }
        return reading
    }

    /// Why the first lost one of `names` is lost; `nil` when all are whole.
    func loss(_ names: [String]) -> String? { names.lazy.compactMap { lane($0, among: names).loss($0) }.first }

    /// The lanes of `direction` as a session on the publisher's database sees them.
    static func read(_ session: PostgresConnection, uid: String, _ direction: Direction) async throws -> PublisherReading {
        let pattern = LaneName.pattern(uid: uid, direction)
        return try PublisherReading(await session.execute(statements(pattern), attempt: "read the lanes' slots"), server: session.server)
    }
}

/// What the publisher's database shows of one lane.
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
    /// Tables that no lane of the direction carries, at most three; told with the first lane.
    var unpublished: String?
    /// The guard refuses what clients write.
    var isFenced: Bool
    /// The server cannot decode what the slot keeps: its error. Asked only while the worker fails.
    var decodingFailure: String?

    func loss(_ name: String) -> String? {
        let meaning = "what was written since cannot be fetched any more, only a new copy helps"
        if !exists { return "slot \(name) is gone: \(meaning)" }
        if walStatus == "lost" { return "slot \(name) is lost, its log was removed (see max_slot_wal_keep_size): \(meaning)" }
        if let invalidation { return "slot \(name) was invalidated (\(invalidation)): \(meaning)" }
        if let decodingFailure { return "slot \(name) cannot be decoded by its server (\(decodingFailure)): \(meaning)" }
        if !isPublished { return "publication \(name) is gone: \(meaning)" }
        // While clients write, such a table may go again; behind a fence its rows are there to stay.
        if isFenced, let unpublished {
            return "no publication like \(name) has \(unpublished), made after it: their rows do not travel, only a new copy helps"
        }
        return nil
    }

    func trouble(_ name: String) -> String? {
        if let unpublished {
            return
                "no publication like \(name) has \(unpublished), made after it: their rows do not travel; drop these tables, or migrate anew with them"
        }
        return walStatus == "unreserved" ? "slot \(name) is about to lose its log (max_slot_wal_keep_size)" : nil
    }
}
