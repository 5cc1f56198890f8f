import MigrationCore
import StructuredData
import Testing

@testable import MigrationAPI

@Suite("What is left of a copy")
struct ProgressTests: StatusSuite {
    let schema: JSONValue
    let reading: SpecReading
    let now = Timestamp(milliseconds: 1_000_000)

    private static let bytes: Int64 = 1_000_000

    init() throws {
        schema = try Repository.schema()
        reading = try PlanBuilder.read(Fixtures.migration("{}"))
    }

    private func secondsLeft(_ copied: Int64, after seconds: Double) throws -> Int64? {
        let started = now.adding(seconds: -10_000)
        var record = Record(attempt: 1, phase: .copying, at: started)
        record.accepted = reading.plan
        let progress = [DatabaseProgress(name: "chain_db", phase: "CopyingRows", bytesTotal: Self.bytes, bytesCopied: copied)]
        let moment = Timestamp(milliseconds: started.milliseconds + Int64(seconds * 1_000))
        return try build(record, Observation(progress: progress), at: moment).etaSeconds
    }

    @Test("the estimate comes closer to the truth, also when the copy becomes half as fast midway", arguments: [1.0, 2.0])
    func converges(slowness: Double) throws {
        let half = Self.bytes / 2
        /// Seconds from the beginning until so many bytes are there: 1,000 a second at first.
        func moment(_ copied: Int64) -> Double { (Double(min(copied, half)) + Double(max(copied - half, 0)) * slowness) / 1_000 }
        var errors: [Double] = []
        for copied in stride(from: half, to: Self.bytes, by: 50_000) {
            let left = try #require(try secondsLeft(copied, after: moment(copied)))
            errors.append(abs(Double(left) - (moment(Self.bytes) - moment(copied))))
        }
        #expect(zip(errors, errors.dropFirst()).allSatisfy { $1 <= $0 + 1 }, "\(errors)")
        #expect((errors.last ?? .infinity) < 0.02 * moment(Self.bytes), "\(errors)")
    }

    @Test("nothing is promised before there is something to tell by, nor while indexes are built")
    func silent() throws {
        #expect(try secondsLeft(0, after: 100) == nil)
        #expect(try secondsLeft(10, after: 0.5) == nil)
        #expect(try secondsLeft(Self.bytes, after: 100) == nil)
    }
}
