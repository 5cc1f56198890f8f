import StructuredData
import Testing

@testable import MigrationAPI
@testable import MigrationCore

@Suite("The record in status.record")
struct RecordCodingTests {
    /// A record in the middle of a switch, with something in every member.
    static func full() throws -> Record {
        var record = Record(attempt: 2, phase: .switching, at: Timestamp(milliseconds: 5_000))
        record.frozen = try PlanBuilder.read(Fixtures.migration()).plan
        record.fence = Record.Fence(
            epoch: 3, decidedAt: Timestamp(milliseconds: 1_000), deadline: Timestamp(milliseconds: 61_000), closedAt: Timestamp(milliseconds: 1_500),
            position: WALPosition("16/B374D848"), evidence: "no client session")
        record.jobs = [.verify: 2, .copy: 4]
        record.milestones = Set(Milestone.allCases)
        record.held = .init(.goalLowered, "spec.goal went back to Ready")
        record.dropped = .init(.retainedWALExceeded, "too much WAL")
        record.rollback = .init(
            cause: .init(.requested, "x"), isRequested: true, from: .soaking, acceptsLoss: false, position: WALPosition("0/1"), isCarriedBack: true)
        record.checks = ["chain": .init(verdict: .ok, streak: 2, message: "200")]
        record.switchedAt = Timestamp(milliseconds: 6_000)
        return record
    }

    @Test("comes back as it was, with equal text for equal records")
    func roundTrip() throws {
        let record = try Self.full()
        let text = try RecordCoding.encode(record)
        #expect(try RecordCoding.decode(text) == record)
        for _ in 0..<20 { #expect(try RecordCoding.encode(RecordCoding.decode(text)) == text) }
    }

    @Test("a large record is refused, never trimmed")
    func size() throws {
        var record = try Self.full()
        record.checks["mute"] = .init(verdict: .inconclusive, streak: 1, message: String(repeating: "x", count: Record.sizeLimit))
        #expect(throws: RecordError.self) { try RecordCoding.encode(record) }
        #expect(throws: RecordError.tooLarge(bytes: 65_537)) { try RecordCoding.decode(String(repeating: " ", count: 65_537)) }
    }

    @Test("a newer version is refused")
    func version() throws {
        let text = try RecordCoding.encode(Self.full()).replacing("\"version\":1", with: "\"version\":2")
        #expect(throws: RecordError.newerVersion(2)) { try RecordCoding.decode(text) }
    }

    @Test("garbage is refused", arguments: ["", "nonsense", "[]", "{}", "{\"version\":1}", "{\"version\":1,\"phase\":\"Nowhere\"}"])
    func garbage(text: String) {
        #expect(throws: RecordError.self) { try RecordCoding.decode(text) }
    }

    @Test("a status tells a first visit from a lost record")
    func stored() throws {
        var status = DatabaseMigrationStatus()
        #expect(RecordCoding.read(nil) == .none)
        status.observedGeneration = -1
        #expect(RecordCoding.read(status) == .none)
        status.phase = "Copying"
        guard case .lost(let cause) = RecordCoding.read(status) else { Issue.record("a phase without a record is no fresh start"); return }
        #expect(cause.reason == .stateLost)
        status.record = "{"
        guard case .lost = RecordCoding.read(status) else { Issue.record("garbage is no fresh start"); return }
        let record = try Self.full()
        status.record = try RecordCoding.encode(record)
        #expect(RecordCoding.read(status) == .record(record))
    }
}
