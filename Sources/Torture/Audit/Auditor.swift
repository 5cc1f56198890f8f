import MigrationCore
import PostgresEngine

/// Asks the servers what a run has left.
struct Auditor: Sendable {
    let arena: Arena
    let journal: Journal

    private var cluster: Cluster { arena.cluster }

    /// The ledger of each database on the side that applications use.
    func ledgers(_ side: Side) async throws -> [String: LedgerAudit] {
        var audits: [String: LedgerAudit] = [:]
        for database in arena.plan.databases {
            let rows = try await cluster.rows(
                side, database.name, "SELECT number, count(*) FROM app.ledger GROUP BY number")
            let counts = Dictionary(rows.map { ($0[0] ?? "", Int($0[1] ?? "") ?? 0) }) { $0 + $1 }
            audits[database.name] = LedgerAudit(attempts: journal.attempts(database.name), counts: counts)
        }
        return audits
    }

    /// Transactions of which one part is there and another not.
    func torn(_ side: Side) async throws -> [String] {
        var problems: [String] = []
        for database in arena.plan.databases {
            let rows = try await cluster.rows(
                side, database.name,
                """
                SELECT t.writer, t.n, l.n AS entries FROM app.tally t
                LEFT JOIN LATERAL (SELECT count(*) AS n FROM app.ledger l WHERE l.writer = t.writer) l ON true WHERE t.n <> l.n
                """)
            problems += rows.map {
                "torn transactions in \(database.name): writer \($0.text("writer")) has \($0.text("entries")) entries and a tally of \($0.text("n"))"
            }
        }
        return problems
    }

    func sequences(_ side: Side) async throws -> [String] {
        var problems: [String] = []
        for database in arena.plan.databases {
            let identities =
                [("app.ledger", "entry", 1)] + database.tables.map { ($0.label, "id", $0.increment) }
            for (table, column, increment) in identities {
                let name =
                    try await cluster.rows(
                        side, database.name, "SELECT pg_get_serial_sequence(\(SQL.literal(table)), '\(column)')"
                    ).first?[0] ?? ""
                let audit = try await sequence(
                    side, database, name, increment, used: "(SELECT max(\(column)) FROM \(table))")
                problems += [audit.problem].compactMap(\.self)
            }
            for free in database.sequences {
                let end = free.increment > 0 ? "max" : "min"
                let used =
                    "(SELECT \(end)(drawn) FROM app.ledger WHERE sequence = \(SQL.literal(free.name)))"
                problems += [
                    try await sequence(side, database, free.label, free.increment, used: used).problem
                ].compactMap(\.self)
            }
        }
        return problems
    }

    private func sequence(
        _ side: Side, _ database: DatabasePlan, _ name: String, _ increment: Int, used: String
    ) async throws -> SequenceAudit {
        let row = try await cluster.rows(
            side, database.name, "SELECT last_value, is_called, \(used) AS used FROM \(name)"
        ).first
        return SequenceAudit(
            name: "\(name) in \(database.name)", lastValue: row?.integer("last_value") ?? .min,
            isCalled: row?.flag("is_called") ?? false,
            increment: Int64(increment), used: row?.integer("used"))
    }

    /// Tables whose contents differ between the sides.
    func differences() async throws -> [String] {
        var found: [String] = []
        for database in arena.plan.databases {
            let parts = database.comparedTables.map { table in
                "SELECT \(SQL.literal(table)) AS name, count(*) || ' rows ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS content FROM \(table) t"
            }
            let text = parts.joined(separator: " UNION ALL ")
            let source = try await cluster.rows(.source, database.name, text)
            let target = try await cluster.rows(.target, database.name, text)
            let onTarget = Dictionary(target.map { ($0.text("name"), $0.text("content")) }) { $1 }
            for row in source where onTarget[row.text("name")] != row.text("content") {
                let name = row.text("name")
                found.append(
                    "\(database.name): \(name) has \(row.text("content")) on the source and \(onTarget[name] ?? "nothing") on the target"
                )
            }
        }
        return found
    }

    /// What of the migration is still there after its deletion. A source that applications have left keeps its door closed, as its farewell says.
    func leftovers(active: Side) async throws -> [String] {
        var found = try await arena.foreignObjects()
        for side in Side.allCases {
            let names = arena.plan.databases.map(\.name)
            let present = try await cluster.rows(
                side, "postgres", "SELECT datname FROM pg_database WHERE datname IN \(Self.list(names))")
            for database in present.compactMap({ $0[0] }) {
                let isLeft = side == .source && active == .target
                let rows = try await cluster.rows(side, database, Self.artefacts(withoutDoor: isLeft))
                found += rows.map { "\($0[0] ?? "") in \(database) on the \(side.rawValue)" }
            }
            let hasTable =
                try await cluster.rows(
                    side, "postgres", "SELECT to_regclass('_dbmigration.fence') IS NOT NULL"
                ).first?[0] == "t"
            let fences =
                hasTable ? " UNION ALL SELECT 'fence row of ' || database FROM _dbmigration.fence" : ""
            let rows = try await cluster.rows(
                side, "postgres", "SELECT 'origin ' || roname FROM pg_replication_origin" + fences)
            found += rows.map { "\($0[0] ?? "") on the \(side.rawValue)" }
        }
        return found
    }

    private static func artefacts(withoutDoor: Bool) -> String {
        let door = """
             UNION ALL SELECT 'setting ' || unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                WHERE datname = current_database()
            UNION ALL SELECT 'connection limit ' || datconnlimit FROM pg_database WHERE datname = current_database() AND datconnlimit <> -1
            """
        return """
            SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = '_dbmigration'
            UNION ALL SELECT 'trigger ' || tgname || ' of ' || tgrelid::regclass FROM pg_trigger WHERE tgname LIKE '\\_dbmigration%'
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
            UNION ALL SELECT 'publication ' || pubname FROM pg_publication
            UNION ALL SELECT 'subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE datname = current_database()
            """ + (withoutDoor ? "" : door)
    }

    static func list(_ names: [String]) -> String {
        "(" + names.map { SQL.literal($0) }.joined(separator: ", ") + ")"
    }
}
