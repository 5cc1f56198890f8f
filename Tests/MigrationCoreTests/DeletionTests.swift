import Testing

@testable import MigrationCore

@Suite("Deletion")
struct DeletionTests {
    @Test("in every phase ends with the finalizer released, after everything of ours is gone", arguments: Phase.allCases)
    func everyPhase(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.intent.isDeleted = true
        talk.seen.hasJobs = .value(true)
        talk.seen.leftovers = .value(Set(Leftover.allCases))
        if phase == .rollingBack { talk.seen.source = .value(.closed(1)) }
        var released = false
        for _ in 0..<30 where !released {
            for action in talk.ask().actions {
                Self.perform(action, &talk)
                released = action == .releaseFinalizer
            }
        }
        #expect(released)
        #expect(talk.seen.hasJobs == .value(false))
        #expect(talk.seen.leftovers == .value([]))
        let isOnTarget: Set<Phase> = [.switching, .soaking, .promoted]
        #expect(talk.seen.secrets == .value(isOnTarget.contains(phase) ? .target : .source))
        #expect((talk.seen.source.value?.fence == .open) == !isOnTarget.contains(phase))
    }

    private static func perform(_ action: Action, _ talk: inout Dialogue) {
        switch action {
        case .openSource(let epoch): talk.seen.source = .value(.open(epoch + 1))
        case .closeTarget(let epoch): talk.seen.target = .value(.closed(epoch + 1))
        case .openTarget(let epoch): talk.seen.target = .value(.open(epoch + 1))
        case .pointSecrets(let side): talk.seen.secrets = .value(side == .source ? .source : .target)
        case .restartWorkloads(let tag, _): talk.seen.workloads = .value(.init(tag: tag, rollout: .complete))
        case .deleteJobs: talk.seen.hasJobs = .value(false)
        case .removeArtefacts(let side):
            talk.seen.leftovers = talk.seen.leftovers.map { $0.subtracting([side == .source ? .sourceArtefacts : .targetArtefacts]) }
        case .discardOriginals: talk.seen.leftovers = talk.seen.leftovers.map { $0.subtracting([.originals]) }
        case .releaseFinalizer, .resumeWorkloads: break
        case .holdFinalizer, .prepareTarget, .prepareDigests, .keepSnapshots, .suspendCronJobs, .scaleToZero, .closeSource, .sealSource, .runJob,
            .prepareLanes,
            .connectLanes, .disconnectLanes,
            .removeLanes,
            .drainLanes, .pointPoolers, .pausePoolers, .turnPoolers, .resumePoolers:
            Issue.record("\(action) while deleting")
        }
    }

    @Test("waits for a server that does not answer, then lets go and says what may be left")
    func unreachable() {
        var talk = Dialogue.reached(.promoted)
        talk.intent.isDeleted = true
        talk.seen.leftovers = .unknown("connection refused")
        talk.expectWait(.deleting)
        talk.pass(seconds: 599)
        talk.expectWait(.deleting)
        talk.pass(seconds: 1)
        let decision = talk.ask()
        #expect(decision.actions == [.releaseFinalizer])
        #expect(decision.notices.contains { $0.kind == .warning && $0.note.contains("connection refused") })
    }

    @Test("a server that does not answer keeps nothing from being removed from the other, before and after the time is over", arguments: [0, 600])
    func oneUnreachable(seconds: Int) {
        var talk = Dialogue.reached(.promoted)
        talk.intent.isDeleted = true
        talk.seen.leftovers = .unknown("connection refused")
        talk.expectWait(.deleting)
        talk.pass(seconds: seconds)
        talk.seen.seenLeftovers = [.sourceArtefacts, .originals]
        talk.expect(.removeArtefacts(.source))
        talk.seen.seenLeftovers = [.originals]
        talk.expect(.discardOriginals)
        talk.seen.seenLeftovers = []
        let decision = talk.ask()
        #expect(decision.actions == (seconds == 0 ? [] : [.releaseFinalizer]))
        #expect(decision.notices.contains { $0.note.contains("CONNECTION LIMIT -1") } == (seconds > 0))
    }

    @Test("does not hang on a rollback that needs no plan when the spec is invalid")
    func rollbackWithoutPlan() {
        var talk = Dialogue.reached(.pending)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.problems = ["spec.source.host: required"]
        talk.intent.isDeleted = true
        talk.expect(.releaseFinalizer)
    }

    @Test("after the switch tells how to open the source again")
    func farewell() {
        var talk = Dialogue.reached(.promoted)
        talk.intent.isDeleted = true
        #expect(talk.ask().notices.contains { $0.note.contains("CONNECTION LIMIT -1") })
    }
}
