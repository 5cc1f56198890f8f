import Testing

@testable import MigrationCore

@Suite("Going back, and moving on, while the source is away")
struct SourceAwayTests {
    /// On the way back from a rollout that failed, the target closed and the source not opened yet.
    private static func behindClosedTarget() -> Dialogue {
        var talk = RollbackTests.switching(rollout: .failed("ProgressDeadlineExceeded"))
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2))
        return talk
    }

    @Test("the target stays open until the source can be seen")
    func sourceAway() {
        var talk = RollbackTests.switching(rollout: .failed("ProgressDeadlineExceeded"))
        talk.expect(enters: .rollingBack)
        let source = talk.seen.source
        talk.seen.source = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 3600)
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining == nil, "the applications can write, so nothing is to be done by hand")
        talk.seen.source = source
        RollbackTests.expectsWayBack(&talk)
    }

    @Test("a source that goes away behind the closed target costs the write pause, and then the applications have the target again")
    func deserted() {
        var talk = Self.behindClosedTarget()
        let source = talk.seen.source
        talk.seen.source = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 59)
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 1)
        let decision = talk.ask()
        #expect(decision.notices.contains { $0.note.contains("connection refused") && $0.note.contains("Nothing was lost") })
        #expect(talk.phase == .switching)
        talk.expect(.openTarget(epoch: 2))
        talk.seen.target = .value(.open(3))
        talk.expect(enters: .soaking)
        // The record of the switch counts for going back once more.
        talk.seen.source = source
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        RollbackTests.expectsWayBack(&talk, targetEpoch: 3)
    }

    @Test("asked to go back by the user, it does not close the target again before the source answers")
    func desertedOnRequest() {
        var talk = RollbackTests.switching(rollout: .complete)
        talk.ask()
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2))
        talk.seen.source = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 60)
        talk.expect(enters: .switching)
        talk.expect(.openTarget(epoch: 2))
        talk.seen.target = .value(.open(3))
        for _ in 0..<20 {
            #expect(talk.ask().actions == [])
            talk.pass(seconds: 10)
        }
        #expect(talk.record?.firstClientWriteAt == nil)
    }

    @Test("whoever was told to open the source by hand may have done so unseen: the target stays closed from then on")
    func opensByHand() {
        var talk = Self.behindClosedTarget()
        talk.seen.source = .unknown("connection refused")
        talk.seen.target = .unknown("connection refused")
        talk.pass(seconds: 120)
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining?.isEmpty == false)
        talk.seen.target = .value(.closed(2))
        for _ in 0..<10 {
            talk.pass(seconds: 600)
            talk.expectWait(.observationFailed)
        }
    }

    @Test("a source that was opened by hand is where the applications go, whatever the target took, and no target is opened unseen behind it")
    func openedByHand() {
        var talk = RollbackTests.switching(rollout: .failed("ProgressDeadlineExceeded"))
        talk.expect(enters: .rollingBack)
        talk.seen.target = .unknown("connection refused")
        talk.pass(seconds: 3600)
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining?.first?.hasPrefix("First") == true, "the target is shut by its limit, which it does not show")
        talk.seen.target = .value(.open(1, wrote: true))
        talk.seen.source = .value(.open(0))
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2, wrote: true))
        let source = talk.seen.source
        talk.seen.source = .unknown("connection refused")
        talk.pass(seconds: 3600)
        talk.expectWait(.observationFailed)
        talk.seen.source = source
        talk.expect(.openSource(epoch: 0))
    }

    @Test("while the target is about to be opened again, nobody is told to open the source by hand")
    func notByHand() {
        var talk = RollbackTests.switching(rollout: .failed("ProgressDeadlineExceeded"), plan: .example(pauseSeconds: 600))
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2))
        talk.seen.source = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 599)
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining == nil)
        talk.pass(seconds: 1)
        talk.expect(enters: .switching)
    }

    @Test("a source whose opening was decided may be open, so that nothing but seeing it ends the wait")
    func mayBeOpen() {
        var talk = Self.behindClosedTarget()
        talk.expect(.openSource(epoch: 2))
        talk.seen.source = .unknown("connection reset")
        for _ in 0..<10 {
            talk.pass(seconds: 600)
            talk.expectWait(.observationFailed)
        }
        #expect(talk.record?.remaining?.isEmpty == false)
    }

    @Test("a target that is not known to have been opened is not opened without a look at the source")
    func neverOpened() {
        var talk = Dialogue.reached(.switching)
        talk.expect(.openTarget(epoch: 0))
        talk.seen.source = .unknown("connection refused")
        talk.pass(seconds: 3600)
        talk.expectWait(.observationFailed)
    }

    @Test("behind an open target the applications move without the source")
    func sourceDiesInSwitching() {
        var talk = RollbackTests.switching(rollout: .progressing("0 of 2"))
        talk.seen.secrets = .value(.source)
        talk.seen.source = .unknown("connection refused")
        talk.expect(.pointSecrets(.target))
        talk.seen.secrets = .value(.target)
        talk.expectWait(.progressing)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(enters: .soaking)
    }

    @Test(
        "a change of mind before the target is closed calls a rollback off: another goal, or the deletion of the migration", arguments: [false, true])
    func calledOff(isDeleted: Bool) {
        var talk = Dialogue.reached(.promoted)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.seen.source = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        if isDeleted { talk.intent.isDeleted = true } else { talk.intent.goal = .promoted }
        talk.expect(enters: .switching)
        talk.expect(enters: .soaking)
        if isDeleted {
            talk.expect(.releaseFinalizer)
        } else {
            talk.probe(.ok)
            talk.expectWait(.soaking)
        }
    }

    @Test("failing health is no matter of the goal: what it asks for goes on waiting")
    func notCalledOff() {
        var talk = RollbackTests.switching(rollout: .failed("ProgressDeadlineExceeded"))
        talk.expect(enters: .rollingBack)
        talk.seen.source = .unknown("connection refused")
        talk.intent.goal = .completed
        talk.expectWait(.observationFailed)
    }
}
