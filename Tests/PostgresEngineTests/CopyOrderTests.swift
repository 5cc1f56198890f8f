import Testing

@testable import PostgresEngine

@Suite("The order of a copy's work") struct CopyOrderTests {
    private func index(_ name: String, needsAllRows: Bool = false) -> IndexDefinition {
        IndexDefinition(
            schema: "s", table: "t", name: name, create: "CREATE INDEX \(name)", completion: [], needsAllRows: needsAllRows, entry: .relation(1))
    }

    private func table(_ name: String, _ mebibytes: Int64, parts: Int = 1, _ indexes: [IndexDefinition] = []) -> TableWork {
        let table = Table(schema: "s", name: name, bytes: mebibytes << 20, columns: ["a"], allColumns: ["a"])
        let whole = CopyPart(table: table, format: .text, bytes: table.bytes / Int64(max(1, parts)))
        let pages = CopyPart.Pages(first: 0, end: nil, fileNode: 1)
        let all = parts == 1 ? [whole] : (0..<parts).map { whole.pages(pages, number: $0 + 1) }
        return TableWork(table: table, parts: all, builds: indexes, indexes: indexes)
    }

    private func nextTable(_ order: inout CopyOrder) -> CopyOrder.Rows? { order.nextRows { _ in false } }

    /// What the build lanes may begin, in order, without doing it.
    private func ready(_ order: inout CopyOrder) -> [String] {
        var names: [String] = []
        while let step = order.nextStep() {
            switch step {
            case .index(let index, _): names.append(index.name)
            case .complete(let table): names.append("complete \(order.work(table).table.name)")
            case .link: names.append("link")
            case .validate(let keys, _): names.append("validate \(keys.map(\.name).joined())")
            case .finish: names.append("finish")
            }
        }
        return names
    }

    @Test("largest first over all databases; indexes follow once all parts of their table are there")
    func rows() {
        var order = CopyOrder([[table("big", 400, parts: 2, [index("i"), index("j")])], [table("middle", 300, [index("k")])]])
        let first = nextTable(&order)
        #expect(first?.part.table.name == "middle")
        let parts = [nextTable(&order), nextTable(&order)].compactMap { $0 }
        #expect(parts.map(\.part.number).sorted() == [1, 2])
        #expect(nextTable(&order) == nil)
        order.copied(parts[0])
        #expect(ready(&order).isEmpty)
        order.copied(parts[1])
        #expect(ready(&order).sorted() == ["i", "j"])
    }

    @Test("small tables of a view whose sessions are open go before larger ones of another")
    func atHand() {
        var order = CopyOrder([[table("one", 2)], [table("two", 3)], [table("large", 100)]])
        #expect(order.nextRows { $0.part.table.name == "one" }?.part.table.name == "large")
        #expect(order.nextRows { $0.part.table.name == "one" }?.part.table.name == "one")
        #expect(order.nextRows { $0.part.table.name == "one" }?.part.table.name == "two")
    }

    @Test("an index that may read other tables waits for all rows of its database, and the table's completion for it")
    func late() throws {
        var order = CopyOrder([[table("small", 1, [index("late", needsAllRows: true), index("early")]), table("other", 50)]])
        let (other, small) = (try #require(nextTable(&order)), try #require(nextTable(&order)))
        #expect(!small.isSmall)
        order.copied(small)
        #expect(ready(&order) == ["early"])
        order.done(.index(index("early"), small.table))
        #expect(ready(&order).isEmpty)
        order.copied(other)
        #expect(ready(&order) == ["complete other", "late"])
        order.done(.index(index("late", needsAllRows: true), small.table))
        #expect(ready(&order) == ["complete small"])
    }

    @Test("foreign keys once every table is complete, then the rest, then the end")
    func end() throws {
        var order = CopyOrder([[table("small", 1, [index("i")])], []])
        #expect(ready(&order) == ["link"])
        let small = try #require(nextTable(&order))
        #expect(small.isSmall)
        order.copied(small)
        #expect(ready(&order) == ["link"])
        let key = ForeignKey(schema: "s", table: "t", name: "fk", definition: "", isValidated: true, entry: .constraint(1))
        order.done(.link(0), adding: [[key], [key]])
        #expect(ready(&order) == ["validate fk", "validate fk"])
        order.done(.validate([key], 0))
        #expect(ready(&order).isEmpty)
        order.done(.validate([key], 0))
        #expect(ready(&order) == ["finish"])
        order.done(.finish(0))
        #expect(!order.isFinished)
        order.done(.link(1))
        order.done(.finish(1))
        #expect(order.isFinished)
    }
}

@Suite("The division of large tables") struct TableSplitTests {
    private static let gibibyte: Int64 = 1 << 30

    @Test("only above the limit, and only what is more than a lane's share or very large")
    func which() {
        let split = TableSplit(limitMiB: 1024, jobs: 4, totalBytes: 40 * Self.gibibyte)
        #expect(!split.splits(bytes: Self.gibibyte))
        #expect(!split.splits(bytes: 15 * Self.gibibyte))
        #expect(split.splits(bytes: 16 * Self.gibibyte))
        #expect(TableSplit(limitMiB: 1024, jobs: 4, totalBytes: 4000 * Self.gibibyte).splits(bytes: 18 * Self.gibibyte))
    }

    @Test("parts touch each other, begin at the first page and have no end")
    func pages() {
        let parts = TableSplit(limitMiB: 1024, jobs: 4, totalBytes: 3 * Self.gibibyte).pages(bytes: 5 * Self.gibibyte / 2, pages: 1000, fileNode: 7)
        #expect(parts.map(\.first) == [0, 333, 666] && parts.map(\.end) == [333, 666, nil])
        #expect(parts[1].condition == "ctid >= '(333,0)'::tid AND ctid < '(666,0)'::tid")
        #expect(TableSplit(limitMiB: 1, jobs: 4, totalBytes: 1).pages(bytes: Self.gibibyte, pages: 0, fileNode: 7).isEmpty)
        #expect(TableSplit(limitMiB: 1, jobs: 4, totalBytes: 1).pages(bytes: Self.gibibyte, pages: 3, fileNode: 7).count == 3)
    }

    @Test("an earlier division is kept, and made anew for a table that was rewritten")
    func resumed() {
        let table = Table(schema: "s", name: "t", bytes: 4 << 20, columns: ["a"], allColumns: ["a"])
        let begun = (1...2).map { Journal.PartState(number: $0, pages: .init(first: Int64($0), end: nil, fileNode: 5), isCopied: $0 == 1) }
        var inventory = DatabaseInventory(
            tables: [table], shapes: [table.key: .init(format: .text, pages: 10, fileNode: 5)],
            states: [table.key: .init(isCopied: false, isIndexed: false)], parts: [table.key: begun])
        let split = TableSplit(limitMiB: 1, jobs: 1, totalBytes: 1)
        let kept = inventory.work(split)
        #expect(kept.first?.parts.map(\.number) == [2] && kept.first?.division == nil)
        inventory.shapes[table.key]?.fileNode = 6
        let anew = inventory.work(split)
        #expect(anew.first?.parts.map(\.number) == [1, 2, 3, 4] && anew.first?.division?.contains("TRUNCATE ONLY") == true)
        // Rows that a crash took from under their indexes.
        inventory.states[table.key]?.isIndexed = true
        #expect(inventory.work(split).first?.parts.count == 4 && inventory.work(split).first?.builds.isEmpty == true)
        inventory.states[table.key]?.isCopied = true
        #expect(inventory.work(split).isEmpty)
    }
}
