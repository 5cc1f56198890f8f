import Testing

@testable import PostgresEngine

@Suite("Which tables share a lane") struct LaneSplitTests {
    private func table(_ oid: Int64, _ bytes: Int64 = 0) -> LaneSplit.Relation { .init(oid: oid, schema: "s", name: "t\(oid)", bytes: bytes) }

    private func lanes(_ tables: [LaneSplit.Relation], _ links: [(Int64, Int64)] = [], most: Int) -> [[Int64]] {
        LaneSplit.lanes(tables, links.map { .init(from: $0.0, to: $0.1) }, most: most).map { $0.map(\.oid) }
    }

    @Test("connected ones, however far and through whatever no lane carries")
    func connected() {
        let tables = (1...8).map { table(Int64($0)) }
        // A chain, a ring, two leaves of partitioned table 100, and one alone.
        let links: [(Int64, Int64)] = [(1, 2), (2, 3), (4, 5), (5, 4), (6, 100), (7, 100), (8, 8)]
        #expect(Set(lanes(tables, links, most: 9).map(Set.init)) == [[1, 2, 3], [4, 5], [6, 7], [8]])
    }

    @Test("groups go, the largest first, to the lane that holds the least")
    func packed() {
        let mebibyte: Int64 = 1 << 20
        let tables = [table(1, 5 * mebibyte), table(2, 4 * mebibyte), table(3, 3 * mebibyte), table(4, 3 * mebibyte), table(5, 3 * mebibyte)]
        #expect(lanes(tables, most: 2) == [[1, 4], [2, 3, 5]])
        #expect(lanes(tables, [(4, 5)], most: 2) == [[4, 5, 3], [1, 2]])
    }

    @Test("empty tables are spread as well, the oldest first")
    func empty() { #expect(lanes([table(4), table(3), table(2), table(1)], most: 2) == [[1, 3], [2, 4]]) }

    @Test("a lane for each group at most, and one even without any")
    func few() {
        #expect(lanes([table(1), table(2)], [(1, 2)], most: 8) == [[1, 2]])
        #expect(lanes([table(1), table(2)], most: 1) == [[1, 2]])
        #expect(lanes([], most: 8) == [[]])
    }

    @Test("every table is in one lane, whatever the order they come in", arguments: 1...6)
    func partition(most: Int) {
        let tables = (1...40).map { table(Int64($0), Int64($0 * $0 % 17) << 20) }
        let links = stride(from: Int64(1), to: 30, by: 3).map { ($0, $0 * 7 % 40 + 1) }
        let split = lanes(tables, links, most: most)
        #expect(split.flatMap { $0 }.sorted() == Array(1...40))
        #expect(lanes(tables.reversed(), links.reversed(), most: most) == split)
        for (one, other) in links { #expect(split.contains { $0.contains(one) && $0.contains(other) }) }
    }
}
