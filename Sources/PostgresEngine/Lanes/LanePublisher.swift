import MigrationCore

/// Publication and slot of a lane, in a session on the publisher's database.
struct LanePublisher: Sendable {
    let session: PostgresConnection

    /// How long a new slot may wait for the transactions that are running on the server.
    private static let slotSeconds = 15
    private static let lockSeconds = 10
    private static let dropRounds = 100
    private static let pollMilliseconds = 100

    /// Names of publications and slots of this database.
    func names(_ pattern: String) async throws -> [String] {
        try await session.rows(
            """
            SELECT name FROM (SELECT pubname::text AS name FROM pg_publication
            UNION SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()) n WHERE name ~ \(SQL.literal(pattern)) ORDER BY 1
            """, attempt: "look for lanes"
        ).compactMap { $0[0] }
    }

    /// Both exist, and the slot has lost nothing.
    func isWhole(_ name: String) async throws -> Bool {
        try await !session.rows(
            """
            SELECT 1 FROM pg_replication_slots s JOIN pg_publication p ON p.pubname::text = s.slot_name::text
            WHERE s.slot_name = \(SQL.literal(name)) AND s.database = current_database() AND s.wal_status IS DISTINCT FROM 'lost'
            """, attempt: "look for slot \(name)"
        ).isEmpty
    }

    /// The user's tables whose rows a lane carries: as themselves, each leaf of a partitioned one.
    static let tables = UserObjects.relations("'r'") + " AND c.relpersistence = 'p'"

    /// The publication first: a slot does not see one that is younger.
    func make(_ name: String) async throws {
        try await publish(name, lockSeconds: Self.lockSeconds)
        try await makeSlot(name)
    }

    /// A publication of every table there is.
    func publish(_ name: String, lockSeconds: Int) async throws {
        let tables = try await session.rows("SELECT n.nspname, c.relname \(Self.tables) ORDER BY c.oid", attempt: "list the tables")
        let list = tables.map { "ONLY " + SQL.identifier($0.text("nspname"), $0.text("relname")) }.joined(separator: ", ")
        try await session.execute(
            """
            BEGIN; SET LOCAL lock_timeout = '\(lockSeconds)s';
            CREATE PUBLICATION \(SQL.identifier(name))\(list.isEmpty ? "" : " FOR TABLE \(list)");
            COMMIT
            """, attempt: "create publication \(name) in \(session.options.database)")
    }

    private func makeSlot(_ name: String) async throws {
        try await session.execute("SET statement_timeout = '\(Self.slotSeconds)s'")
        do {
            try await session.execute(
                "SELECT pg_create_logical_replication_slot(\(SQL.literal(name)), 'pgoutput')", attempt: "create slot \(name)")
        } catch let error as PostgresError where error.kind == .cancelled {
            try Task.checkCancellation()
            throw FenceFailure(
                server: session.server, what: "slot \(name) waited \(Self.slotSeconds) s for transactions to end: \(try await holdingUp())",
                remedy: "end them, in whatever database of the server they are")
        }
        try await session.execute("SET statement_timeout = 0")
    }

    /// Who has written and not committed for about as long.
    private func holdingUp() async throws -> String {
        try await session.rows(
            """
            SELECT who || ' since ' || extract(epoch FROM clock_timestamp() - since)::bigint || ' s' FROM (
                SELECT format('pid %s of %s in %s', pid, usename, datname) AS who, xact_start AS since FROM pg_stat_activity
                WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                UNION ALL SELECT format('prepared transaction %s of %s in %s', gid, owner, database), prepared FROM pg_prepared_xacts) t
            WHERE since < clock_timestamp() - interval '\(Self.slotSeconds - 1) s' ORDER BY since LIMIT 5
            """, attempt: "ask for whom the slot waits"
        ).compactMap { $0[0] }.joined(separator: ", ")
    }

    /// Ends the slot's walsender, if there is one, until the slot can be dropped; then the publication.
    func drop(_ name: String) async throws {
        try await dropSlot(name)
        try await session.execute("DROP PUBLICATION IF EXISTS \(SQL.identifier(name))", attempt: "drop publication \(name)")
    }

    func dropSlot(_ name: String) async throws {
        var user = ""
        for _ in 0..<Self.dropRounds {
            let found = try await session.rows(
                "SELECT active_pid FROM pg_replication_slots WHERE slot_name = \(SQL.literal(name))", attempt: "look for slot \(name)"
            ).first
            guard let found else { return }
            if let pid = found["active_pid"] {
                user = "pid \(pid)"
                // Only a superuser may end a superuser's; without its subscription it ends by itself.
                _ = try? await session.execute("SELECT pg_terminate_backend(\(pid))")
            }
            do {
                try await session.execute("SELECT pg_drop_replication_slot(\(SQL.literal(name)))", attempt: "drop slot \(name)")
                return
            } catch let error as PostgresError where error.kind == .conflict || error.sqlState == "42704" {}
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
        throw FenceFailure(
            server: session.server, what: "slot \(name) stays in use by \(user)",
            remedy: "end it as a superuser: SELECT pg_terminate_backend(…); SELECT pg_drop_replication_slot('\(name)')")
    }
}
