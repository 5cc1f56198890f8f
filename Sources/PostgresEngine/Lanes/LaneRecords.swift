import MigrationCore
import StructuredData

/// What a target database has noted of one direction, read in one round trip although neither of its tables need be there.
struct LaneRecords: Sendable, Hashable {
    var lanes: [LaneTable.Entry] = []
    var sequences: SequenceTable.Reading?

    init() {}

    /// The last one's rows are the answer.
    static func statements(_ direction: Direction) -> String {
        let isOurs = "direction = '\(direction.rawValue)'"
        return OptionalTables.statements([
            .init(
                name: "lanes", table: "lane",
                query: """
                    SELECT json_agg(json_build_object('number', number, 'name', name, 'startedAt', started_at) ORDER BY number)
                    FROM _dbmigration.lane WHERE \(isOurs)
                    """),
            .init(
                name: "sequences", table: "sequences",
                query: "SELECT json_build_object('epoch', epoch, 'mismatch', mismatch) FROM _dbmigration.sequences WHERE \(isOurs)"),
        ])
    }

    /// How many answers its statements give.
    static let answers = OptionalTables.answers

    /// - Throws: an error of decoding when the rows are not those of ``statements(_:)``.
    init(_ rows: Rows) throws {
        lanes = try JSON.decode([LaneTable.Entry].self, from: rows.first?["lanes"] ?? "[]")
        sequences = try rows.first?["sequences"].map { try JSON.decode(SequenceTable.Reading.self, from: $0) }
    }
}
