import MigrationCore
import MigrationPorts

/// What follows once every table of a database has its rows and indexes.
extension DatabaseCopy {
    /// Memory for the building of one index. A server whose own setting is higher keeps it.
    private static let indexMemoryMiB = 256

    /// A session for rows and indexes. A crash of the server may lose its last transactions, but no row without its journal; what the last step of the
    /// database commits makes all of them durable.
    func openBulk() async throws -> PostgresConnection {
        let session = try await context.openTarget(database)
        do {
            try await session.execute(
                """
                \(CopyFormat.writing); SET synchronous_commit = off; SELECT set_config('maintenance_work_mem', '\(Self.indexMemoryMiB)MB', false)
                WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < \(Self.indexMemoryMiB << 20)
                """, attempt: "prepare a session")
            return session
        } catch {
            await session.close()
            throw error
        }
    }

    // MARK: Foreign keys

    /// Adds the foreign keys between ordinary tables, in one transaction: one after the other they could lock each other's tables in any order.
    ///
    /// - Returns: those that have yet to be validated, by table, because a server validates one of a table at a time.
    func addForeignKeys() async throws -> [[ForeignKey]] {
        if try await Journal.head(holder)?.phase ?? .started > .schema { return [] }
        let keys = try await views.main.with { try await SourceCatalog(session: $0).foreignKeys() }
        guard !keys.isEmpty else { return [] }
        let standing = try await standingForeignKeys()
        let missing = keys.filter { standing[$0.key] == nil }
        if !missing.isEmpty {
            try await context.inCharge(holder) {
                try await holder.execute(missing.map(\.add).joined(separator: ";\n"), attempt: "add the foreign keys of \(database.name)")
            }
        }
        let invalid = keys.filter { $0.isValidated && standing[$0.key] != true }
        return Array(Dictionary(grouping: invalid, by: { ExactName($0.tableSQL) }).values)
    }

    /// Whether they are validated.
    private func standingForeignKeys() async throws -> [ExactName: Bool] {
        let rows = try await holder.rows(
            """
            SELECT n.nspname, c.relname, k.conname, k.convalidated FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND \(UserObjects.schemaCondition)
            """, attempt: "list the foreign keys of the target")
        let standing = rows.map { row in
            let name = SQL.identifier(row.text("nspname"), row.text("relname")) + "." + SQL.identifier(row.text("conname"))
            return (ExactName(name), row.flag("convalidated"))
        }
        return Dictionary(standing) { $1 }
    }

    /// A TRUNCATE on the source between the snapshot and the copy of its table shows even under the snapshot: references to it then fail.
    func explained(_ error: PostgresError) -> any Error {
        guard error.sqlState == "23503", views.main.snapshot != nil else { return error }
        return CopyInterrupted(description: "a referenced table was truncated while \(database.name) was copied: \(error)")
    }

    // MARK: The rest

    /// What else the schema holds, then sequences, materialized views and statistics.
    func finish() async throws {
        let phase = try await Journal.head(holder)?.phase ?? .started
        if phase <= .schema {
            try await LargeObjects(context: context, database: database, view: views.main, session: holder).run()
            try await restoreRest()
        }
        if phase <= .indexes { try await setSequences() }
        await views.close()
    }

    /// What was not made table by table, as `pg_dump` writes it.
    private func restoreRest() async throws {
        let made = try await entriesMade()
        let dump = try await makeDump()
        let contents = try await dump.contents(.postData, leavingOut: made)
        let objects = try await dump.sql(contents.schemas + contents.objects)
        // Behind the rows: an owner may have taken the right to write from himself.
        let privileges = Privileges(dumped: try await dump.sql(try await dump.contents(.preData).privileges + contents.privileges))
        try await context.withTarget(database) { session in
            try await context.inCharge(session) {
                let granted = try await lendCreate(session)
                try await restore(objects, session)
                for schema in granted { try await session.execute(schema.revoke) }
                try await privileges.apply(in: session)
                try await session.execute(Journal.enter(.indexes), attempt: "write the journal")
            }
        }
    }

    /// What stands on the target already. An index that the source has only had since its indexes were listed is no such thing.
    private func entriesMade() async throws -> Set<TableOfContents.Entry> {
        let (indexes, keys) = (try await DatabaseInventory.standingIndexes(holder), try await standingForeignKeys())
        return try await views.main.with { source in
            let catalog = SourceCatalog(session: source)
            let made = try await catalog.indexes().filter { indexes[$0.key] == true }.map(\.entry)
            return Set(try await made + catalog.foreignKeys().filter { keys[$0.key] != nil }.map(\.entry))
        }
    }

    private func restore(_ objects: String, _ session: PostgresConnection) async throws {
        do {
            try await session.execute(objects, attempt: "create the indexes and constraints of \(database.name)")
        } catch let error as PostgresError {
            throw explained(error)
        }
    }

    private func setSequences() async throws {
        let (values, materialized) = try await views.main.with { source in
            let catalog = SourceCatalog(session: source)
            let found = (try await catalog.sequenceValues(), try await catalog.populatedViews())
            try await views.main.prove(source)
            return found
        }
        let eventTriggers = try await eventTriggers()
        try await context.inCharge(holder) {
            for value in values { try await holder.execute(value, attempt: "set a sequence") }
            try await MaterializedViews.fill(materialized, holder)
            try await holder.execute(eventTriggers, attempt: "create the event triggers of \(database.name)")
            try await holder.execute(Journal.enter(.finished), attempt: "write the journal")
        }
        try await gatherStatistics()
    }

    /// Tables have theirs from the time they were completed, but not those over several tables, of statistics objects, and of materialized views.
    private func gatherStatistics() async throws {
        let names = try await holder.rows(
            """
            SELECT n.nspname, c.relname \(UserObjects.relations("'r', 'p', 'm'")) AND (c.relhassubclass OR c.relkind = 'm' AND c.relispopulated
            OR EXISTS (SELECT 1 FROM pg_statistic_ext s WHERE s.stxrelid = c.oid)) AND (c.relkind <> 'p' OR NOT c.relispartition) ORDER BY c.oid
            """, attempt: "list what has statistics of its own")
        guard !names.isEmpty else { return }
        let list = names.map { SQL.identifier($0.text("nspname"), $0.text("relname")) }.joined(separator: ", ")
        try await holder.execute("ANALYZE \(list)", attempt: "gather statistics of \(database.targetName)")
    }
}
