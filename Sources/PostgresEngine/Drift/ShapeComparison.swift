import MigrationCore

/// What of a publisher's tables does not fit the subscriber's. Pure.
///
/// Judged by what a lane does: it fails on a row with a column the other side lacks, and on a value the other side's type refuses. What only the
/// subscriber has is harmless as long as rows can be inserted without it.
struct ShapeComparison: Sendable {
    let direction: Direction
    /// The way back counts too: what only the subscriber has would break the lanes as soon as it publishes.
    let bothWays: Bool

    struct Difference: Sendable, Hashable {
        var text: String
        /// Where the other's DDL is missing.
        var lacking: Side
    }

    private var publisher: Side { direction.publisher }
    private var subscriber: Side { direction.subscriber }

    /// Sorted by table and column.
    func differences(publisher: DatabaseShape, subscriber: DatabaseShape) -> [Difference] {
        var found: [Difference] = []
        for (name, table) in publisher.tables.sorted(by: { $0.key < $1.key }) {
            guard let other = subscriber.tables[name] else {
                found.append(only("table \(name) is", on: self.publisher))
                continue
            }
            found += columns(of: name, table, other)
            if table.identity != other.identity {
                found.append(differ("\(name) has replica identity", table.identity, other.identity))
            }
        }
        for (name, labels) in publisher.enums.sorted(by: { $0.key < $1.key }) {
            let other = subscriber.enums[name] ?? []
            found += labels.subtracting(other).sorted().map { only("type \(name) has label '\($0)'", on: self.publisher) }
            if bothWays { found += other.subtracting(labels).sorted().map { only("type \(name) has label '\($0)'", on: self.subscriber) } }
        }
        return found
    }

    private func columns(of name: ExactName, _ table: DatabaseShape.Table, _ other: DatabaseShape.Table) -> [Difference] {
        var found: [Difference] = []
        for column in Set(table.columns.keys).union(other.columns.keys).sorted() {
            switch (table.columns[column], other.columns[column]) {
            case (let mine?, let theirs?):
                if let difference = difference("\(name).\(column)", mine, theirs) { found.append(difference) }
            case (let mine?, nil): found.append(only("\(name) has column \(column) \(mine.type)", on: publisher))
            case (nil, let theirs?):
                if bothWays || (theirs.isRequired && !theirs.hasDefault) {
                    found.append(only("\(name) has column \(column) \(theirs.type)", on: subscriber))
                }
            case (nil, nil): break
            }
        }
        return found
    }

    private func difference(_ name: String, _ mine: DatabaseShape.Column, _ theirs: DatabaseShape.Column) -> Difference? {
        if mine.type != theirs.type { return differ("\(name) is", mine.type, theirs.type) }
        if mine.generated != theirs.generated { return differ("\(name) is", mine.kind, theirs.kind) }
        if mine.collation != theirs.collation { return differ("\(name) has collation", mine.collation, theirs.collation) }
        if theirs.isRequired != mine.isRequired, bothWays || theirs.isRequired {
            return differ("\(name) is", mine.isRequired ? "NOT NULL" : "nullable", theirs.isRequired ? "NOT NULL" : "nullable")
        }
        return nil
    }

    private func only(_ what: String, on side: Side) -> Difference {
        Difference(text: "\(what) on the \(side.rawValue) only", lacking: side == .source ? .target : .source)
    }

    private func differ(_ what: String, _ mine: String, _ theirs: String) -> Difference {
        Difference(text: "\(what) \(mine) on the \(publisher.rawValue), \(theirs) on the \(subscriber.rawValue)", lacking: subscriber)
    }
}

extension DatabaseShape.Column {
    fileprivate var kind: String { generated.isEmpty ? "an ordinary column" : generated == "v" ? "generated (virtual)" : "generated (stored)" }
}

extension ShapeComparison {
    private static let namedDifferences = 5

    /// One line for people; `nil` without differences.
    func text(_ database: String, _ differences: [Difference]) -> String? {
        guard !differences.isEmpty else { return nil }
        let named = differences.prefix(Self.namedDifferences).map(\.text).joined(separator: ", ")
        let more = differences.count > Self.namedDifferences ? " and \(differences.count - Self.namedDifferences) more" : ""
        let sides = Side.allCases.filter { side in differences.contains { $0.lacking == side } }
        // The subscriber is the fenced side: sessions there begin read-only.
        let remedy = sides.map { side in
            "run the same ALTER TABLE on the \(side.rawValue) database" + (side == subscriber ? " (BEGIN READ WRITE first)" : "")
        }.joined(separator: ", ")
        return "\(database): \(named)\(more); \(remedy)"
    }
}
