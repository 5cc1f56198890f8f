import MigrationCore

/// Where a server's write-ahead log stands when a fence has closed: what a lane has to have confirmed before all of it has arrived.
enum FencePosition {
    /// A transaction of this database at the end of what its clients wrote. Its commit also makes the asynchronous ones before it durable, which
    /// a walsender waits for. Standbys are not waited for.
    static func mark(_ session: PostgresConnection, uid: String) async throws {
        try await session.execute(marking(uid: uid), attempt: "mark the end of the log of \(session.options.database)")
    }

    /// For who does several things in one round trip.
    static func marking(uid: String) -> String {
        """
        BEGIN; SET LOCAL synchronous_commit = local;
        SELECT pg_logical_emit_message(true, 'dbmigration', \(SQL.literal(uid + ":fence")));
        COMMIT
        """
    }

    /// The server's insert position. The write and flush positions may lag behind it when commits are asynchronous.
    static func read(_ session: PostgresConnection) async throws -> WALPosition? {
        position(try await session.rows(question, attempt: "read the WAL position"))
    }

    /// For who asks several things in one round trip; their order counts.
    static let question = """
        SELECT pg_current_wal_insert_lsn() AS position, (SELECT setting FROM pg_settings WHERE name = 'wal_block_size') AS block,
        (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment
        """

    /// What ``question`` found.
    static func position(_ found: Rows) -> WALPosition? {
        guard let row = found.first, let position = WALPosition(row.text("position")), let block = row.integer("block"),
            let segment = row.integer("segment"),
            block > 0, segment > 0
        else { return nil }
        return end(position, block: UInt64(block), segment: UInt64(segment))
    }

    /// The end of the last record before an insert position. After one that fills its page the insert position is already past the next page's
    /// header, which nothing is ever confirmed to while nothing more is written.
    static func end(_ position: WALPosition, block: UInt64, segment: UInt64) -> WALPosition {
        let header: UInt64 = position.bytes % segment < block ? 40 : 24
        return position.bytes % block == header ? WALPosition(bytes: position.bytes - header) : position
    }
}
