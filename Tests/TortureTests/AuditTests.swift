import MigrationCore
import Testing

@testable import Torture

@Suite("The judgement of torture runs")
struct AuditTests {
    private func attempt(
        _ number: String, _ outcome: Attempt.Outcome = .acknowledged, on side: Side = .source,
        _ began: Int64 = 0, _ ended: Int64 = 0
    ) -> Attempt {
        Attempt(
            number: number, kind: "insert", side: side, outcome: outcome, began: began, ended: ended)
    }

    @Test("an acknowledged number has to be there, once")
    func lostAndDoubled() {
        let audit = LedgerAudit(
            attempts: [attempt("a"), attempt("b"), attempt("c")], counts: ["a": 1, "b": 2])
        #expect(audit.lost.map(\.number) == ["c"])
        #expect(audit.doubled == ["b": 2])
        #expect(audit.risen.isEmpty && audit.strangers.isEmpty)
    }

    @Test(
        "what was never answered may be there or not, what was refused may not, and what nobody sent neither"
    )
    func unanswered() {
        let sent = [
            attempt("a", .unknown), attempt("b", .unknown), attempt("c", .refused),
            attempt("d", .refused),
        ]
        let audit = LedgerAudit(attempts: sent, counts: ["a": 1, "c": 1, "z": 1])
        #expect(audit.lost.isEmpty)
        #expect(audit.risen.map(\.number) == ["c"])
        #expect(audit.strangers == ["z"])
    }

    /// `s` or `t` and the two ends of each acknowledged write.
    private func moves(_ writes: [(Side, Int64, Int64)]) -> Int {
        SideAudit.moves(
            writes.enumerated().map {
                attempt("\($0.offset)", on: $0.element.0, $0.element.1, $0.element.2)
            })
    }

    @Test("writing moves once in a switch, twice with the way back")
    func moves() {
        #expect(moves([]) == 0)
        #expect(moves([(.source, 0, 1), (.source, 2, 3)]) == 0)
        #expect(moves([(.source, 0, 1), (.target, 2, 3)]) == 1)
        #expect(moves([(.source, 0, 1), (.target, 2, 3), (.target, 4, 5), (.source, 6, 7)]) == 2)
        #expect(moves([(.source, 0, 1), (.target, 2, 3), (.source, 4, 5), (.target, 6, 7)]) == 3)
    }

    @Test("writes whose moment is not known exactly are given the benefit of the doubt")
    func overlapping() {
        // The source's write may have happened before the target's.
        #expect(moves([(.source, 0, 1), (.source, 2, 9), (.target, 5, 6), (.target, 7, 8)]) == 1)
        // Here it cannot: it was sent after the target had answered, and the target answered again.
        #expect(moves([(.source, 0, 1), (.target, 2, 3), (.source, 4, 9), (.target, 10, 11)]) == 3)
    }

    @Test(
        "more moves than switches and rollbacks mean two writable sides; unacknowledged writes prove nothing"
    )
    func unexplained() {
        let writes = [
            attempt("1", on: .source, 0, 1), attempt("2", on: .target, 2, 3),
            attempt("3", on: .source, 4, 5), attempt("4", on: .target, 6, 7),
        ]
        #expect(SideAudit.unexplained(writes, switches: 1) == 2)
        #expect(SideAudit.unexplained(writes, switches: 3) == 0)
        #expect(
            SideAudit.unexplained(
                writes.map { attempt($0.number, .unknown, on: $0.side, $0.began, $0.ended) }, switches: 0)
                == 0)
    }

    @Test("a sequence goes on where nothing was used, in its direction")
    func sequences() {
        func sequence(_ last: Int64, called: Bool = true, by increment: Int64 = 1, used: Int64?)
            -> SequenceAudit
        {
            SequenceAudit(name: "s", lastValue: last, isCalled: called, increment: increment, used: used)
        }
        #expect(sequence(7, used: 7).isBeyond)
        #expect(!sequence(7, called: false, used: 7).isBeyond)
        #expect(!sequence(6, used: 7).isBeyond)
        #expect(sequence(-8, by: -2, used: -8).isBeyond)
        #expect(!sequence(-6, by: -2, used: -8).isBeyond)
        #expect(sequence(1, called: false, used: nil).problem == nil)
    }

    @Test("a run is good only when nothing is wrong, and the last line sums up")
    func summary() {
        var total = TortureResult()
        var good = RunResult()
        var bad = RunResult()
        good.acknowledged = 10
        bad.acknowledged = 5
        bad.lost = 2
        total.add(good, seed: 1)
        total.add(bad, seed: 2)
        #expect(total.failed == [2])
        #expect(total.line.hasPrefix("torture: 2 runs · lost 2 · doubled 0 · "))
        bad = RunResult()
        bad.problems = ["torn"]
        #expect(!bad.isGood)
    }
}
