import PostgresEngine

/// One random database: tables, free sequences, and a ledger in which every transaction leaves its number.
public struct DatabasePlan: Sendable, Hashable {
    struct Sequence: Sendable, Hashable {
        var name: String
        var increment: Int
        var label: String { SQL.identifier("app", name) }
    }

    var name: String
    var role: String
    var tables: [TablePlan]
    var sequences: [Sequence]
    /// Without a key nothing but the lanes keeps an entry from being there twice.
    var ledgerHasKey: Bool
    var writers: Int
    /// For what its writers send.
    var loadSeed: UInt64

    init(_ number: Int, tag: String, _ random: inout SeededGenerator) {
        name = random.pick(["torture_\(tag)_\(number)", "Torture-\(tag) \(number)"])
        role = "torture_\(tag)_\(number)_app"
        var tables: [TablePlan] = []
        for number in 1...random.int(2...5) { tables.append(TablePlan(number, after: tables, &random)) }
        self.tables = tables
        sequences = (0..<random.int(0...2)).map {
            Sequence(
                name: $0 == 0 ? "invoice_numbers" : "Odd Sequence", increment: random.pick([1, 3, -2]))
        }
        ledgerHasKey = random.chance(50)
        writers = random.int(2...3)
        loadSeed = random.next()
    }

    var description: String {
        let ledger = "ledger with \(ledgerHasKey ? "a key" : "full identity"), \(writers) writers"
        let free = sequences.map { "sequence \($0.name) by \($0.increment)" }
        return "database \(name): " + ([ledger] + free).joined(separator: ", ")
            + tables.map { "\n      \($0.description)" }.joined()
    }

    /// Statements that make and fill it, run by the application's role.
    var statements: [String] {
        var statements = [
            """
            CREATE TABLE app.ledger (entry bigint GENERATED ALWAYS AS IDENTITY\(ledgerHasKey ? " PRIMARY KEY" : ""), number text NOT NULL, writer int NOT NULL,
                kind text NOT NULL, sequence text, drawn bigint, written_at timestamptz NOT NULL DEFAULT clock_timestamp())
            """,
            "CREATE TABLE app.tally (writer int PRIMARY KEY, n bigint NOT NULL)",
            // The watchers of both sides write as 101 and 102.
            "INSERT INTO app.tally SELECT n, 0 FROM (SELECT generate_series(0, \(writers - 1)) UNION SELECT generate_series(101, 102)) w (n)",
        ]
        if !ledgerHasKey { statements.append("ALTER TABLE app.ledger REPLICA IDENTITY FULL") }
        for sequence in sequences {
            statements.append(
                "CREATE SEQUENCE \(sequence.label) INCREMENT \(sequence.increment)\(sequence.increment < 0 ? " MINVALUE -1000000000" : "")"
            )
        }
        return statements + tables.flatMap { $0.statements(tables) }
    }

    /// Every table the two sides are compared by.
    var comparedTables: [String] { ["app.ledger", "app.tally"] + tables.map(\.label) }
}
