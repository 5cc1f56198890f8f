/// The order of work over all databases, largest first: rows; the indexes of each table as soon as its rows are complete; the foreign keys of each
/// database once its tables are; then the rest of it. Pure.
struct CopyOrder: Sendable {
    /// A table, by its place in ``CopyOrder``.
    typealias TableID = Int
    /// A database, by its place among those it was made from.
    typealias DatabaseID = Int

    /// Rows to copy.
    struct Rows: Sendable {
        var part: CopyPart
        var table: TableID
        var database: DatabaseID
        /// Also builds its indexes.
        var isSmall: Bool
    }

    /// What follows on rows.
    enum Step: Sendable {
        case index(IndexDefinition, TableID)
        /// Constraints and statistics of a table whose indexes stand.
        case complete(TableID)
        /// Foreign keys of a database, not yet validated.
        case link(DatabaseID)
        case validate([ForeignKey], DatabaseID)
        /// Everything else of a database.
        case finish(DatabaseID)
    }

    private struct TableState: Sendable {
        var work: TableWork
        var database: DatabaseID
        var parts: Int
        var builds: Int
    }

    private struct DatabaseState: Sendable {
        /// Tables without all their rows.
        var uncopied = 0
        /// Tables without all their indexes.
        var unindexed = 0
        var validations = 0
        /// What waits for all rows.
        var late: [(IndexDefinition, TableID)] = []
    }

    private var tables: [TableState] = []
    private var databases: [DatabaseState]
    /// The next one last.
    private var rows: [Rows] = []
    private var steps: [(step: Step, bytes: Int64)] = []
    private var unfinished: Int

    /// Below this another view's table may go first, to save a login, in bytes.
    private static let worthALogin: Int64 = 16 << 20

    /// - Parameter work: Of each database; none for one whose tables are complete.
    init(_ work: [[TableWork]]) {
        databases = work.map { _ in DatabaseState() }
        unfinished = work.count
        for (database, tables) in work.enumerated() {
            for table in tables { add(table, of: database) }
            if tables.isEmpty { push(.link(database), .max) }
        }
        rows.sort { $0.part.bytes < $1.part.bytes }
        for database in databases.indices { releaseLate(database) }
    }

    func work(_ table: TableID) -> TableWork { tables[table].work }
    func database(of table: TableID) -> DatabaseID { tables[table].database }

    private mutating func add(_ work: TableWork, of database: DatabaseID) {
        let id = tables.count
        tables.append(TableState(work: work, database: database, parts: work.parts.count, builds: work.builds.count))
        databases[database].unindexed += 1
        rows += work.parts.map { Rows(part: $0, table: id, database: database, isSmall: work.isSmall) }
        if work.parts.isEmpty { build(id) } else { databases[database].uncopied += 1 }
    }

    // MARK: What is next

    /// `nil` when no rows are left.
    ///
    /// - Parameter isAtHand: Whether the sessions for it are open.
    mutating func nextRows(where isAtHand: (Rows) -> Bool) -> Rows? {
        if let largest = rows.last, largest.part.bytes < Self.worthALogin, let place = rows.lastIndex(where: isAtHand) {
            return rows.remove(at: place)
        }
        return rows.popLast()
    }

    /// `nil` when nothing can be begun at the moment.
    mutating func nextStep() -> Step? { steps.popLast()?.step }

    var isFinished: Bool { unfinished == 0 }

    // MARK: What is done

    mutating func copied(_ item: Rows) {
        tables[item.table].parts -= 1
        guard tables[item.table].parts == 0 else { return }
        databases[item.database].uncopied -= 1
        if item.isSmall { completed(item.table) } else { build(item.table) }
        releaseLate(item.database)
    }

    /// - Parameter keys: What ``Step/link(_:)`` has added, by table.
    mutating func done(_ step: Step, adding keys: [[ForeignKey]] = []) {
        switch step {
        case .index(_, let table):
            tables[table].builds -= 1
            if tables[table].builds == 0 { push(.complete(table), tables[table].work.table.bytes) }
        case .complete(let table): completed(table)
        case .link(let database):
            databases[database].validations = keys.count
            for keys in keys { push(.validate(keys, database), .max) }
            if keys.isEmpty { push(.finish(database), .max) }
        case .validate(_, let database):
            databases[database].validations -= 1
            if databases[database].validations == 0 { push(.finish(database), .max) }
        case .finish: unfinished -= 1
        }
    }

    private mutating func completed(_ table: TableID) {
        let database = tables[table].database
        databases[database].unindexed -= 1
        if databases[database].unindexed == 0 { push(.link(database), .max) }
    }

    private mutating func build(_ table: TableID) {
        let work = tables[table].work
        if work.builds.isEmpty { return push(.complete(table), work.table.bytes) }
        for index in work.builds {
            if index.needsAllRows {
                databases[tables[table].database].late.append((index, table))
            } else {
                push(.index(index, table), work.table.bytes)
            }
        }
    }

    private mutating func releaseLate(_ database: DatabaseID) {
        guard databases[database].uncopied == 0 else { return }
        for (index, table) in databases[database].late { push(.index(index, table), tables[table].work.table.bytes) }
        databases[database].late = []
    }

    private mutating func push(_ step: Step, _ bytes: Int64) {
        let place = steps.firstIndex { $0.bytes >= bytes } ?? steps.endIndex
        steps.insert((step, bytes), at: place)
    }
}
