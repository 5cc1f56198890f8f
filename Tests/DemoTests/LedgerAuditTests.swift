import DemoStory
import Testing

@Suite("The audit of the ledgers")
struct LedgerAuditTests {
    typealias Line = LedgerAudit.Line

    @Test("confirmed entries that are there once are in order")
    func inOrder() {
        let audit = LedgerAudit(acknowledged: ["a": [1, 2], "b": [1]], rows: [Line("a", 1): 1, Line("a", 2): 1, Line("b", 1): 1])
        #expect(audit.acknowledged == 3)
        #expect(audit.lost.isEmpty && audit.duplicated.isEmpty)
        #expect(audit.unknown == 0)
    }

    @Test("a confirmed entry that is missing is lost, also when another client has the number")
    func lost() {
        let audit = LedgerAudit(acknowledged: ["a": [1, 2]], rows: [Line("a", 1): 1, Line("b", 2): 1])
        #expect(audit.lost == [Line("a", 2)])
        #expect(audit.unknown == 1)
    }

    @Test("every further row of an entry is a duplicate, confirmed or not")
    func duplicated() {
        let audit = LedgerAudit(acknowledged: ["a": [1]], rows: [Line("a", 1): 3, Line("a", 2): 2])
        #expect(audit.duplicated == [Line("a", 1), Line("a", 1), Line("a", 2)])
        #expect(audit.unknown == 1)
    }

    @Test("psql's lines are read; anything else is refused")
    func rows() throws {
        #expect(try LedgerAudit.rows(["mys-chain-user-1|7|1", "x|8|2"]) == [Line("mys-chain-user-1", 7): 1, Line("x", 8): 2])
        #expect(throws: DemoError.self) { try LedgerAudit.rows(["x|seven|1"]) }
        #expect(throws: DemoError.self) { try LedgerAudit.rows(["x|7"]) }
    }
}

extension LedgerAudit.Line {
    fileprivate init(_ client: String, _ number: Int64) { self.init(client: client, number: number) }
}
