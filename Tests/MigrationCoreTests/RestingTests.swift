import Foundation
import Testing

@testable import MigrationCore

@Suite("What rests over the write pause")
struct RestingTests {
    private static let awake = RestState(isSuspended: false, isScaledToZero: false, isHeld: false)
    private static let suspended = RestState(isSuspended: true, isScaledToZero: false, isHeld: true)
    private static let asleep = RestState(isSuspended: true, isScaledToZero: true, isHeld: true)
    /// As it was, seen by a plan that would have it rest.
    private static let back = RestState(isSuspended: false, isScaledToZero: false, isHeld: false)

    private func talk(_ phase: Phase, _ rest: RestState = awake) -> Dialogue {
        var talk = Dialogue.reached(phase, plan: .example(rests: true))
        talk.seen.rest = .value(rest)
        return talk
    }

    @Test("CronJobs are suspended, Jobs waited for, replicas taken, and only then the source is fenced")
    func begins() {
        var talk = talk(.awaitingCutover)
        talk.expect(.suspendCronJobs)
        var running = Self.suspended
        running.runningJobs = "Job nightly-1"
        talk.seen.rest = .value(running)
        talk.expectWait(.jobRunning)
        talk.seen.rest = .value(Self.suspended)
        talk.expect(enters: .fencing)
        talk.expect(.scaleToZero)
        var ending = Self.asleep
        ending.runningPods = "pod web-1"
        talk.seen.rest = .value(ending)
        talk.expectWait(.progressing)
        talk.seen.rest = .value(Self.asleep)
        talk.expect(.closeSource(epoch: 0))
    }

    @Test("what cannot be seen begins nothing")
    func unknown() {
        var talk = talk(.awaitingCutover)
        talk.seen.rest = .unknown("forbidden")
        talk.expectWait(.observationFailed)
        talk.record = .reached(.fencing, plan: talk.plan)
        talk.expectWait(.observationFailed)
    }

    @Test("a Job that runs when the goal is lowered is waited for no longer, and CronJobs go on")
    func goalLowered() {
        var talk = talk(.awaitingCutover)
        talk.expect(.suspendCronJobs)
        talk.seen.rest = .value(Self.suspended)
        talk.intent.goal = .ready
        talk.expect(.resumeWorkloads)
        talk.seen.rest = .value(Self.back)
        guard case .goalReached = talk.ask().standing else { Issue.record("not at rest"); return }
        #expect(talk.record?.hasRested == nil)
    }

    @Test("a gate that closes for long lets CronJobs go on; one that passes in a moment does not")
    func gateCloses() {
        var talk = talk(.awaitingCutover)
        talk.expect(.suspendCronJobs)
        talk.seen.rest = .value(Self.suspended)
        talk.seen.source = .unknown("timeout")
        talk.expectWait(.observationFailed)
        talk.seen.source = .value(.open(0))
        talk.seen.preflight = .value([.init(reason: .longTransactions, message: "")])
        talk.expect(.resumeWorkloads)
    }

    @Test("an undone fence puts back before it tidies up, whatever undid it", arguments: [true, false])
    func undone(suspends: Bool) {
        var talk = talk(.fencing, Self.asleep)
        talk.record?.hasRested = true
        talk.seen.source = .value(.closed(1))
        talk.seen.hasJobs = .value(true)
        if suspends { talk.intent.isSuspended = true } else { talk.pass(seconds: 60) }
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .value(.open(2))
        talk.expect(.resumeWorkloads)
        talk.seen.rest = .value(Self.back)
        talk.expect(.deleteJobs)
        talk.seen.hasJobs = .value(false)
        talk.expect(enters: .awaitingCutover)
        #expect(talk.record?.hasRested == nil)
    }

    @Test("a fence undone without the API server is followed by a visit that puts back, also of a suspended migration")
    func later() {
        var talk = talk(.fencing, Self.asleep)
        talk.record?.hasRested = true
        talk.seen.source = .value(.open(2))
        talk.intent.isSuspended = true
        talk.seen.rest = .unknown("timeout")
        talk.expect(enters: .awaitingCutover)
        #expect(talk.ask().wake != nil)
        talk.seen.rest = .value(Self.asleep)
        talk.expect(.resumeWorkloads)
    }

    @Test("after the switch replicas come with the restart, and the rest once the rollout is complete")
    func switched() {
        var talk = talk(.switching, Self.asleep)
        talk.record?.hasRested = true
        talk.record?.targetEpoch = 0
        talk.seen.target = .value(.open(1))
        talk.seen.secrets = .value(.target)
        talk.expect(.restartWorkloads(tag: Dialogue.forward))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(.resumeWorkloads)
        talk.seen.rest = .value(Self.back)
        talk.expect(enters: .soaking)
    }

    @Test("a rollback puts back what the restart did not bring, before it is done")
    func rolledBack() {
        var talk = talk(.rollingBack, Self.suspended)
        talk.record?.hasRested = true
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .switching, acceptsLoss: false)
        talk.record?.targetEpoch = nil
        talk.record?.switchedAt = nil
        talk.seen.source = .value(.open(3))
        talk.expect(.resumeWorkloads)
        talk.seen.rest = .value(Self.back)
        talk.expect(enters: .rolledBack)
    }

    @Test("a deletion waits for what cannot be seen, lets go in the end, and says so")
    func deleted() {
        var talk = talk(.awaitingCutover, Self.suspended)
        talk.record?.hasRested = true
        talk.intent.isDeleted = true
        talk.seen.rest = .unknown("forbidden")
        talk.expectWait(.deleting)
        talk.pass(seconds: Visit.teardownSeconds)
        let decision = talk.ask()
        #expect(decision.actions == [.releaseFinalizer])
        #expect(decision.notices.contains { $0.kind == .warning && $0.note.contains("forbidden") })
    }

    @Test("a plan frozen before there were kinds and orders restarts Deployments, all at once")
    func frozenBefore() throws {
        let text = #"{"matchLabels": {"app": "ledger"}, "rolloutSeconds": 30}"#
        let selection = try JSONDecoder().decode(Plan.WorkloadSelection.self, from: Data(text.utf8))
        #expect(selection == Plan.WorkloadSelection(matchLabels: ["app": "ledger"], kinds: [.deployment], rolloutSeconds: 30))
    }
}

@Suite("Workloads in an order")
struct OrderTests {
    private func groups(_ first: WorkloadsState.Group, _ second: WorkloadsState.Group) -> Fact<WorkloadsState> {
        .value(WorkloadsState(groups: [first, second]))
    }

    private var switched: Dialogue {
        var talk = Dialogue.reached(.switching)
        talk.plan.cutover.workloads.append(.init(matchLabels: ["app": "web"], order: 2, rolloutSeconds: 30))
        talk.record?.frozen = talk.plan
        talk.record?.targetEpoch = 0
        talk.seen.target = .value(.open(1))
        talk.seen.secrets = .value(.target)
        return talk
    }

    @Test("each group begins when the one before it is complete, and has its own time")
    func oneAfterTheOther() {
        var talk = switched
        let tag = Dialogue.forward
        talk.seen.workloads = groups(.init(order: 0, tag: nil, rollout: .complete), .init(order: 2, tag: nil, rollout: .complete))
        talk.expect(.restartWorkloads(tag: tag, order: 0))
        talk.seen.workloads = groups(.init(order: 0, tag: tag, rollout: .progressing("")), .init(order: 2, tag: nil, rollout: .complete))
        talk.pass(seconds: 149)
        talk.expectWait(.progressing)
        talk.seen.workloads = groups(.init(order: 0, tag: tag, rollout: .complete), .init(order: 2, tag: nil, rollout: .complete))
        talk.expect(.restartWorkloads(tag: tag, order: 2))
        talk.seen.workloads = groups(.init(order: 0, tag: tag, rollout: .complete), .init(order: 2, tag: tag, rollout: .progressing("")))
        talk.expectWait(.progressing)
        talk.pass(seconds: 1)
        talk.expect(enters: .rollingBack)
    }

    @Test("when a group fails and going back is off, the others are not left on the source")
    func failedAndStaying() {
        var talk = switched
        talk.record?.frozen?.rollback.automatic = false
        let tag = Dialogue.forward
        talk.seen.workloads = groups(.init(order: 0, tag: tag, rollout: .failed("")), .init(order: 2, tag: nil, rollout: .complete))
        talk.expect(.restartWorkloads(tag: tag, order: 2))
        talk.seen.workloads = groups(.init(order: 0, tag: tag, rollout: .failed("")), .init(order: 2, tag: tag, rollout: .progressing("")))
        talk.expect(enters: .soaking)
    }

    @Test("on the way back nobody waits for another")
    func back() {
        var talk = switched
        talk.record = .reached(.rollingBack, plan: talk.plan)
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        talk.seen.target = .value(.closed(2))
        talk.seen.source = .value(.open(3))
        talk.seen.secrets = .value(.source)
        let (forward, back) = (Dialogue.forward, Dialogue.back)
        talk.seen.workloads = groups(.init(order: 0, tag: forward, rollout: .failed("")), .init(order: 2, tag: forward, rollout: .complete))
        talk.expect(.restartWorkloads(tag: back, order: 0))
        talk.seen.workloads = groups(.init(order: 0, tag: back, rollout: .failed("")), .init(order: 2, tag: forward, rollout: .complete))
        talk.expect(.restartWorkloads(tag: back, order: 2))
        talk.seen.workloads = groups(.init(order: 0, tag: back, rollout: .complete), .init(order: 2, tag: back, rollout: .complete))
        talk.expect(enters: .rolledBack)
    }
}
