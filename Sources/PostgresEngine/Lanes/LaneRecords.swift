import MigrationCore
import StructuredData

/// What a target database has noted of one direction, read in one round trip although neither of its tables need be there.
struct LaneRecords: Sendable, Hashable {
    var lanes: [LaneTable.Entry] = []
    var sequences: SequenceTable.Reading?

    init() {}

    /// Two statements; the second one's rows are the answer. A statement cannot name a table that is not there, a block that does not get so far can.
    static func statements(_ direction: Direction) -> String {
        let block = """
            DECLARE lanes text := '[]'; sequences text; BEGIN
            IF EXISTS (\(LaneTable.present("lane"))) THEN
                lanes := (SELECT coalesce(json_agg(json_build_object('number', number, 'name', name, 'startedAt', started_at) ORDER BY number), '[]')
                    FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)');
            END IF;
            IF EXISTS (\(LaneTable.present("sequences"))) THEN
                sequences := (SELECT json_build_object('epoch', epoch, 'mismatch', mismatch)
                    FROM _dbmigration.sequences WHERE direction = '\(direction.rawValue)');
            END IF;
            PERFORM set_config('_dbmigration.lanes', lanes, false), set_config('_dbmigration.sequences', coalesce(sequences, ''), false);
            END
            """
        return """
            DO \(SQL.literal(block));
            SELECT current_setting('_dbmigration.lanes') AS lanes, nullif(current_setting('_dbmigration.sequences'), '') AS sequences
            """
    }

    /// How many answers its statements give.
    static let answers = 2

    /// - Throws: an error of decoding when the rows are not those of ``statements(_:)``.
    init(_ rows: Rows) throws {
        lanes = try JSON.decode([LaneTable.Entry].self, from: rows.first?["lanes"] ?? "[]")
        sequences = try rows.first?["sequences"].map { try JSON.decode(SequenceTable.Reading.self, from: $0) }
    }
}
