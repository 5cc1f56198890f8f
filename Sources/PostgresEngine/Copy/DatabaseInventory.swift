/// What the source holds of one database and how much of it an earlier worker has copied: everything that the order of work is made from.
struct DatabaseInventory: Sendable {
    /// How a table's rows are best read.
    struct Shape: Sendable, Hashable {
        var format: CopyFormat
        /// Of its heap; 0 where pages cannot be read one by one.
        var pages: Int64
        var fileNode: Int64
    }

    var tables: [Table] = []
    /// By the table's key, as the following ones.
    var shapes: [ExactName: Shape] = [:]
    var indexes: [ExactName: [IndexDefinition]] = [:]
    var states: [ExactName: Journal.TableState] = [:]
    var parts: [ExactName: [Journal.PartState]] = [:]
    /// Whether an index of the target is valid, by its key.
    var standing: [ExactName: Bool] = [:]

    static func read(source: PostgresConnection, target: PostgresConnection) async throws -> DatabaseInventory {
        let (catalog, journal) = (SourceCatalog(session: source), Journal(session: target))
        var inventory = DatabaseInventory(tables: try await catalog.tables(), shapes: try await catalog.shapes())
        inventory.indexes = Dictionary(grouping: try await catalog.indexes(), by: \.tableKey)
        (inventory.states, inventory.parts) = (try await journal.tableStates(), try await journal.partStates())
        inventory.standing = try await standingIndexes(target)
        return inventory
    }

    /// Our own builds leave all or nothing; an invalid index is somebody else's.
    static func standingIndexes(_ target: PostgresConnection) async throws -> [ExactName: Bool] {
        let rows = try await target.rows(
            """
            SELECT n.nspname, x.relname, i.indisvalid FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
            WHERE \(UserObjects.schemaCondition)
            """, attempt: "list the indexes of the target")
        return Dictionary(rows.map { (SQL.key($0.text("nspname"), $0.text("relname")), $0.flag("indisvalid")) }) { $1 }
    }

    /// Tables with something left to do.
    func work(_ split: TableSplit) -> [TableWork] {
        tables.compactMap { table in
            let state = states[table.key]
            if state?.isIndexed == true, state?.isCopied == true { return nil }
            // Indexes that stand under rows which are gone, as a crash leaves them in unlogged tables, are kept.
            var definitions = state?.isIndexed == true ? [] : indexes[table.key] ?? []
            // Other leaves' rows may come here, and transactions that build an index of one leaf behind rows for another could block each other.
            if table.root != nil { for place in definitions.indices { definitions[place].needsAllRows = true } }
            var work = TableWork(table: table, parts: [], builds: missing(definitions), indexes: definitions)
            if state?.isCopied != true { divide(&work, split) }
            return work
        }
    }

    private func missing(_ indexes: [IndexDefinition]) -> [IndexDefinition] {
        indexes.filter { standing[$0.key] != true }.map { index in
            var index = index
            index.isInTheWay = standing[index.key] != nil
            return index
        }
    }

    /// As an earlier worker did, unless the table has been rewritten since; its rows lie elsewhere then.
    private func divide(_ work: inout TableWork, _ split: TableSplit) {
        let table = work.table
        let shape = shapes[table.key] ?? Shape(format: .text, pages: 0, fileNode: 0)
        let begun = parts[table.key] ?? []
        var whole = CopyPart(table: table, format: shape.format, bytes: table.bytes)
        if !begun.isEmpty, begun.allSatisfy({ $0.pages.fileNode == shape.fileNode }) {
            whole.bytes = table.bytes / Int64(begun.count)
            work.parts = begun.filter { !$0.isCopied }.map { whole.pages($0.pages, number: $0.number) }
            return
        }
        // To empty the leaf of an unfinished division would take rows of other leaves.
        let pages = table.root != nil ? [] : split.pages(bytes: table.bytes, pages: shape.pages, fileNode: shape.fileNode)
        if !pages.isEmpty { whole.bytes = table.bytes / Int64(pages.count) }
        work.parts = pages.isEmpty ? [whole] : pages.enumerated().map { whole.pages($1, number: $0 + 1) }
        if !pages.isEmpty || !begun.isEmpty { work.division = Journal.divide(table, work.parts, isAnew: !begun.isEmpty) }
    }
}

extension SourceCatalog {
    /// By the table's key. Ranges of pages are read without a scan of the rest from PostgreSQL 14 on.
    func shapes() async throws -> [ExactName: DatabaseInventory.Shape] {
        let rows = try await session.rows(
            """
            SELECT n.nspname, c.relname, \(CopyFormat.isSafe) AS is_binary, coalesce(pg_relation_filenode(c.oid), 0)::bigint AS file_node,
                CASE WHEN current_setting('server_version_num')::int >= 140000 AND c.relam = (SELECT m.oid FROM pg_am m WHERE m.amname = 'heap')
                THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END AS pages \(UserObjects.relations("'r'"))
            """, attempt: "look at the tables' columns")
        let shapes = rows.map { row in
            let shape = DatabaseInventory.Shape(
                format: row.flag("is_binary") ? .binary : .text, pages: row.integer("pages") ?? 0, fileNode: row.integer("file_node") ?? 0)
            return (SQL.key(row.text("nspname"), row.text("relname")), shape)
        }
        return Dictionary(shapes) { $1 }
    }
}
