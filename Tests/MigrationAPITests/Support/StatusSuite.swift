import StructuredData
import Testing

@testable import MigrationAPI
@testable import MigrationCore

/// A suite of tests that build statuses.
protocol StatusSuite {
    var schema: JSONValue { get }
    var reading: SpecReading { get }
    var now: Timestamp { get }
}

extension StatusSuite {
    /// Builds a status, and holds it against kstatus and the schema.
    func build(
        _ record: Record, _ observation: Observation = Observation(), standing: Standing = .progressing(.init(.progressing, "At work.")),
        previous: DatabaseMigrationStatus? = nil, reading: SpecReading? = nil, generation: Int64 = 3, at now: Timestamp? = nil
    ) throws -> DatabaseMigrationStatus {
        let input = StatusInput(
            previous: previous, generation: generation, reading: reading ?? self.reading, observation: observation,
            decision: Decision(record: record, standing: standing), now: now ?? self.now)
        let status = try StatusBuilder.build(input)
        #expect(try Kstatus.complaints(status, generation: generation, schema: schema) == [])
        return status
    }
}
