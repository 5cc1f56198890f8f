import FoundationEssentials
import Logging
import MigrationCore
import MigrationPorts

/// The copy of one database, step by step; each step and its journal row are one transaction, so that a killed worker finds it done or not begun.
struct DatabaseCopy: Sendable {
    let context: CopyContext
    let database: Plan.Database
    /// Holds the database's lock as long as the worker runs.
    let holder: PostgresConnection
    let folder: String
    /// How the source is read; a live copy knows it once its lanes were begun.
    var views: LaneViews
    /// The schema, once it was dumped for the tables; who goes on with an earlier worker's tables dumps it when it comes to the rest.
    private var dump: SchemaDump?

    /// Takes the database: one worker at a time, the highest number wins.
    static func take(_ context: CopyContext, _ database: Plan.Database, folder: String) async throws -> DatabaseCopy {
        let session = try await context.openTarget(database)
        let views = LaneViews(fenced: SourceView(context: context, database: database.name, snapshot: nil))
        let copy = DatabaseCopy(context: context, database: database, holder: session, folder: folder, views: views)
        do {
            if let head = try await Journal.head(session), head.uid == context.task.uid, head.isNewer(than: context.task) {
                throw copy.overtaken(by: head)
            }
            try await CopyLock(session: session, uid: context.task.uid).take()
        } catch {
            await session.close()
            throw error
        }
        return copy
    }

    /// Writes how large tables are divided.
    func note(_ divisions: [String]) async throws {
        guard !divisions.isEmpty else { return }
        try await context.inCharge(holder) {
            try await holder.execute(divisions.joined(separator: ";\n"), attempt: "write the journal")
        }
    }

    // MARK: Schema

    /// A database whose rows may be copied, and what is left to do there.
    struct Prepared: Sendable {
        var copy: DatabaseCopy
        var phase: Journal.Phase
        /// Empty once every table is complete.
        var inventory = DatabaseInventory()
    }

    /// Journal, lanes, tables and guard; afterwards rows may be copied.
    func prepare() async throws -> Prepared {
        let resume = LaneResume(context: context, database: database, holder: holder)
        let lanes = context.isLive ? try await resume.open() : nil
        let phase: Journal.Phase
        do { phase = try await takeOver(goingOn: lanes != nil) } catch {
            await lanes?.views.close()
            throw error
        }
        if phase >= .finished || phase == .started { await lanes?.views.close() }
        if phase >= .finished { return Prepared(copy: self, phase: phase) }
        var copy = self
        if let lanes, phase > .started {
            copy.views = lanes.views
            try await resume.take(lanes)
        } else if context.isLive {
            copy.views = try await LaneStart(context: context, database: database, holder: holder).run()
        }
        context.logger.info("begun", metadata: ["database": "\(database.name)", "from": "\(phase)"])
        if phase == .started {
            let dump = try await copy.makeDump()
            try await copy.restoreTables(from: dump)
            copy.dump = dump
        } else {
            try await context.inCharge(holder) {
                try await Guard(session: holder).replace(by: .refusing(token: context.token))
            }
        }
        context.logger.info("the tables stand", metadata: ["database": "\(database.name)"])
        guard phase <= .schema else { return Prepared(copy: copy, phase: phase) }
        let inventory = try await copy.views.main.with { try await DatabaseInventory.read(source: $0, target: holder) }
        return Prepared(copy: copy, phase: .schema, inventory: inventory)
    }

    /// The journal names this worker, and what an earlier copy left is gone unless it is of use: one transaction, since nothing may open the target within.
    ///
    /// - Parameter goingOn: The snapshots of an earlier live copy are held, so that its rows are of use.
    private func takeOver(goingOn: Bool) async throws -> Journal.Phase {
        if try await Journal.head(holder) == nil {
            try await refuseForeignContent()
            try await Journal(session: holder).create()
        }
        let tables = [UnloggedRows.createWitness] + (context.isLive ? [LaneTable.create] : [])
        try await holder.execute(tables.joined(separator: "; "), attempt: "create the journal")
        let lanesStand = try await lanesStand()
        return try await holder.transaction {
            try await holder.execute("\(Journal.lock); \(Journal.checkTarget)", attempt: "check the journal")
            var head = try await Journal.head(holder)
            if let head, head.uid != context.task.uid {
                throw CopyRejected(description: "\(database.targetName) holds the copy of migration \(head.uid); empty it or choose another database")
            }
            if let head, head.isNewer(than: context.task) { throw overtaken(by: head) }
            if lanesStand, let phase = head?.phase, phase >= .finished {
                try await holder.execute(Journal.adopt(epoch: context.task.sourceEpoch), attempt: "take the finished copy")
                head?.phase = .finished
            } else if lanesStand, goingOn, let phase = head?.phase, phase > .started {
                try await holder.execute(Journal.goOn(epoch: context.task.sourceEpoch), attempt: "take the copy under way")
            } else if context.isLive || head?.sourceEpoch != context.task.sourceEpoch {
                try await beginAnew(isFirst: head == nil)
                head = try await Journal.head(holder)
            } else if let phase = head?.phase, phase > .started, try await restoreUnlogged(phase) {
                head = try await Journal.head(holder)
            }
            try await holder.execute(UnloggedRows.call, attempt: "write the journal")
            try await holder.execute(Journal.take(worker: context.task.number), attempt: "take over the journal")
            return head?.phase ?? .started
        }
    }

    /// Sees to it that rows which a crash of the target has taken from unlogged tables are copied again. Once the rest of the schema stands, with its
    /// triggers, rules and policies, rows can no longer be put under it: the database is begun anew then.
    ///
    /// - Returns: Whether it was begun anew.
    private func restoreUnlogged(_ phase: Journal.Phase) async throws -> Bool {
        let unlogged = UnloggedRows(session: holder)
        if try await unlogged.witnessStands() { return false }
        if phase == .schema {
            try await unlogged.forget()
            return false
        }
        guard try await unlogged.matter() else { return false }
        context.logger.notice("a crash of the target emptied its unlogged tables: copied anew", metadata: ["database": "\(database.name)"])
        try await beginAnew(isFirst: false)
        return true
    }

    private func beginAnew(isFirst: Bool) async throws {
        if !isFirst { try await DatabaseReset.run(holder) }
        if context.isLive { try await holder.execute(LaneTable.clear(.forward), attempt: "forget the old lanes") }
        try await holder.execute(
            Journal.begin(uid: context.task.uid, epoch: context.task.sourceEpoch, worker: context.task.number), attempt: "begin the journal")
    }

    /// In live mode rows are of use only with every change since.
    private func lanesStand() async throws -> Bool {
        guard context.isLive else { return false }
        let (names, uid) = (try await LaneTable.names(holder, .forward), context.task.uid)
        guard !names.isEmpty else { return false }
        return try await context.sourceSessions.with(database: database.name) {
            try await PublisherReading.read($0, uid: uid, .forward).loss(names) == nil
        }
    }

    private func overtaken(by head: Journal.Head) -> CopyRejected {
        CopyRejected(
            description: "worker \(head.worker) of epoch \(head.sourceEpoch) is in charge of \(database.targetName), this is \(context.task.number)")
    }

    private func refuseForeignContent() async throws {
        let found = try await holder.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'r', 'p', 'v', 'm', 'S', 'f'")) LIMIT 1", attempt: "look for tables")
        if let first = found.first {
            throw CopyRejected(
                description: "\(database.targetName) is not empty: \(first.text("nspname")).\(first.text("relname")) and no journal of ours")
        }
        // An earlier copy's are removed when the next one comes to them.
        if try await SourceCatalog(session: holder).largeObjects() > 0 {
            throw CopyRejected(description: "\(database.targetName) is not empty: it holds large objects, and no journal of ours")
        }
    }

    private func restoreTables(from dump: SchemaDump) async throws {
        let tables = try await views.main.with { try await SourceCatalog(session: $0).tables() }
        let contents = try await dump.contents(.preData)
        let (schemas, objects) = (try await dump.sql(contents.schemas), try await dump.sql(contents.objects))
        let comments = try await views.main.with { try await ExtensionComments.statements($0) }
        try await context.withTarget(database) { session in
            try await context.inCharge(session) {
                try await session.execute(
                    try await withoutPublicOwner(schemas, session), attempt: "create the schemas of \(database.name)")
                let granted = try await lendCreate(session)
                try await session.execute(objects, attempt: "create the tables of \(database.name)")
                for schema in granted { try await session.execute(schema.revoke) }
                try await views.main.with { try await ExtensionTables(source: $0, target: session).run() }
                for comment in comments { try await session.execute(comment, attempt: "comment on the extensions of \(database.name)") }
                try await session.execute("RESET ALL; SET search_path = pg_catalog, pg_temp; SET \(Artefacts.pass) = \(SQL.literal(context.token))")
                try await session.execute(Guard.installAll(.refusing(token: context.token)), attempt: "put the guard on \(database.targetName)")
                try await session.execute(Journal.list(tables), attempt: "write the journal")
                try await session.execute(Journal.enter(.schema), attempt: "write the journal")
            }
        }
    }

    /// Up to 14 every server's schema `public` belongs to the superuser that made it, whom a target's administrator cannot give it to: it stays with
    /// the database's owner there.
    private func withoutPublicOwner(_ schemas: String, _ session: PostgresConnection) async throws -> String {
        var lines = schemas.split(separator: "\n", omittingEmptySubsequences: false)
        // As `pg_restore` prints it, whose names are not quoted as the dump's are.
        let ownership = "ALTER SCHEMA public OWNER TO "
        guard let place = lines.firstIndex(where: { $0.hasPrefix(ownership) }) else { return schemas }
        let owner = String(lines[place].dropFirst(ownership.count).dropLast())
        if try await session.mayBecome(owner) { return schemas }
        context.logger.notice("schema public keeps its owner", metadata: ["database": "\(database.name)", "owner on the source": "\(owner)"])
        lines.remove(at: place)
        return lines.joined(separator: "\n")
    }

    struct Loan: Sendable { var revoke: String }

    /// To give an object to its owner, the owner needs CREATE on its schema at that moment, whatever it has today: lent within the transaction.
    func lendCreate(_ session: PostgresConnection) async throws -> [Loan] {
        if context.task.plan.copy.roles == .skip { return [] }
        let owners = try await views.main.with { source in
            try await source.rows(
                """
                SELECT DISTINCT n.nspname, pg_get_userbyid(o.owner) AS owner FROM (\(OwnedObjects.byOwner)) o JOIN pg_namespace n ON n.oid = o.namespace
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

    func makeDump() async throws -> SchemaDump {
        if let dump { return dump }
        let sessions = context.sourceSessions
        return try await SchemaDump.make(
            context.source, database: database.name, applicationName: sessions.applicationName, snapshot: views.main.snapshot?.name,
            withoutRoles: context.task.plan.copy.roles == .skip, into: "\(folder)/\(UUID().uuidString).dump")
    }

    /// The next worker begins anew. What cannot be written now is left: it fails the same way then, and comes here again.
    func forgetSnapshots() async {
        guard context.isLive else { return }
        _ = try? await context.inCharge(holder) {
            try await holder.execute(LaneSnapshots.forget, attempt: "write _dbmigration.lane")
        }
    }
}
