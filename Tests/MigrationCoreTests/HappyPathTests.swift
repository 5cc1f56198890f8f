import Testing

@testable import MigrationCore

@Suite("The plain path of the Snapshot mode")
struct HappyPathTests {
    @Test("from Pending to Completed")
    func happyPath() {
        var talk = Dialogue()
        talk.intent.goal = .completed
        prepares(&talk)
        fencesAndCopies(&talk)
        switches(&talk)
        soaksAndCleansUp(&talk)
    }

    private func prepares(_ talk: inout Dialogue) {
        talk.seen.hasFinalizer = false
        talk.expect(.holdFinalizer)
        talk.seen.hasFinalizer = true
        talk.expect(enters: .preflight)
        talk.expect(enters: .provisioning)
        talk.seen.target = .value(.init(isPrepared: false, fence: .open, epoch: 0))
        talk.expect(.prepareTarget)
        talk.seen.target = .value(.closed(0))
        talk.expect(enters: .awaitingCutover)
    }

    private func fencesAndCopies(_ talk: inout Dialogue) {
        talk.expect(enters: .fencing)
        #expect(talk.record?.fence == .standing())
        #expect(talk.record?.frozen == talk.plan)
        talk.expect(.closeSource(epoch: 0))
        talk.seen.source = .value(.partial(0))
        talk.expect(.closeSource(epoch: 0))
        talk.seen.source = .value(.closed(1))
        talk.expect(enters: .copying)
        #expect(talk.record?.fence?.closedAt == start)
        talk.expect(.runJob(.copy, number: 1, sourceEpoch: 1))
        talk.seen.job = .value(.running("3 of 9 tables"))
        talk.expectWait(.progressing)
        talk.seen.job = .value(.succeeded("9 tables"))
        talk.expect(enters: .verifying)
        talk.seen.job = .value(.absent)
        talk.expect(.runJob(.verify, number: 1, sourceEpoch: 1))
        talk.seen.job = .value(.succeeded("equal"))
        talk.expect(enters: .switching)
        #expect(talk.record?.milestones.isSuperset(of: [.preflightPassed, .provisioned, .copied, .verified]) == true)
    }

    private func switches(_ talk: inout Dialogue) {
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.seen.source = .value(.partial(2))
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.seen.source = .value(.closed(2))
        talk.expect(.openTarget(epoch: 0))
        #expect(talk.record?.targetEpoch == 0)
        talk.seen.target = .value(.open(1))
        talk.expect(.pointSecrets(.target))
        #expect(talk.record?.switchedAt == start)
        talk.seen.secrets = .value(.mixed)
        talk.expect(.pointSecrets(.target))
        talk.seen.secrets = .value(.target)
        talk.expect(.restartWorkloads(tag: Dialogue.forward))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .progressing("1 of 2")))
        talk.expectWait(.progressing)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(enters: .soaking)
    }

    private func soaksAndCleansUp(_ talk: inout Dialogue) {
        for _ in 0..<3 {
            talk.probe(.ok)
            talk.expectWait(.soaking)
            talk.pass(seconds: 10)
        }
        talk.expect(enters: .promoted)
        talk.expect(enters: .cleaningUp)
        talk.seen.leftovers = .value(Set(Leftover.allCases))
        talk.expect(.removeArtefacts(.target))
        talk.seen.leftovers = .value([.sourceArtefacts, .originals])
        talk.expect(.removeArtefacts(.source))
        talk.seen.leftovers = .value([.originals])
        talk.expect(.discardOriginals)
        talk.seen.leftovers = .value([])
        talk.expect(enters: .completed)
        #expect(talk.ask().standing == .goalReached("Completed."))
    }

    @Test("goal Ready stops before the write pause; raising it begins the pause")
    func stopsAtReady() {
        var talk = Dialogue.reached(.awaitingCutover)
        talk.intent.goal = .ready
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not reached") }
        #expect(talk.phase == .awaitingCutover)
        talk.intent.goal = .promoted
        talk.expect(enters: .fencing)
    }

    @Test("goal Promoted rests there; a goal behind the phase is ignored and said so")
    func restsAtPromoted() {
        var talk = Dialogue.reached(.promoted)
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not reached") }
        talk.intent.goal = .ready
        guard case .goalReached(let text) = talk.ask().standing else { return #expect(Bool(false), "not reached") }
        #expect(text.contains("GoalBehindPhase"))
        #expect(talk.phase == .promoted)
    }

    @Test("verification None leaves Verifying out")
    func withoutVerification() {
        var talk = Dialogue.reached(.copying, plan: .example(verification: .none))
        talk.seen.job = .value(.succeeded(""))
        talk.expect(enters: .switching)
    }

    @Test("preflight waits for the user to mend what it found, and for an owner to let go")
    func waitsBefore() {
        var talk = Dialogue()
        talk.seen.conflictingOwner = .value("other")
        talk.expectWait(.waitingForOwner)
        talk.seen.conflictingOwner = .unknown("forbidden")
        talk.expectWait(.observationFailed)
        talk.record = .reached(.preflight)
        talk.seen.preflight = .value([.init(reason: .databaseMissing, message: "database x does not exist")])
        talk.expectWait(.progressingWithRetry)
        talk.seen.preflight = .value([.init(reason: .stateLost, message: "a fence of ours without a record")])
        talk.expectStalled(.stateLost)
    }

    @Test("warnings hold nothing up; they are told when preflight is passed and when the pause begins")
    func warnings() {
        for phase in [Phase.preflight, .awaitingCutover] {
            var talk = Dialogue.reached(phase)
            talk.seen.warnings = [.init(reason: .workloadNotSelected, message: "CronJob nightly reads it")]
            let decision = talk.ask()
            #expect(talk.phase != phase)
            #expect(decision.notices.contains(Notice(.warning, .workloadNotSelected, "CronJob nightly reads it")))
        }
    }

    @Test("Provisioning gives up after its deadline, and a new attempt starts over")
    func provisioningDeadline() {
        var talk = Dialogue.reached(.provisioning)
        talk.seen.target = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 3600)
        talk.expect(enters: .failed)
        talk.expectStalled(.deadlineExceeded)
        talk.intent.attempt = 2
        talk.expect(enters: .pending)
        #expect(talk.record?.attempt == 2)
        #expect(talk.record?.failure == nil)
    }
}
