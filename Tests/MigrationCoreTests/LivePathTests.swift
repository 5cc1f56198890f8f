import Testing

@testable import MigrationCore

extension ReplicationState {
    /// One lane, for the example plan.
    static func lane(
        _ stage: LaneState.Stage, confirmed: UInt64 = 0, lag: Int64? = 0, retained: Int64 = 0, loss: String? = nil, trouble: String? = nil,
        sequences: Int64? = nil, drift: String? = nil
    ) -> ReplicationState {
        let lane = LaneState(
            database: "ledger", stage: stage, isStreaming: stage == .running && trouble == nil, confirmed: .init(bytes: confirmed), lagBytes: lag,
            retainedBytes: retained, loss: loss, trouble: trouble)
        return ReplicationState(lanes: [lane], sequencesEpoch: sequences, drift: drift)
    }
}

@Suite("The plain path of the Live mode")
struct LivePathTests {
    static let plan = Plan.example(mode: .live)

    /// A dialogue that begins in `phase` with lanes as they are there.
    static func reached(_ phase: Phase, plan: Plan = plan) -> Dialogue {
        var talk = Dialogue.reached(phase, plan: plan)
        let isOpen: Set<Phase> = [.copying, .replicating, .verifying, .awaitingCutover]
        if isOpen.contains(phase) {
            talk.record?.fence = nil
            talk.record?.frozen = nil
            talk.seen.source = .value(.open(0))
        }
        if phase == .draining { talk.seen.source = .value(.closed(1)) }
        let hasCopy: Set<Phase> = [.replicating, .verifying, .awaitingCutover, .fencing, .draining]
        talk.seen.forward = .value(.lane(hasCopy.contains(phase) ? .running : .absent))
        let hasWayBack: Set<Phase> = [.fencing, .draining, .switching, .soaking, .promoted, .rollingBack]
        talk.seen.reverse = .value(
            .lane(hasWayBack.contains(phase) ? ([.soaking, .promoted, .rollingBack].contains(phase) ? .running : .connected) : .absent))
        if phase == .switching { talk.seen.forward = .value(.lane(.running)) }
        return talk
    }

    @Test("copies behind no fence, catches up and verifies")
    func copies() {
        var talk = Self.reached(.copying)
        talk.record?.jobs[.copy] = 3
        talk.expect(.runJob(.copy, number: 3, sourceEpoch: 3))
        talk.seen.job = .value(.running("1 of 2 databases"))
        talk.expect(.keepSnapshots)
        talk.seen.job = .value(.succeeded("copied"))
        talk.seen.forward = .value(.lane(.slotted))
        talk.expect(.connectLanes(.forward, epoch: 0))
        talk.seen.forward = .value(.lane(.running, lag: 5_000_000))
        talk.expect(enters: .replicating)
        #expect(talk.record?.milestones.contains(.copied) == true)
        talk.expectWait(.catchingUp)
        talk.seen.forward = .value(.lane(.running, lag: 1_048_576))
        talk.expect(enters: .verifying)
        talk.seen.job = .value(.absent)
        talk.expect(.runJob(.verify, number: 1, sourceEpoch: 3))
        talk.seen.job = .value(.succeeded("equal"))
        talk.expect(enters: .awaitingCutover)
    }

    @Test("makes the way back before the fence, drains, sets the sequences, turns the lanes, and connects the way back")
    func cutsOver() {
        var talk = Self.reached(.awaitingCutover)
        talk.expect(.prepareLanes(.reverse, epoch: 0))
        talk.seen.reverse = .value(.lane(.connected))
        talk.expect(enters: .fencing)
        talk.expect(.closeSource(epoch: 0))
        talk.seen.source = .value(.init(fence: .closed, epoch: 1, closedAt: start, position: .init(bytes: 900)))
        talk.expect(enters: .draining)
        talk.seen.forward = .value(.lane(.running, confirmed: 899))
        let drain = Action.drainLanes(.forward, to: .init(bytes: 900), epoch: 1, publisherEpoch: 1)
        talk.expect(drain)
        #expect(talk.record?.fence?.position == .init(bytes: 900))
        talk.seen.source = .value(.init(fence: .closed, epoch: 1, closedAt: start, position: .init(bytes: 5000)))
        talk.seen.forward = .value(.lane(.running, confirmed: 900))
        talk.expect(drain)
        talk.seen.forward = .value(.lane(.running, confirmed: 900, sequences: 1))
        talk.expect(enters: .switching)
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.seen.source = .value(.closed(2))
        talk.expect(.disconnectLanes(.forward, epoch: 2))
        talk.seen.forward = .value(.lane(.connected))
        talk.expect(.openTarget(epoch: 0))
        talk.seen.target = .value(.open(1))
        talk.expect(.pointSecrets(.target))
        talk.seen.secrets = .value(.target)
        talk.expect(.restartWorkloads(tag: Dialogue.forward))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .progressing("1 of 2")))
        talk.expect(.connectLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.running))
        talk.expectWait(.progressing)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(enters: .soaking)
        talk.expect(.removeLanes(.forward, epoch: 2))
    }

    @Test("in the write pause a phase that is through costs no visit of its own, and the timeline still tells of it")
    func onward() {
        var talk = Self.reached(.fencing)
        talk.seen.source = .value(.init(fence: .closed, epoch: 1, closedAt: start, position: .init(bytes: 900)))
        talk.seen.forward = .value(.lane(.running, confirmed: 900))
        let fenced = decideOnward(talk.desired, uid: "u", record: talk.record, observation: talk.seen, now: talk.now)
        #expect(fenced.actions == [.drainLanes(.forward, to: .init(bytes: 900), epoch: 1, publisherEpoch: 1)])
        #expect(fenced.record.phase == .draining)
        #expect(fenced.record.fence?.closedAt == start)
        #expect(fenced.notices.map(\.reason) == [.succeeded])

        talk.record = fenced.record
        talk.seen.forward = .value(.lane(.running, confirmed: 900, sequences: 1))
        talk.seen.secrets = .unknown(Observation.notAsked)
        talk.seen.workloads = .unknown(Observation.notAsked)
        let drained = decideOnward(talk.desired, uid: "u", record: talk.record, observation: talk.seen, now: talk.now)
        #expect(drained.actions == [.sealSource(epoch: 1), .openTarget(epoch: 0)])
        #expect(drained.record.timeline.suffix(3).map(\.phase) == [.fencing, .draining, .switching])
        #expect(drained.record.timeline.dropLast().allSatisfy { $0.finishedAt != nil })
    }

    @Test("goes back with writes taken on the target, carries them back, and keeps lanes for the next attempt, which copies nothing")
    func goesBack() {
        var talk = Self.reached(.soaking)
        talk.seen.target = .value(.open(1, wrote: true))
        talk.ask()
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(
            .init(isPrepared: true, fence: .closed, epoch: 2, tookClientWrite: true, firstClientWriteAt: start, position: .init(bytes: 70)))
        talk.seen.reverse = .value(.lane(.running, confirmed: 60))
        let drain = Action.drainLanes(.reverse, to: .init(bytes: 70), epoch: 2, publisherEpoch: 2)
        talk.expect(drain)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70))
        talk.expect(drain)
        talk.seen.reverse = .value(.lane(.running, confirmed: 70, sequences: 2))
        talk.expect(.removeLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.absent))
        talk.expect(.prepareLanes(.forward, epoch: 2))
        talk.seen.forward = .value(.lane(.connected))
        talk.expect(.openSource(epoch: 2))
        talk.seen.source = .value(.open(3))
        talk.expect(.pointSecrets(.source))
        talk.seen.secrets = .value(.source)
        talk.expect(.restartWorkloads(tag: Dialogue.back))
        talk.seen.workloads = .value(.init(tag: Dialogue.back, rollout: .complete))
        talk.expect(.connectLanes(.forward, epoch: 3))
        talk.seen.forward = .value(.lane(.running))
        talk.expect(enters: .rolledBack)
        talk.intent.goal = .promoted
        talk.intent.attempt = 2
        talk.expect(enters: .pending)
        talk.expect(enters: .preflight)
        talk.expect(enters: .provisioning)
        talk.expect(enters: .copying)
        talk.expect(enters: .replicating)
    }

    @Test("lanes kept at rest go when the next attempt could not use them")
    func uselessAtRest() {
        var talk = Self.reached(.replicating)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.expect(enters: .rolledBack)
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not at rest") }
        talk.seen.forward = .value(.lane(.running, loss: "the slot cannot be decoded"))
        let decision = talk.ask()
        #expect(decision.actions == [.removeLanes(.forward, epoch: 0)])
        #expect(decision.notices.map(\.reason) == [.laneLost])
        talk.seen.forward = .value(.lane(.absent))
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not at rest again") }
    }

    @Test("a failed probe goes back by itself although the target took writes, as long as the way back carries them")
    func automatic() {
        var talk = Self.reached(.soaking, plan: .example(mode: .live, failureLimit: 1))
        talk.seen.target = .value(.open(1, wrote: true))
        talk.probe(.failed)
        talk.seen.reverse = .value(.lane(.running, trouble: "the worker ends with errors"))
        talk.expectWait(.reverseLaneBroken)
        talk.pass(seconds: 10)
        talk.seen.reverse = .unknown("timeout")
        talk.expectWait(.reverseLaneBroken)
        talk.pass(seconds: 10)
        talk.seen.reverse = .value(.lane(.running))
        talk.expect(enters: .rollingBack)
    }

    @Test("a way back that breaks during the rollback refuses it: the target opens again, unless the loss is accepted by its name")
    func brokenOnTheWay() {
        var talk = Self.reached(.rollingBack)
        talk.record?.firstClientWriteAt = start
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        talk.seen.target = .value(.init(isPrepared: true, fence: .closed, epoch: 2, tookClientWrite: true, position: .init(bytes: 70)))
        talk.seen.source = .value(.closed(2))
        talk.seen.reverse = .value(.lane(.running, loss: "slot lost"))
        talk.expectWait(.laneBroken)
        talk.pass(seconds: 60)
        talk.expect(enters: .switching)
        talk.intent.goal = .rolledBack
        talk.seen.secrets = .value(.target)
        talk.expect(.openTarget(epoch: 2))
        talk.intent.acceptedLoss = Reason.reverseLaneLost.rawValue
        talk.expect(enters: .rollingBack)
        talk.seen.target = .value(.init(isPrepared: true, fence: .closed, epoch: 4, tookClientWrite: true, position: .init(bytes: 90)))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 0), epoch: 2, publisherEpoch: 4))
        talk.seen.reverse = .value(.lane(.running, loss: "slot lost", sequences: 4))
        talk.expect(.removeLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.absent, sequences: 4))
        talk.expect(.openSource(epoch: 2))
    }

    @Test("time that passes before the target is closed, as when the API server is away, is not taken from the way back")
    func lateClosing() {
        var talk = Self.reached(.rollingBack)
        talk.record?.firstClientWriteAt = start
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        talk.pass(seconds: 600)
        talk.seen.target = .value(.init(isPrepared: true, fence: .closed, epoch: 2, tookClientWrite: true, position: .init(bytes: 70)))
        talk.seen.source = .value(.closed(2))
        talk.seen.forward = .value(.lane(.absent))
        talk.seen.reverse = .value(.lane(.running, confirmed: 60))
        talk.expect(.drainLanes(.reverse, to: .init(bytes: 70), epoch: 2, publisherEpoch: 2))
        talk.seen.reverse = .value(.lane(.running, confirmed: 70, sequences: 2))
        talk.expect(.removeLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.absent))
        talk.expect(.prepareLanes(.forward, epoch: 2))
    }

    @Test("lanes that lost changes are removed and everything is copied again", arguments: [Phase.replicating, .verifying, .awaitingCutover])
    func lost(phase: Phase) {
        var talk = Self.reached(phase)
        talk.seen.forward = .value(.lane(.running, loss: "slot invalidated"))
        if phase != .replicating { talk.expect(enters: .replicating) }
        talk.expect(.removeLanes(.forward, epoch: 0))
        talk.seen.forward = .value(.lane(.absent))
        talk.expect(enters: .copying)
    }

    @Test(
        "Jobs that lasted are followed by others for as long as it takes; three that fail at once end the copy",
        arguments: [Phase.copying, .verifying])
    func lasting(phase: Phase) {
        var talk = Self.reached(phase)
        let step: WorkerStep = phase == .copying ? .copy : .verify
        func fail(_ number: Int) {
            talk.seen.job = .value(.failed(reason: .workerLost, message: "evicted", mayRetry: true))
            #expect(talk.ask().actions == [])
            talk.seen.job = .value(.absent)
            talk.expect(.runJob(step, number: number, sourceEpoch: step == .copy ? Int64(number) : 1))
        }
        for number in 2...6 {
            talk.pass(seconds: 600)
            fail(number)
        }
        for number in 7...8 { fail(number) }
        talk.seen.job = .value(.failed(reason: .workerLost, message: "evicted", mayRetry: true))
        talk.ask()
        #expect(phase == .copying ? talk.record?.dropped?.reason == .workerLost : talk.record?.failure?.reason == .workerLost)
    }

    @Test("lanes that fill the source's disk are dropped, and a person decides", arguments: [Phase.copying, .replicating, .verifying])
    func retained(phase: Phase) {
        var talk = Self.reached(phase)
        talk.seen.forward = .value(.lane(.running, retained: 20_481 << 20))
        talk.expect(.removeLanes(.forward, epoch: 0))
        talk.seen.forward = .value(.lane(.absent))
        talk.expect(enters: .failed)
        talk.expectStalled(.retainedWALExceeded)
    }

    @Test("a cutover that does not drain in its budget is undone; the lanes go on, the way back goes")
    func undone() {
        var talk = Self.reached(.draining)
        talk.seen.source = .value(.init(fence: .closed, epoch: 1, closedAt: start, position: .init(bytes: 900)))
        talk.expect(.drainLanes(.forward, to: .init(bytes: 900), epoch: 1, publisherEpoch: 1))
        talk.pass(seconds: 60)
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .awaitingCutover)
        talk.expect(.removeLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.absent))
        guard case .awaitingApproval = talk.ask().standing else { return #expect(Bool(false), "not held") }
        talk.intent.attempt = 2
        talk.expect(.prepareLanes(.reverse, epoch: 2))
    }

    @Test("sides that differ behind the fence undo the cutover; the copy is given up")
    func differs() {
        var talk = Self.reached(.draining)
        talk.seen.source = .value(.init(fence: .closed, epoch: 1, closedAt: start, position: .init(bytes: 900)))
        var forward = ReplicationState.lane(.running, confirmed: 900, sequences: 1)
        forward.mismatch = "ledger: public.ledger: 10 rows on the source, 9 on the target"
        talk.seen.forward = .value(forward)
        talk.ask()
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .awaitingCutover)
        talk.expect(enters: .replicating)
        talk.expect(.removeLanes(.forward, epoch: 2))
        talk.seen.forward = .value(.lane(.absent))
        talk.expect(enters: .failed)
        talk.expectStalled(.verificationMismatch)
    }

    @Test("never begins without a way back, or too far behind")
    func gates() {
        var talk = Self.reached(.awaitingCutover)
        talk.seen.reverse = .value(.lane(.connected))
        talk.seen.forward = .value(.lane(.running, lag: 1_048_577))
        talk.expectWait(.catchingUp)
        talk.seen.forward = .value(.lane(.running, trouble: "apply fails"))
        talk.expectWait(.laneBroken)
        talk.seen.forward = .value(.lane(.running))
        talk.seen.reverse = .value(.lane(.connected, loss: "slot lost"))
        talk.expect(.removeLanes(.reverse, epoch: 0))
    }

    @Test("the target never opens while the forward lanes run or the way back is missing")
    func turns() {
        var talk = Self.reached(.switching)
        talk.seen.reverse = .value(.lane(.absent))
        talk.expect(.disconnectLanes(.forward, epoch: 2))
        talk.seen.forward = .value(.lane(.connected))
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.cause.reason == .laneLost)
    }
}
