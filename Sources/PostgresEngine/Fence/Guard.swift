/// The guard of one database: a statement trigger on every user table, calling a function which is replaced as the fence moves.
/// It also stops sessions that were there before, owners, superusers, and `BEGIN READ WRITE`.
struct Guard: Sendable {
    enum Form: Sendable, Hashable {
        /// Lets everything through.
        case passing
        /// Refuses every write with SQLSTATE 25006, except by who holds the token.
        case refusing(token: String)
        /// Lets everything through and counts what clients write.
        case counting(token: String)
    }

    /// What stands in a database.
    struct Status: Sendable, Hashable {
        enum Kind: String, Sendable { case absent, passing, refusing, counting }
        var kind: Kind
        var tables: Int
        var guarded: Int

        /// Nothing can be written: every table there is has a refusing guard.
        var isComplete: Bool { tables == 0 || (kind == .refusing && guarded == tables) }
    }

    let session: PostgresConnection

    private static let lockTimeout = "2s"
    private static let rounds = 5

    // MARK: Reading

    func status() async throws -> Status { Self.status(try await session.rows(Self.question, attempt: "read the guard")) }

    /// For who asks several things in one round trip.
    static let question = """
        SELECT \(source) AS body, count(*) AS tables, count(*) FILTER (WHERE \(hasTrigger)) AS guarded \(UserObjects.tables)
        """

    /// What ``question`` found.
    static func status(_ found: Rows) -> Status {
        let row = found.first
        let body = row?["body"]
        let kind: Status.Kind =
            switch body {
            case nil: .absent
            case .some(let body) where body.contains("dbmigration:refusing"): .refusing
            case .some(let body) where body.contains("dbmigration:counting"): .counting
            default: .passing
            }
        return Status(kind: kind, tables: Int(row?.integer("tables") ?? 0), guarded: Int(row?.integer("guarded") ?? 0))
    }

    /// Whether the guard of exactly this fence stands.
    func refuses(token: String) async throws -> Bool {
        let body = try await session.rows("SELECT \(Self.source)", attempt: "read the guard").first?[0] ?? ""
        return body.contains("dbmigration:refusing") && body.contains(SQL.literal(token))
    }

    /// The function's text; NULL without one.
    static let source = """
        (SELECT p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace s ON s.oid = p.pronamespace
        WHERE s.nspname = '_dbmigration' AND p.proname = 'guard')
        """

    static let hasTrigger =
        "EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '\(Artefacts.trigger)' AND t.tgenabled IN ('O', 'A'))"

    // MARK: Setting up

    /// Creates schema and function when they are missing, then a trigger wherever one is; each table in a transaction of its own, so that a
    /// busy table holds up nobody for longer than 2 s.
    ///
    /// - Parameter form: Of the function, where there is none yet.
    /// - Returns: what stood there before.
    @discardableResult
    func install(_ form: Form = .passing) async throws -> Status {
        let found = try await session.execute(
            ["CREATE SCHEMA IF NOT EXISTS _dbmigration", Self.question, Self.unguarded].joined(separator: ";\n"),
            attempt: "look for the guard in \(session.options.database)")
        let status = Self.status(found.dropLast().last ?? .none)
        if status.kind == .absent { try await replace(by: form) }
        var missing = found.last ?? .none
        for round in 1...Self.rounds {
            for table in missing { try await createTrigger(table.text("nspname"), table.text("relname"), isLastRound: round == Self.rounds) }
            if missing.isEmpty { break }
            missing = try await session.rows(Self.unguarded, attempt: "list tables without a guard")
        }
        return status
    }

    /// Tables without a guard; for who asks several things in one round trip.
    static let unguarded = "SELECT n.nspname, c.relname \(UserObjects.tables) AND NOT \(hasTrigger) ORDER BY c.oid"

    private func createTrigger(_ schema: String, _ name: String, isLastRound: Bool) async throws {
        let table = SQL.identifier(schema, name)
        do {
            try await session.execute(
                "BEGIN; SET LOCAL lock_timeout = '\(Self.lockTimeout)'; \(Self.createTrigger(on: table)); COMMIT",
                attempt: "create the guard on \(schema).\(name)")
        } catch let error as PostgresError {
            _ = try? await session.execute("ROLLBACK")
            if error.sqlState == "42P01" { return }
            guard error.kind == .conflict else { throw error }
            if isLastRound {
                throw FenceFailure(
                    server: session.server, what: "\(schema).\(name) is locked by a long transaction",
                    remedy: "end it (see pg_stat_activity) and try again")
            }
        }
    }

    private static func createTrigger(on table: String) -> String {
        """
        CREATE TRIGGER \(Artefacts.trigger) BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON \(table)
        FOR EACH STATEMENT EXECUTE FUNCTION _dbmigration.guard()
        """
    }

    /// Replaces the function; sessions feel it at their next statement.
    func replace(by form: Form) async throws {
        try await session.execute(Self.function(form), attempt: "replace the guard in \(session.options.database)")
    }

    /// Statements that put the guard on every table of a database nobody else uses, for a transaction under way.
    static func installAll(_ form: Form) -> String {
        """
        \(function(form));
        DO \(SQL.literal("""
            DECLARE item record; BEGIN
            FOR item IN SELECT n.nspname, c.relname \(UserObjects.tables) AND NOT \(hasTrigger) LOOP
                EXECUTE format(\(SQL.literal(createTrigger(on: "%I.%I"))), item.nspname, item.relname);
            END LOOP; END
            """))
        """
    }

    static func function(_ form: Form) -> String {
        """
        CREATE OR REPLACE FUNCTION _dbmigration.guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS \(SQL.literal(body(form)))
        """
    }

    private static func body(_ form: Form) -> String {
        switch form {
        case .passing: "-- dbmigration:passing\nBEGIN RETURN NULL; END"
        case .refusing(let token):
            """
            -- dbmigration:refusing
            BEGIN
                IF current_setting('\(Artefacts.pass)', true) = \(SQL.literal(token)) OR current_setting('session_replication_role') = 'replica' THEN
                    RETURN NULL;
                END IF;
                RAISE EXCEPTION USING ERRCODE = '25006',
                    MESSAGE = format('%I.%I is fenced: migration %s moves this database', TG_TABLE_SCHEMA, TG_TABLE_NAME, \(SQL.literal(token))),
                    HINT = 'Nothing was written. Connect again with the current connection string; the fence ends when the migration switches or is undone.';
            END
            """
        case .counting(let token):
            """
            -- dbmigration:counting
            BEGIN
                IF current_setting('\(Artefacts.pass)', true) = \(SQL.literal(token)) THEN RETURN NULL; END IF;
                IF nextval('_dbmigration.client_writes') = 1 THEN
                    PERFORM setval('_dbmigration.first_client_write_micros', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
                END IF;
                RETURN NULL;
            END
            """
        }
    }

    // MARK: Removing

    /// Takes trigger after trigger away, then the schema. Returns false when a table stays locked; the guard then passes everything.
    func remove() async throws -> Bool {
        if try await !isPresent() { return true }
        for _ in 1...Self.rounds {
            let guarded = try await session.rows(
                """
                SELECT n.nspname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE t.tgname = '\(Artefacts.trigger)' AND NOT t.tgisinternal ORDER BY c.oid
                """, attempt: "list guards")
            var allGone = true
            for table in guarded
            where !(try await tryLocked("DROP TRIGGER \(Artefacts.trigger) ON \(SQL.identifier(table.text("nspname"), table.text("relname")))")) {
                allGone = false
            }
            if allGone, try await tryLocked("DROP SCHEMA IF EXISTS _dbmigration CASCADE") { return true }
        }
        return false
    }

    /// Schema or triggers of ours exist.
    func isPresent() async throws -> Bool {
        try await !session.rows(
            "SELECT 1 FROM pg_namespace WHERE nspname = '_dbmigration' UNION SELECT 1 FROM pg_trigger WHERE tgname = '\(Artefacts.trigger)'",
            attempt: "look for schema _dbmigration"
        ).isEmpty
    }

    private func tryLocked(_ statement: String) async throws -> Bool {
        do {
            try await session.execute("BEGIN; SET LOCAL lock_timeout = '\(Self.lockTimeout)'; \(statement); COMMIT", attempt: statement)
            return true
        } catch let error as PostgresError where error.kind == .conflict {
            _ = try? await session.execute("ROLLBACK")
            return false
        }
    }
}
