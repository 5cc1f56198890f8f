import MigrationCore

/// Tables of every database still to copy, largest first, and how many of each database are under way.
actor CopyQueue {
    struct Item: Sendable {
        var copy: DatabaseCopy
        var table: Table
    }

    private var items: [Item]
    private var remaining: [String: Int]

    init(_ items: [Item]) {
        self.items = items.sorted { $0.table.bytes < $1.table.bytes }
        remaining = Dictionary(items.map { ($0.copy.database.name, 1) }, uniquingKeysWith: +)
    }

    func next() -> Item? { items.popLast() }

    /// Whether this was the last table of its database.
    func done(_ item: Item) -> Bool {
        remaining[item.copy.database.name, default: 0] -= 1
        return remaining[item.copy.database.name] == 0
    }
}
