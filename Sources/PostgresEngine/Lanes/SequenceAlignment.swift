import MigrationCore

/// Sets the subscriber's sequences past the publisher's, both being closed.
enum SequenceAlignment {
    static func align(_ ends: LaneEnds, _ direction: Direction) async throws {
        async let given = read(ends.publisher)
        let own = Dictionary(try await read(ends.subscriber).map { ($0.key, $0) }) { $1 }
        var values: [String] = []
        for sequence in try await given {
            guard let mine = own[sequence.key] else {
                // The applications of the target need it. On the way back the source's own know nothing of it.
                if direction == .reverse { continue }
                throw FenceFailure(
                    server: ends.subscriber.server, what: "sequence \(sequence.label) is missing, it was made after the copy",
                    remedy: "create it there as it is on the source, or copy anew")
            }
            let value = SequenceState.aligned(publisher: sequence, subscriber: mine)
            if value == mine.value { continue }
            values.append("(\(SQL.literal(SQL.identifier(mine.schema, mine.name))), \(value.last)::bigint, \(value.isCalled))")
        }
        guard !values.isEmpty else { return }
        try await ends.subscriber.execute(
            "SELECT setval(name::regclass, value, called) FROM (VALUES \(values.joined(separator: ", "))) v (name, value, called)",
            attempt: "set the sequences of \(ends.subscriber.options.database)")
    }

    /// All at once, because a write pause waits for it.
    private static func read(_ session: PostgresConnection) async throws -> [SequenceState] {
        let found = try await session.rows(
            """
            SELECT o.nspname, o.relname, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle
            FROM (SELECT n.nspname, c.relname, c.oid \(UserObjects.relations("'S'"))) o JOIN pg_catalog.pg_sequence q ON q.seqrelid = o.oid ORDER BY o.oid
            """, attempt: "list the sequences")
        guard !found.isEmpty else { return [] }
        let reads = found.enumerated().map { index, row in
            "SELECT \(index) AS number, last_value, is_called FROM \(SQL.identifier(row.text("nspname"), row.text("relname")))"
        }
        let values = try await session.rows(reads.joined(separator: " UNION ALL ") + " ORDER BY 1", attempt: "read the sequences")
        return zip(found, values).map { row, value in
            SequenceState(
                schema: row.text("nspname"), name: row.text("relname"), last: value.integer("last_value") ?? 0, isCalled: value.flag("is_called"),
                increment: row.integer("seqincrement") ?? 1, minimum: row.integer("seqmin") ?? 1, maximum: row.integer("seqmax") ?? Int64.max,
                cache: row.integer("seqcache") ?? 1, cycles: row.flag("seqcycle"))
        }
    }
}

/// Table `_dbmigration.sequences` of a target database: for each direction the publisher's epoch whose values the subscriber has, and what was
/// found to differ then.
enum SequenceTable {
    struct Reading: Sendable, Hashable, Decodable {
        var epoch: Int64
        var mismatch: String?
    }

    private static let mismatchLimit = 300

    /// Statements that note it; in a transaction of its own, after the values were set. A mismatch once found behind a fence stays: a later look that had
    /// less time may miss it.
    static func note(_ direction: Direction, _ epoch: Int64, _ mismatch: String?) -> String {
        """
        BEGIN; CREATE SCHEMA IF NOT EXISTS _dbmigration;
        CREATE TABLE IF NOT EXISTS _dbmigration.sequences (direction text PRIMARY KEY, epoch bigint NOT NULL, mismatch text);
        INSERT INTO _dbmigration.sequences (direction, epoch, mismatch)
        VALUES ('\(direction.rawValue)', \(epoch), \(SQL.literal(mismatch.map { String($0.prefix(mismatchLimit)) })))
        ON CONFLICT (direction) DO UPDATE SET epoch = excluded.epoch,
            mismatch = coalesce(excluded.mismatch, CASE WHEN sequences.epoch = excluded.epoch THEN sequences.mismatch END);
        COMMIT
        """
    }
}
