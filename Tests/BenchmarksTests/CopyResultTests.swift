import FoundationEssentials
import StructuredData
import Testing

@testable import Benchmarks

@Suite struct CopyResultTests {
    private static let ways: [CopyWay] = [.runbook, .pgcopydb, .floor, .indexes, .ours]

    private func cost(_ seconds: Double, peak: Double? = nil) -> CopyCost {
        CopyCost(seconds: seconds, clientCPU: seconds / 2, sourceCPU: seconds / 4, targetCPU: seconds, peakMebibytes: peak)
    }

    private func result(_ costs: [CopyWay: [CopyCost]], isAboutBytes: Bool = true) -> CopyResult {
        let table = CopyTable(
            ways: Self.ways, medians: costs.compactMapValues { CopyCost(medianOf: $0) }, references: [.runbook, .pgcopydb], jobs: 2)
        return CopyResult(
            table: table, failures: [.pgcopydb: "it broke"], subject: "scale 1", bytes: 2_000_000_000, title: "copy", isAboutBytes: isAboutBytes)
    }

    private var costs: [CopyWay: [CopyCost]] {
        [
            .runbook: [cost(50), cost(40), cost(42)], .floor: [cost(10)], .indexes: [cost(5)],
            .ours: [cost(20, peak: 31), cost(21, peak: 40.5), cost(90, peak: 30)],
        ]
    }

    @Test func isOneObjectWithNullsForWhatIsMissing() throws {
        let text = try JSON.text(CopyResults(results: [result(costs)]))
        #expect(text == #"{"seconds":{"floor":10,"indexes":5,"ours":21,"pgcopydb":null,"runbook":42},"workerRSSMiB":40.5}"#)
        #expect(try JSON.text(result([:], isAboutBytes: false)).hasPrefix(#"{"seconds":{"floor":null,"#))
    }

    @Test func isAnArrayForSeveralSizes() throws {
        var small = result(costs, isAboutBytes: false)
        small.scale = 0.25
        let text = try JSON.text(CopyResults(results: [small, small]))
        #expect(text.hasPrefix(#"[{"bytes":2000000000,"scale":0.25,"seconds":{"#))
    }

    @Test func comparesMedians() {
        let table = result(costs).table
        #expect(table.ratio(.ours, to: [.runbook]) == 0.5)
        #expect(table.ratio(.ours, to: [.floor, .indexes]) == 1.4)
        #expect(table.ratio(.ours, to: [.pgcopydb]) == nil)
        #expect(result(costs).lines.last == "copy: 21.0 s, 0.50 × runbook, 1.40 × (floor + indexes), 10.5 s a GB, worker 40.5 MiB")
        #expect(result(costs).lines.contains("pgcopydb has no result: it broke"))
    }

    @Test func aRecordKeepsTablesApart() {
        let lines = ["one", "| a |", "|---|", "sum", "", "two", "| b |"]
        let record = CopyRecord(command: "x", date: Date(timeIntervalSince1970: 0), machine: "a machine", servers: "PostgreSQL", lines: lines)
        let heading = "## 1970-01-01: `x`\n\nOn a machine, which also ran both servers: PostgreSQL.\n\n"
        #expect(record.text == heading + "one\n\n| a |\n|---|\n\nsum\n\ntwo\n\n| b |\n")
    }

    @Test func isOfNoUseWithoutOurs() {
        #expect(result(costs).isGood)
        #expect(!result([.runbook: [cost(1)]]).isGood)
        #expect(result([.runbook: [cost(1)]]).lines.last == "copy: no result")
    }

    @Test func columnsAreAligned() {
        let lines = result(costs).table.lines
        #expect(lines.count == Self.ways.count + 2)
        #expect(Set(lines.map(\.count)).count == 1)
        #expect(lines.allSatisfy { $0.filter { $0 == "|" }.count == 9 })
    }
}

@Suite struct CopyContestTests {
    @Test func everyoneIsFirstOnce() {
        #expect((0..<4).map { rotated([1, 2, 3], round: $0) } == [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]])
        #expect(rotated([Int](), round: 5) == [])
    }

    @Test func aCopyThatLostSomethingIsNone() {
        let source = CopyContent(rows: ["a": 3, "b": 0], indexes: 3, bytes: 100)
        func difference(_ rows: [String: Int], indexes: Int = 3, withIndexes: Bool = true) -> String? {
            source.difference(of: CopyContent(rows: rows, indexes: indexes, bytes: 90), withIndexes: withIndexes)
        }
        #expect(difference(["a": 3, "b": 0]) == nil)
        #expect(difference(["a": 3, "b": 0], indexes: 0, withIndexes: false) == nil)
        #expect(difference(["a": 2, "b": 0]) == "1 tables differ, e.g. a: 2 rows instead of 3 rows")
        #expect(difference(["a": 3]) == "1 tables differ, e.g. b: no such table instead of 0 rows")
        #expect(difference(["a": 3, "b": 0, "c": 0]) == "1 tables differ, e.g. c: 0 rows instead of no such table")
        #expect(difference(["a": 3, "b": 0], indexes: 2) == "2 indexes instead of 3")
        #expect(difference(["a": 3, "b": 0], withIndexes: false) == "3 indexes instead of 0")
    }
}

@Suite struct ProcessFileTests {
    @Test func readsTimesBehindAnyName() {
        let stat = "77 (a) b (c) S 5 0 0 0 -1 0 1 2 3 4 150 50 1000 200 20 0 14 0 25"
        let times = ProcessTimes(stat: stat, ticks: 100)
        #expect(times?.parent == 5)
        #expect(times?.own == 2)
        #expect(times?.ended == 12)
        #expect(ProcessTimes(stat: "77 (cut) S 5", ticks: 100) == nil)
    }

    @Test func readsThePeakOfMemory() {
        #expect(ProcessMemory.peak.mebibytes(in: "Name:\tx\nVmPeak:\t 99 kB\nVmHWM:\t   2048 kB\n") == 2)
        #expect(ProcessMemory.peak.mebibytes(in: "Name:\tzombie\n") == nil)
    }
}
