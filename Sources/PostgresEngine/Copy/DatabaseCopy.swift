import FoundationEssentials
import MigrationCore
import MigrationPorts

/// The copy of one database, step by step; each step and its journal row are one transaction, so that a killed worker finds it done or not begun.
struct DatabaseCopy: Sendable {
    let context: CopyContext
    let database: Plan.Database
    /// Holds the database's lock as long as the worker runs.
    let holder: PostgresConnection
    let folder: String

    private var worker: Int { context.task.number }

    /// Takes the database: one worker at a time, the highest number wins.
    static func take(_ context: CopyContext, _ database: Plan.Database, folder: String) async throws -> DatabaseCopy {
        let session = try await context.openTarget(database.targetName)
        let copy = DatabaseCopy(context: context, database: database, holder: session, folder: folder)
        if let head = try await Journal.head(session), head.uid == context.task.uid, head.isNewer(than: context.task) {
            await session.close()
            throw CopyRejected(
                description:
                    "worker \(head.worker) of epoch \(head.sourceEpoch) is in charge of \(database.targetName), this is \(context.task.number)")
        }
        try await copy.lock()
        return copy
    }

    private func lock() async throws {
        for _ in 0..<100 {
            if try await holder.rows("SELECT pg_try_advisory_lock(\(Artefacts.lockClass), 2)", attempt: "take the copy lock").first?[0] == "t" {
                return
            }
            // Left over by a worker that died; nobody else carries this name.
            try await holder.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name LIKE \(SQL.literal(Artefacts.applicationName(context.task.uid) + "/w%"))
                """, attempt: "end the sessions of an earlier worker")
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CopyRejected(description: "another worker holds the copy lock of \(database.targetName)")
    }

    // MARK: Schema

    /// Journal, tables and guard; afterwards rows may be copied.
    func prepare() async throws -> Journal.Phase {
        let journal = Journal(session: holder)
        var head = try await Journal.head(holder)
        if head == nil {
            try await refuseForeignContent()
            try await journal.create()
        }
        if head?.uid != context.task.uid || head?.sourceEpoch != context.task.sourceEpoch {
            if let head, head.uid != context.task.uid {
                throw CopyRejected(description: "\(database.targetName) holds the copy of migration \(head.uid); empty it or choose another database")
            }
            if head != nil { try await DatabaseReset.run(holder) }
            try await holder.execute(
                "BEGIN; \(Journal.begin(uid: context.task.uid, epoch: context.task.sourceEpoch, worker: worker)); COMMIT",
                attempt: "begin the journal")
            head = try await Journal.head(holder)
        }
        try await holder.execute(Journal.take(worker: worker), attempt: "take over the journal")
        let phase = head?.phase ?? .started
        if phase == .started { try await restoreTables() }
        if phase <= .schema { try await Guard(session: holder).replace(by: .refusing(token: context.token)) }
        return max(phase, .schema)
    }

    private func refuseForeignContent() async throws {
        let found = try await holder.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'r', 'p', 'v', 'm', 'S', 'f'")) LIMIT 1", attempt: "look for tables")
        if let first = found.first {
            throw CopyRejected(
                description: "\(database.targetName) is not empty: \(first.text("nspname")).\(first.text("relname")) and no journal of ours")
        }
    }

    private func restoreTables() async throws {
        let sessions = context.sourceSessions
        let tables = try await sessions.with(database: database.name) { try await SourceCatalog(session: $0).tables() }
        let dump = try await makeDump()
        let contents = try await dump.contents(.preData)
        let (schemas, objects) = (try await dump.sql(contents.schemas), try await dump.sql(contents.objects))
        let privileges = try await dump.sql(contents.privileges)
        let session = try await context.openTarget(database.targetName)
        try await session.transaction {
            try await session.execute(schemas, attempt: "create the schemas of \(database.name)")
            let granted = try await lendCreate(session)
            try await session.execute(objects, attempt: "create the tables of \(database.name)")
            for schema in granted { try await session.execute(schema.revoke) }
            try await session.execute(privileges, attempt: "grant the privileges of \(database.name)")
            try await session.execute("RESET ALL; SET search_path = pg_catalog, pg_temp; SET \(Artefacts.pass) = \(SQL.literal(context.token))")
            try await session.execute(Guard.installAll(.refusing(token: context.token)), attempt: "put the guard on \(database.targetName)")
            try await session.execute(Journal.list(tables), attempt: "write the journal")
            try await session.execute(Journal.enter(.schema, worker: worker), attempt: "write the journal")
        }
        await session.close()
    }

    private struct Loan: Sendable { var revoke: String }

    /// To give an object to its owner, the owner needs CREATE on its schema at that moment, whatever it has today: lent within the transaction.
    private func lendCreate(_ session: PostgresConnection) async throws -> [Loan] {
        let owners = try await context.sourceSessions.with(database: database.name) { source in
            try await source.rows(
                """
                SELECT DISTINCT n.nspname, pg_get_userbyid(o.owner) AS owner FROM (SELECT relnamespace AS ns, relowner AS owner FROM pg_class
                UNION SELECT pronamespace, proowner FROM pg_proc UNION SELECT typnamespace, typowner FROM pg_type) o JOIN pg_namespace n ON n.oid = o.ns
                WHERE \(UserObjects.schemaCondition) ORDER BY 1, 2
                """, attempt: "list owners by schema")
        }
        var loans: [Loan] = []
        for row in owners {
            let (schema, owner) = (row.text("nspname"), row.text("owner"))
            let needed = try await session.rows(
                """
                SELECT 1 FROM pg_namespace n, pg_roles r WHERE n.nspname = \(SQL.literal(schema)) AND r.rolname = \(SQL.literal(owner))
                AND NOT has_schema_privilege(r.oid, n.oid, 'CREATE')
                """, attempt: "ask for privileges on schema \(schema)")
            guard !needed.isEmpty else { continue }
            try await session.execute("GRANT CREATE ON SCHEMA \(SQL.identifier(schema)) TO \(SQL.identifier(owner))")
            loans.append(Loan(revoke: "REVOKE CREATE ON SCHEMA \(SQL.identifier(schema)) FROM \(SQL.identifier(owner))"))
        }
        return loans
    }

    private func makeDump() async throws -> SchemaDump {
        let sessions = context.sourceSessions
        return try await SchemaDump.make(
            context.source, database: database.name, applicationName: sessions.applicationName, into: "\(folder)/\(UUID().uuidString).dump")
    }

    // MARK: After the rows

    /// Indexes and constraints, then sequences, materialized views and statistics.
    func finish(from phase: Journal.Phase) async throws {
        if phase <= .schema { try await restoreIndexes() }
        if phase <= .indexes { try await setSequences() }
    }

    private func restoreIndexes() async throws {
        let dump = try await makeDump()
        let contents = try await dump.contents(.postData)
        let objects = try await dump.sql(contents.schemas + contents.objects)
        let privileges = try await dump.sql(contents.privileges)
        let session = try await context.openTarget(database.targetName)
        try await session.transaction {
            try await session.execute(objects, attempt: "create the indexes and constraints of \(database.name)")
            try await session.execute(privileges, attempt: "grant the default privileges of \(database.name)")
            try await session.execute(Journal.enter(.indexes, worker: worker), attempt: "write the journal")
        }
        await session.close()
    }

    private func setSequences() async throws {
        let sessions = context.sourceSessions
        let (values, views) = try await sessions.with(database: database.name) { source in
            let catalog = SourceCatalog(session: source)
            return (try await catalog.sequenceValues(), try await catalog.populatedViews())
        }
        try await holder.transaction {
            for value in values { try await holder.execute(value, attempt: "set a sequence") }
            try await refresh(views)
            try await holder.execute(Journal.enter(.finished, worker: worker), attempt: "write the journal")
        }
        try await holder.execute("ANALYZE", attempt: "gather statistics of \(database.targetName)")
    }

    /// One view may read another: those that cannot yet be filled wait for the next round.
    private func refresh(_ views: [String]) async throws {
        var waiting = views
        while !waiting.isEmpty {
            var left: [String] = []
            for view in waiting {
                do {
                    try await holder.execute("SAVEPOINT view; REFRESH MATERIALIZED VIEW \(view)", attempt: "fill \(view)")
                } catch let error as PostgresError where error.sqlState == "55000" && waiting.count > 1 {
                    try await holder.execute("ROLLBACK TO SAVEPOINT view")
                    left.append(view)
                }
            }
            guard left.count < waiting.count else {
                throw CopyRejected(description: "materialized views cannot be filled: \(left.joined(separator: ", "))")
            }
            waiting = left
        }
    }
}
