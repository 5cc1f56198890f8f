import Testing

@testable import MigrationCore

@Suite("The way back: when the target is closed for it, and what is carried")
struct WayBackTests {
    /// More than `maxLagBytes`.
    private static let far = ReplicationState.lane(.running, confirmed: 10, lag: 5_000_000)

    /// In `phase`, with writes on the target, which the source is far behind of.
    private static func farBehind(_ phase: Phase, automatic: Bool = true) -> Dialogue {
        var talk = LivePathTests.reached(phase, plan: .example(mode: .live, failureLimit: 1, automaticRollback: automatic))
        if phase == .promoted { talk.record?.milestones.insert(.promoted) }
        talk.seen.target = .value(.open(1, wrote: true))
        talk.seen.reverse = .value(far)
        return talk
    }

    /// The target closed at `epoch`, with everything before `position` to be carried back.
    private static func close(_ talk: inout Dialogue, epoch: Int64, position: UInt64) {
        talk.seen.target = .value(.init(isPrepared: true, fence: .closed, epoch: epoch, tookClientWrite: true, position: .init(bytes: position)))
    }

    @Test("one asked for waits until the source is close behind, while the applications go on", arguments: [Phase.soaking, .promoted])
    func asksForSmallLag(phase: Phase) {
        var talk = Self.farBehind(phase)
        talk.intent.goal = .rolledBack
        for _ in 0..<3 {
            talk.expectWait(.catchingUp)
            talk.pass(seconds: 600)
        }
        talk.seen.reverse = .value(.lane(.running, lag: nil))
        talk.expectWait(.catchingUp)
        talk.seen.reverse = .value(.lane(.running, lag: 1_048_576))
        talk.expect(enters: .rollingBack)
    }

    @Test("no way back begins while the source is away: neither one that is asked for, nor one for failing health, however long that lasts")
    func sourceAway() {
        for isAsked in [true, false] {
            var talk = Self.farBehind(.soaking)
            talk.seen.forward = .value(.lane(.absent))
            let source = talk.seen.source
            talk.seen.source = .unknown("connection refused")
            if isAsked { talk.intent.goal = .rolledBack }
            for _ in 0..<3 {
                if !isAsked { talk.probe(.failed) }
                talk.expectWait(.catchingUp)
                talk.pass(seconds: 600)
            }
            talk.seen.source = source
            talk.seen.reverse = .value(.lane(.running, lag: 0))
            talk.expect(enters: .rollingBack)
        }
    }

    @Test("a limit raised in the spec counts at once, frozen as the plan is")
    func raisedLimit() {
        var talk = Self.farBehind(.promoted)
        talk.intent.goal = .rolledBack
        talk.expectWait(.catchingUp)
        talk.plan.cutover.maxLagBytes = 5_000_000
        talk.expect(enters: .rollingBack)
    }

    @Test("without a write to carry back, or with a loss accepted that waiting does not mend, nothing is waited for")
    func nothingToCarry() {
        var talk = Self.farBehind(.soaking)
        talk.seen.target = .value(.open(1))
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)

        talk = Self.farBehind(.soaking)
        talk.seen.reverse = .value(.lane(.running, lag: 5_000_000, trouble: "apply fails"))
        talk.intent = Intent(goal: .rolledBack, acceptedLoss: "ReverseLaneBroken")
        talk.expect(enters: .rollingBack)
    }

    @Test("a write found only now is weighed before the target is closed, not behind its closed fence")
    func writeFoundNow() {
        var talk = Dialogue.reached(.soaking)
        talk.seen.target = .value(.open(1, wrote: true))
        talk.intent.goal = .rolledBack
        guard case .awaitingApproval = talk.ask().standing else {
            Issue.record("not refused")
            return
        }
        #expect(talk.phase == .soaking)
    }

    @Test("failing health waits as long as a write pause may last, then closes the target all the same")
    func unhealthy() {
        var talk = Self.farBehind(.soaking)
        talk.probe(.failed)
        talk.expectWait(.catchingUp)
        talk.pass(seconds: 59)
        talk.expectWait(.catchingUp)
        talk.pass(seconds: 1)
        talk.expect(enters: .rollingBack)
    }

    @Test("health that recovers and fails again is waited for anew")
    func recovers() {
        var talk = Self.farBehind(.soaking)
        talk.probe(.failed)
        talk.expectWait(.catchingUp)
        talk.pass(seconds: 50)
        talk.probe(.ok)
        talk.expectWait(.soaking)
        talk.pass(seconds: 10)
        talk.probe(.failed)
        talk.expectWait(.catchingUp)
        talk.seen.reverse = .value(.lane(.running))
        talk.expect(enters: .rollingBack)
    }

    /// A pause spent in vain: the target is open again, in Soaking.
    private static func triedInVain(_ talk: inout Dialogue) {
        talk.expect(.closeTarget(epoch: 1))
        close(&talk, epoch: 2, position: 70)
        talk.seen.reverse = .value(.lane(.running, confirmed: 60))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 70), epoch: 2, publisherEpoch: 2))
        talk.pass(seconds: 60)
        let decision = talk.ask()
        #expect(talk.phase == .switching)
        #expect(decision.notices.map(\.reason) == [.pauseBudgetExceeded])
        #expect(decision.notices.first?.note.contains("Nothing was lost") == true)
        talk.expect(.openTarget(epoch: 2))
        talk.seen.target = .value(.open(3, wrote: true))
        talk.expect(enters: .soaking)
    }

    @Test("a pause spent in vain is not followed by the next before the source has what it waited for, however small the lag looks")
    func inVain() {
        var talk = Self.farBehind(.promoted)
        talk.seen.reverse = .value(.lane(.running))
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        Self.triedInVain(&talk)
        for _ in 0..<10 {
            talk.expectWait(.catchingUp)
            talk.pass(seconds: 60)
        }
        talk.seen.reverse = .value(.lane(.running, confirmed: 70, lag: 5_000_000))
        talk.expectWait(.catchingUp)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 3))
        #expect(talk.record?.unreached == nil)
    }

    @Test("asked for while the target is being opened again, the next one waits for that too")
    func opensFirst() {
        var talk = Self.farBehind(.soaking)
        talk.intent.goal = .rolledBack
        talk.seen.reverse = .value(.lane(.running))
        talk.expect(enters: .rollingBack)
        Self.close(&talk, epoch: 2, position: 70)
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 70), epoch: 2, publisherEpoch: 2))
        talk.pass(seconds: 60)
        talk.expect(enters: .switching)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(.openTarget(epoch: 2))
        talk.seen.target = .value(.open(3, wrote: true))
        talk.expect(enters: .rollingBack)
    }

    @Test("failing health has one pause spent in vain, not one after the other")
    func unhealthyInVain() {
        var talk = Self.farBehind(.soaking)
        talk.probe(.failed)
        talk.expectWait(.catchingUp)
        talk.pass(seconds: 60)
        talk.expect(enters: .rollingBack)
        Self.triedInVain(&talk)
        for _ in 0..<10 {
            talk.expectWait(.catchingUp)
            talk.pass(seconds: 60)
        }
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(enters: .rollingBack)
    }

    @Test("a rollout that failed goes back at once, and after a pause spent in vain goes on in Soaking")
    func failedRollout() {
        var talk = Self.farBehind(.switching)
        talk.record?.targetEpoch = 0
        talk.seen.forward = .value(.lane(.absent))
        talk.seen.secrets = .value(.target)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .failed("CrashLoopBackOff")))
        talk.expect(enters: .rollingBack)
        Self.triedInVain(&talk)
        talk.expectWait(.probeInconclusive)
    }

    @Test("sequences that cannot be set cost no more than the pause either")
    func sequencesFail() {
        var talk = Self.farBehind(.soaking)
        talk.seen.reverse = .value(.lane(.running))
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        Self.close(&talk, epoch: 2, position: 70)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 70), epoch: 2, publisherEpoch: 2))
        talk.pass(seconds: 60)
        talk.expect(enters: .switching)
    }

    // MARK: A loss that was accepted

    /// RollingBack with a loss accepted and the target closed.
    private static func accepted(_ reverse: ReplicationState) -> Dialogue {
        var talk = LivePathTests.reached(.rollingBack)
        talk.record?.firstClientWriteAt = start
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: true)
        close(&talk, epoch: 2, position: 70)
        talk.seen.source = .value(.closed(2))
        talk.seen.reverse = .value(reverse)
        return talk
    }

    @Test("tables that changed: it waits for a small lag, and what the lanes still carry is carried, sequences included")
    func drift() {
        var talk = Self.farBehind(.promoted)
        var drifted = Self.far
        drifted.drift = "a column"
        talk.seen.reverse = .value(drifted)
        talk.intent = Intent(goal: .rolledBack, acceptedLoss: "ReverseSchemaDrift")
        talk.expectWait(.catchingUp)
        talk.seen.reverse = .value(.lane(.running, drift: "a column"))
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        Self.close(&talk, epoch: 2, position: 70)
        talk.seen.reverse = .value(.lane(.running, confirmed: 60))
        talk.expectWait(.draining)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 0), epoch: 2, publisherEpoch: 2))
        talk.seen.reverse = .value(.lane(.running, confirmed: 70, sequences: 2))
        talk.expect(.removeLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.absent, sequences: 2))
        talk.expect(.openSource(epoch: 2))
    }

    @Test("a lane that does not get on has half the pause, the sequences have the rest, and then it goes on")
    func bounded() {
        var talk = Self.accepted(.lane(.running, confirmed: 60, trouble: "apply fails"))
        talk.expectWait(.draining)
        talk.pass(seconds: 29)
        talk.expectWait(.draining)
        talk.pass(seconds: 1)
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 0), epoch: 2, publisherEpoch: 2))
        talk.pass(seconds: 30)
        talk.expect(.removeLanes(.reverse, epoch: 2))
    }

    @Test("a lost lane is not waited for; another one beside it is")
    func oneOfTwo() {
        var lanes = ReplicationState.lane(.running, confirmed: 70, loss: "slot lost")
        lanes.lanes.append(LaneState(database: "ledger", number: 2, stage: .running, isStreaming: true, confirmed: .init(bytes: 60)))
        var talk = Self.accepted(lanes)
        talk.expectWait(.draining)
        lanes.lanes[1].confirmed = .init(bytes: 70)
        talk.seen.reverse = .value(lanes)
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 0), epoch: 2, publisherEpoch: 2))
        lanes.sequencesEpoch = 2
        talk.seen.reverse = .value(lanes)
        talk.expect(.removeLanes(.reverse, epoch: 2))

        talk = Self.accepted(.lane(.running, confirmed: 60, loss: "slot lost"))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 0), epoch: 2, publisherEpoch: 2))
    }

    @Test("lanes that were never connected are, and carry")
    func connects() {
        var talk = Self.accepted(.lane(.connected))
        talk.expect(.connectLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.running, confirmed: 60))
        talk.expectWait(.draining)
    }
}
