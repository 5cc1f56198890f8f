import MigrationCore

/// Publications and slots of lanes, in a session on the publisher's database.
struct LanePublisher: Sendable {
    /// A lane to make.
    struct Lane: Sendable, Hashable {
        var name: String
        var tables: [LaneSplit.Relation]
    }

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

    /// The lanes whose names match, when they are all there is to make: each has publication and slot, no slot has lost anything, no table is left out.
    /// Their publications were made in one transaction, so that one which is missing was taken away, not forgotten.
    func whole(_ pattern: String) async throws -> [String]? {
        let found = try await session.rows(
            """
            SELECT coalesce(p.pubname, s.slot_name) AS name, p.pubname IS NOT NULL AND s.slot_name IS NOT NULL AND s.wal_status IS DISTINCT FROM 'lost' AS whole
            FROM (SELECT pubname::text FROM pg_publication) p FULL JOIN (SELECT slot_name::text, wal_status FROM pg_replication_slots
                WHERE database = current_database()) s ON s.slot_name = p.pubname WHERE coalesce(p.pubname, s.slot_name) ~ \(SQL.literal(pattern))
            """, attempt: "look for lanes"
        )
        guard !found.isEmpty, found.allSatisfy({ $0.flag("whole") }) else { return nil }
        let names = found.map { $0.text("name") }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        return try await unpublished(by: names, limit: 1).isEmpty ? names : nil
    }

    /// Tables that none of some publications has.
    func unpublished(by names: [String], limit: Int) async throws -> [String] {
        try await session.rows(
            """
            SELECT n.nspname || '.' || c.relname AS label \(Self.tables) AND NOT EXISTS (SELECT 1 FROM pg_publication_rel r
                JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname IN \(SQL.list(names))) ORDER BY 1 LIMIT \(limit)
            """, attempt: "compare the publications with the tables"
        ).map { $0.text("label") }
    }

    /// The user's tables whose rows a lane carries: as themselves, each leaf of a partitioned one.
    static let tables = UserObjects.relations("'r'") + " AND c.relpersistence = 'p'"

    /// The publications first: a slot does not see one that is younger.
    func make(_ lanes: [Lane]) async throws {
        try await publish(lanes, lockSeconds: Self.lockSeconds)
        for lane in lanes { try await makeSlot(lane.name) }
    }

    /// One publication for each lane, all or none.
    func publish(_ lanes: [Lane], lockSeconds: Int) async throws {
        let statements = lanes.map { lane in
            let list = lane.tables.map { "ONLY " + $0.sql }.joined(separator: ", ")
            return "CREATE PUBLICATION \(SQL.identifier(lane.name))\(list.isEmpty ? "" : " FOR TABLE \(list)");"
        }
        try await session.execute(
            "BEGIN; SET LOCAL lock_timeout = '\(lockSeconds)s'; \(statements.joined(separator: "\n")) COMMIT",
            attempt: "create publication \(lanes.map(\.name).joined(separator: ", ")) in \(session.options.database)")
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

extension PostgresConnection {
    /// Of this session's database: part of its lanes' names.
    func databaseOID() async throws -> Int64 {
        let oid = try await rows("SELECT oid FROM pg_database WHERE datname = current_database()", attempt: "read the database's OID").first?.integer(
            "oid")
        guard let oid else { throw PostgresError(kind: .other, message: "no such database", attempt: "read the database's OID", server: server) }
        return oid
    }
}
