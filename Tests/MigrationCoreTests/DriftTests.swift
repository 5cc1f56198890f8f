import Testing

@testable import MigrationCore

@Suite("Tables that changed on one side")
struct DriftTests {
    private static let drift = "ledger: public.ledger has column note text on the source only"
    private let drifted = Fact.value(ReplicationState.lane(.running, drift: drift))

    @Test("no cutover begins, whatever else the lanes say, until they are alike again")
    func waits() {
        var talk = LivePathTests.reached(.replicating)
        talk.seen.forward = drifted
        talk.expectWait(.schemaDrift)
        talk.seen.forward = .value(.lane(.running, trouble: "the worker ends with errors", drift: Self.drift))
        talk.expectWait(.schemaDrift)
        talk.seen.forward = .value(.lane(.running))
        talk.expect(enters: .verifying)

        talk = LivePathTests.reached(.awaitingCutover)
        talk.seen.reverse = .value(.lane(.connected))
        talk.seen.forward = drifted
        talk.expectWait(.schemaDrift)
        talk.seen.forward = .value(.lane(.running))
        talk.expect(enters: .fencing)
    }

    @Test("without a cutover to come it is no reason to leave the rest")
    func rests() {
        var talk = LivePathTests.reached(.awaitingCutover)
        talk.intent.goal = .ready
        talk.seen.forward = drifted
        guard case .goalReached = talk.ask().standing else {
            Issue.record("not at rest")
            return
        }
        #expect(talk.phase == .awaitingCutover)
    }

    @Test("a comparison that failed meanwhile proves nothing: the lanes stay, and it is made again")
    func verifying() {
        for job in [JobState.running("1 of 2"), .failed(reason: .verificationMismatch, message: "the table lacks a column", mayRetry: false)] {
            var talk = LivePathTests.reached(.verifying)
            talk.seen.job = .value(job)
            talk.seen.forward = drifted
            talk.expect(enters: .replicating)
            #expect(talk.record?.dropped == nil)
            talk.expectWait(.schemaDrift)
            talk.seen.forward = .value(.lane(.running))
            talk.expect(enters: .verifying)
            talk.seen.job = .value(.absent)
            talk.expect(.runJob(.verify, number: 2, sourceEpoch: 1))
        }
    }

    @Test("lanes that lost changes, or keep too much log, are not kept for it")
    func lossFirst() {
        var talk = LivePathTests.reached(.replicating)
        talk.seen.forward = .value(.lane(.running, loss: "slot lost", drift: Self.drift))
        talk.expect(.removeLanes(.forward, epoch: 0))
        talk = LivePathTests.reached(.replicating)
        talk.seen.forward = .value(.lane(.running, retained: 1 << 50, drift: Self.drift))
        talk.expect(.removeLanes(.forward, epoch: 0))
    }

    @Test("after the switch nothing goes back by itself, and a person names what may be lost")
    func wayBack() {
        var talk = LivePathTests.reached(.soaking, plan: .example(mode: .live, failureLimit: 1))
        talk.seen.target = .value(.open(1, wrote: true))
        talk.seen.reverse = .value(.lane(.running, drift: "ledger: public.ledger has column note text on the target only"))
        talk.probe(.failed)
        talk.expectWait(.reverseSchemaDrift)
        talk.intent.goal = .rolledBack
        talk.ask()
        #expect(talk.phase == .soaking)
        talk.intent.acceptedLoss = "ReverseSchemaDrift"
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.acceptsLoss == true)
    }
}
