import MigrationCore

/// The snapshots of one database's lanes, by table. Without lanes, behind a fence, one view shows everything.
struct LaneViews: Sendable {
    struct Lane: Sendable {
        /// Of its tables.
        var labels: Set<String>
        var view: SourceView
    }

    private let lanes: [Lane]
    /// For the schema, sequences and whatever else is no table's row.
    let main: SourceView

    init(fenced view: SourceView) {
        lanes = []
        main = view
    }

    /// - Parameter lanes: At least one; the first one's view is the main one.
    /// - Throws: ``CopyRejected`` without lanes.
    init(_ lanes: [Lane], of database: String) throws {
        guard let first = lanes.first else { throw CopyRejected(description: "\(database) has no lanes") }
        self.lanes = lanes
        main = first.view
    }

    /// The view that `table` has to be copied under.
    subscript(table: Table) -> SourceView { lanes.first { $0.labels.contains(table.label) }?.view ?? main }

    /// A table that was made, changed or connected between publication and slots would be copied as it is under one snapshot, into a table made as it is
    /// under another, or its changes would be in no lane or in a lane of their own.
    ///
    /// - Throws: ``CopyInterrupted`` when the snapshots do not show the same tables, each group of them in one lane.
    func prove() async throws {
        let seen = try await concurrently(lanes, limit: lanes.count) { lane in
            try await lane.view.with { (try await SourceCatalog(session: $0).tables(), try await LaneTables.read($0)) }
        }
        guard let (first, connected) = seen.first else { return }
        let shape = Self.shape(first)
        let lanesOf = Dictionary(lanes.enumerated().flatMap { index, lane in lane.labels.map { ($0, index) } }) { $1 }
        let groups = LaneSplit.groups(connected.tables, connected.links)
        var torn = seen.dropFirst().flatMap { Self.shape($0.0).symmetricDifference(shape).map(\.label) }
        torn += groups.filter { group in Set(group.map { lanesOf[$0.label] }).count > 1 || group.contains { lanesOf[$0.label] == nil } }
            .flatMap { $0.map(\.label) }
        guard torn.isEmpty else {
            let names = Set(torn).sorted().prefix(Self.shown).joined(separator: ", ")
            throw CopyInterrupted(description: "tables of \(main.database) were made or changed while its copy began: \(names)")
        }
    }

    private static let shown = 5

    private struct Shape: Hashable {
        var label: String
        var columns: [String]
    }

    private static func shape(_ tables: [Table]) -> Set<Shape> { Set(tables.map { Shape(label: $0.label, columns: $0.allColumns) }) }

    /// The database is copied: nothing is kept for it any more.
    func close() async {
        for lane in lanes { await lane.view.close() }
    }
}
