import MigrationAPI
import StructuredData
import Testing

@testable import DemoStory

@Suite("The live table")
struct DisplayTests {
    private func frame(_ seconds: Int, phase: String, progress: Int, message: String = "", rows: Int64 = 0) throws -> Frame {
        let status: JSONValue = [
            "phase": .string(phase), "progressPercent": .integer(Int64(progress)), "message": .string(message),
            "databases": [
                ["name": "chain_db", "phase": "Copying", "tables": ["total": 4, "copied": 1, "verified": 0], "rows": ["copied": .integer(rows)]]
            ],
            "conditions": [["type": "Ready", "status": "Unknown", "reason": "Progressing", "message": ""]],
        ]
        return Frame(
            elapsed: .seconds(seconds), status: try status.decode(), pauseMilliseconds: 1500,
            applications: [.init(database: "chain_db", acknowledged: 1234, errors: 5), .init(database: "publisher_db", acknowledged: 0, errors: 0)])
    }

    @Test("the table has a line for each database and the migration's message")
    func table() throws {
        let lines = try frame(12, phase: "Copying", progress: 40, message: "copying tables", rows: 201_000).lines()
        #expect(lines.count == 5)
        #expect(lines[0].contains("12.0 s") && lines[0].contains("Copying") && lines[0].contains("40 %") && lines[0].contains("1,500 ms"))
        #expect(lines[1].contains("copying tables"))
        #expect(lines[3].contains("chain_db") && lines[3].contains("1/4") && lines[3].contains("201,000") && lines[3].contains("1,234"))
        #expect(lines[4].contains("publisher_db"))
    }

    @Test("a log gets a line at once for a new phase, and at most one a second for progress")
    func news() throws {
        let first = try frame(10, phase: "Copying", progress: 40)
        #expect(first.isNews(after: nil))
        #expect(try !frame(10, phase: "Copying", progress: 41).isNews(after: first))
        #expect(try frame(11, phase: "Copying", progress: 41).isNews(after: first))
        #expect(try !frame(12, phase: "Copying", progress: 40).isNews(after: first))
        #expect(try frame(10, phase: "Verifying", progress: 40).isNews(after: first))
    }

    @Test("numbers are grouped", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func grouping(number: Int, text: String) { #expect(Text.grouped(number) == text) }

    @Test("the controller is recognised by its command line, and its memory read from its status")
    func memory() {
        #expect(ControllerProcess.isController("/bin/dbmigration\0controller\0"))
        #expect(!ControllerProcess.isController("/bin/dbmigration\0worker\0copy\0"))
        #expect(ControllerProcess.kibibytes("VmRSS", in: "VmHWM:\t  45000 kB\nVmRSS:\t  41984 kB\n") == 41984)
    }
}
