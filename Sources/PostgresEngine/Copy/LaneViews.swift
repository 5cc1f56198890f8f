import MigrationCore

/// The snapshots of one database's lanes, by table. Without lanes, behind a fence, one view shows everything.
struct LaneViews: Sendable {
    struct Lane: Sendable {
        var tables: [LaneSplit.Relation]
        var view: SourceView
    }

    private let lanes: [Lane]
    private let viewOf: [ExactName: SourceView]
    /// For the schema, sequences and whatever else is no table's row.
    let main: SourceView

    init(fenced view: SourceView) {
        lanes = []
        viewOf = [:]
        main = view
    }

    /// - Parameter lanes: At least one; the first one's view is the main one.
    /// - Throws: ``CopyRejected`` without lanes.
    init(_ lanes: [Lane], of database: String) throws {
        guard let first = lanes.first else { throw CopyRejected(description: "\(database) has no lanes") }
        self.lanes = lanes
        viewOf = Dictionary(lanes.flatMap { lane in lane.tables.map { ($0.key, lane.view) } }) { $1 }
        main = first.view
    }

    /// The view that `table` has to be copied under.
    subscript(table: Table) -> SourceView { viewOf[table.key] ?? main }

    /// A table that was made, changed, renamed or connected between publication and slots would be copied as it is under one snapshot, into a table made as
    /// it is under another, or its changes would be in no lane or in a lane of their own.
    ///
    /// - Throws: ``CopyInterrupted`` when the snapshots do not show the same tables, each group of them in one lane.
    func prove() async throws {
        // One after the other, because each takes one more of the server's WAL senders.
        let seen = try await concurrently(lanes, limit: 1) { lane in
            try await lane.view.with { session in
                let shape = try await ShapeReading(session: session, publications: nil).read()
                return Seen(shape: shape, tables: try await LaneTables.read(session))
            }
        }
        let torn = Self.torn(lanes.map(\.tables), seen)
        guard torn.isEmpty else {
            let names = torn.sorted().prefix(Self.shown).map(\.text).joined(separator: ", ")
            throw CopyInterrupted(description: "tables of \(main.database) were made or changed while its copy began: \(names)")
        }
    }

    private static let shown = 5

    /// What one lane's snapshot shows.
    private struct Seen: Sendable {
        var shape: DatabaseShape
        var tables: LaneTables
    }

    private static func torn(_ lanes: [[LaneSplit.Relation]], _ seen: [Seen]) -> Set<ExactName> {
        guard let first = seen.first else { return [] }
        // A publication follows a table, whatever its name is by now.
        let published = Dictionary(lanes.joined().map { ($0.oid, $0.key) }) { $1 }
        let laneOf = Dictionary(lanes.enumerated().flatMap { index, tables in tables.map { ($0.oid, index) } }) { $1 }
        var torn: Set<ExactName> = []
        for other in seen {
            torn.formUnion(differing(first.shape.tables, other.shape.tables))
            torn.formUnion(differing(first.shape.enums, other.shape.enums))
            torn.formUnion(other.tables.tables.filter { published[$0.oid] != $0.key }.map { ExactName($0.label) })
            let groups = LaneSplit.groups(other.tables.tables, other.tables.links)
            torn.formUnion(groups.filter { group in Set(group.map { laneOf[$0.oid] }).count > 1 }.joined().map { ExactName($0.label) })
        }
        return torn
    }

    private static func differing<Value: Equatable>(_ one: [ExactName: Value], _ other: [ExactName: Value]) -> [ExactName] {
        Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }
    }

    /// The database is copied: nothing is kept for it any more.
    func close() async {
        for lane in lanes { await lane.view.close() }
    }
}
