/// Which tables share a lane. Pure.
///
/// What a foreign key, a partitioned table or inheritance connects stays together: a lane has no order with the others, and a TRUNCATE arrives as one
/// command that a reference from another lane's table would refuse. Such groups, the largest first, each go to the lane that holds the least so far.
enum LaneSplit {
    struct Relation: Sendable, Hashable {
        var oid: Int64
        var schema: String
        var name: String
        var bytes: Int64

        var sql: String { SQL.identifier(schema, name) }
        var key: ExactName { ExactName(sql) }
        var label: String { "\(schema).\(name)" }
    }

    /// Two relations that belong together; either may be one that no lane carries, such as a partitioned table.
    struct Link: Sendable, Hashable {
        var from: Int64
        var to: Int64
    }

    /// What an empty table counts, so that those are spread too.
    private static let leastBytes: Int64 = 8192

    /// At least one lane, at most `most`, and none without tables but the only one.
    static func lanes(_ tables: [Relation], _ links: [Link], most: Int) -> [[Relation]] {
        var lanes = [[Relation]](repeating: [], count: max(1, most))
        var bytes = [Int64](repeating: 0, count: lanes.count)
        for group in groups(tables, links) {
            guard let least = bytes.indices.min(by: { bytes[$0] < bytes[$1] }) else { break }
            lanes[least] += group
            bytes[least] += weight(group)
        }
        let used = lanes.filter { !$0.isEmpty }
        return used.isEmpty ? [[]] : used
    }

    /// Connected tables, the largest group first; the oldest table decides between equals.
    static func groups(_ tables: [Relation], _ links: [Link]) -> [[Relation]] {
        var parents: [Int64: Int64] = [:]
        func root(_ oid: Int64) -> Int64 {
            var top = oid
            while let parent = parents[top] { top = parent }
            var current = oid
            while let parent = parents[current], parent != top {
                parents[current] = top
                current = parent
            }
            return top
        }
        for link in links {
            let (from, to) = (root(link.from), root(link.to))
            if from != to { parents[from] = to }
        }
        let groups = Dictionary(grouping: tables.sorted { $0.oid < $1.oid }) { root($0.oid) }.values
        return groups.sorted { (weight($1), $0.first?.oid ?? 0) < (weight($0), $1.first?.oid ?? 0) }
    }

    private static func weight(_ group: [Relation]) -> Int64 { group.reduce(0) { $0 + max($1.bytes, leastBytes) } }
}

/// What a publisher's database has to split.
struct LaneTables: Sendable {
    var tables: [LaneSplit.Relation]
    var links: [LaneSplit.Link]

    static func read(_ session: PostgresConnection) async throws -> LaneTables {
        let tables = try await session.rows(
            "SELECT c.oid, n.nspname, c.relname, pg_table_size(c.oid) AS bytes \(LanePublisher.tables) ORDER BY c.oid", attempt: "list the tables")
        let links = try await session.rows(
            """
            SELECT conrelid AS one, confrelid AS other FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid
            UNION SELECT inhrelid, inhparent FROM pg_inherits
            """, attempt: "list what connects tables")
        return LaneTables(
            tables: tables.map {
                LaneSplit.Relation(
                    oid: $0.integer("oid") ?? 0, schema: $0.text("nspname"), name: $0.text("relname"), bytes: $0.integer("bytes") ?? 0)
            }, links: links.map { LaneSplit.Link(from: $0.integer("one") ?? 0, to: $0.integer("other") ?? 0) })
    }

    /// Those which are in a lane's publication.
    static func read(_ session: PostgresConnection, of lane: String) async throws -> [LaneSplit.Relation] {
        let members = try await session.rows(
            "SELECT r.prrelid FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = \(SQL.literal(lane))",
            attempt: "list the tables of publication \(lane)"
        ).compactMap { $0.integer("prrelid") }
        return try await read(session).tables.filter { Set(members).contains($0.oid) }
    }

    func split(most: Int) -> [[LaneSplit.Relation]] { LaneSplit.lanes(tables, links, most: most) }
}
