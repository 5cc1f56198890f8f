import PostgresEngine

/// One transaction as it will be sent.
struct TortureTransaction: Sendable {
    enum Step: Sendable {
        case sql(String)
        case pause(milliseconds: Int)
    }

    var number: String
    var kind: String
    var begin: String
    /// Between BEGIN and COMMIT.
    var steps: [Step]
    /// Sent as one message, COMMIT included.
    var isOneMessage: Bool
}

/// Makes one writer's transactions, the same ones for the same seed.
struct TransactionMaker: Sendable {
    let database: DatabasePlan
    let writer: Int
    private var random: SeededGenerator
    private var count = 0

    init(_ database: DatabasePlan, writer: Int) {
        self.database = database
        self.writer = writer
        random = SeededGenerator(seed: database.loadSeed &+ UInt64(writer) &* 0x9E37_79B9)
    }

    /// Milliseconds until the next one.
    mutating func pause() -> Int { random.int(2...60) }

    mutating func next() -> TortureTransaction {
        count += 1
        let (kind, steps) = body()
        return make(kind, steps)
    }

    /// The watchers' smallest write.
    mutating func watch() -> TortureTransaction {
        count += 1
        var transaction = make("watch", [])
        transaction.isOneMessage = true
        transaction.begin = "BEGIN"
        return transaction
    }

    private mutating func make(_ kind: String, _ steps: [TortureTransaction.Step])
        -> TortureTransaction
    {
        let number = "\(database.name)/\(writer)/\(count)"
        let draw =
            database.sequences.isEmpty || kind == "watch" || !random.chance(30)
            ? nil : random.pick(database.sequences)
        let drawn = draw.map { ("'\($0.name)'", "nextval('\($0.label)')") } ?? ("NULL", "NULL")
        let entry =
            "INSERT INTO app.ledger (number, writer, kind, sequence, drawn) VALUES ('\(number)', \(writer), '\(kind)', \(drawn.0), \(drawn.1))"
        let tally = "UPDATE app.tally SET n = n + 1 WHERE writer = \(writer)"
        // Some applications insist on writing whatever the database's default says, some wish stricter isolation.
        let begin = random.pick([
            "BEGIN", "BEGIN", "BEGIN", "BEGIN READ WRITE", "BEGIN ISOLATION LEVEL REPEATABLE READ",
        ])
        return TortureTransaction(
            number: number, kind: kind, begin: begin, steps: steps + [.sql(tally), .sql(entry)],
            isOneMessage: random.chance(40) && kind != "long")
    }

    private mutating func body() -> (String, [TortureTransaction.Step]) {
        switch random.int(1...100) {
        case ...25: return ("insert", [insert()])
        case ...45: return ("update", (0..<random.int(1...3)).map { _ in update() })
        case ...60:
            return (
                "several", (0..<random.int(2...4)).map { _ in random.chance(50) ? insert() : update() }
            )
        case ...72: return ("savepoint", savepoints())
        case ...82: return ("toast", [toast(), update()])
        case ...92: return ("delete", [delete(), insert()])
        case ...98: return ("long", [update(), .pause(milliseconds: random.int(500...3000)), insert()])
        default: return ("truncate", truncate())
        }
    }

    private mutating func table() -> TablePlan { random.pick(database.tables) }

    private mutating func insert(into chosen: TablePlan? = nil) -> TortureTransaction.Step {
        let table = chosen ?? table()
        var columns = ["region", "code", "body"]
        var values = [
            "\(random.int(0...5))", "'\(random.hex(20))'",
            random.chance(20) ? "'\(random.hex(6000))'" : "NULL",
        ]
        for column in table.columns {
            columns.append(SQL.identifier(column.name))
            values.append(column.type.literal(&random))
        }
        if let parent = table.parent {
            columns.append("parent")
            values.append(
                "(SELECT id FROM \(database.tables[parent].label) WHERE id >= \(random.int(0...500)) ORDER BY id LIMIT 1)"
            )
        }
        return .sql(
            "INSERT INTO \(table.label) (\(columns.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))"
        )
    }

    /// One row, if there is one.
    private mutating func someRow(_ table: TablePlan) -> String {
        "id = (SELECT id FROM \(table.label) WHERE id >= \(random.int(0...max(50, table.rows))) ORDER BY id LIMIT 1)"
    }

    private mutating func update() -> TortureTransaction.Step {
        let table = table()
        let row = someRow(table)
        if random.chance(15) {
            return .sql("UPDATE \(table.label) SET region = \(random.int(0...5)) WHERE \(row)")
        }
        if random.chance(10) {
            return .sql("UPDATE \(table.label) SET code = '\(random.hex(20))' WHERE \(row)")
        }
        let column = random.pick(table.columns)
        return .sql(
            "UPDATE \(table.label) SET \(SQL.identifier(column.name)) = \(column.type.literal(&random)) WHERE \(row)"
        )
    }

    private mutating func toast() -> TortureTransaction.Step {
        let table = table()
        return .sql(
            "UPDATE \(table.label) SET body = '\(random.hex(random.int(4000...12_000)))' WHERE \(someRow(table))"
        )
    }

    private mutating func delete() -> TortureTransaction.Step {
        let table = table()
        return .sql("DELETE FROM \(table.label) WHERE \(someRow(table))")
    }

    private mutating func savepoints() -> [TortureTransaction.Step] {
        let (kept, dropped, last) = (insert(), insert(), update())
        return [
            kept, .sql("SAVEPOINT a"), dropped, update(), .sql("ROLLBACK TO a"), .sql("SAVEPOINT b"),
            last, .sql("RELEASE b"),
        ]
    }

    private mutating func truncate() -> [TortureTransaction.Step] {
        let table = table()
        let text = "TRUNCATE \(table.label)\(random.chance(30) ? " RESTART IDENTITY" : "") CASCADE"
        return [.sql(text)] + (0..<random.int(0...5)).map { _ in insert(into: table) }
    }
}
