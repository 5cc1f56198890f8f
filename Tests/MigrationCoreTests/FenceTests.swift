import Testing

@testable import MigrationCore

@Suite("A source fence before the switch")
struct FenceTests {
    static let fenced: [Phase] = [.fencing, .copying, .verifying]

    /// Undoes the fence of `talk` to the end, and expects to be held in AwaitingCutover for `reason`.
    static func expectUndone(_ talk: inout Dialogue, _ reason: Reason) {
        talk.seen.source = .value(.closed(1))
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .value(.partial(1))
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .unknown("timeout")
        talk.expectWait(reason)
        talk.seen.source = .value(.open(2))
        talk.seen.hasJobs = .value(true)
        talk.expect(.deleteJobs)
        talk.seen.hasJobs = .value(false)
        talk.expect(enters: .awaitingCutover)
        #expect(talk.record?.fence == nil)
        #expect(talk.record?.frozen == nil)
        #expect(talk.record?.held?.reason == reason)
    }

    @Test("past its deadline is undone, and held until a new attempt", arguments: fenced)
    func pastDeadline(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.pass(seconds: 60)
        Self.expectUndone(&talk, .pauseBudgetExceeded)
        guard case .awaitingApproval = talk.ask().standing else { return #expect(Bool(false), "not held") }
        talk.intent.attempt = 2
        talk.expect(enters: .fencing)
        #expect(talk.record?.fence?.epoch == 2)
        #expect(talk.record?.attempt == 2)
    }

    @Test("stands until its deadline", arguments: fenced)
    func beforeDeadline(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.pass(seconds: 59)
        talk.ask()
        #expect(talk.record?.abort == nil)
        #expect(talk.phase != .awaitingCutover)
    }

    @Test("is undone when suspended, and the suspension is obeyed afterwards", arguments: fenced)
    func suspended(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.intent.isSuspended = true
        Self.expectUndone(&talk, .suspended)
        #expect(talk.ask().wake == nil)
        talk.intent.isSuspended = false
        guard case .awaitingApproval = talk.ask().standing else { return #expect(Bool(false), "not held") }
    }

    @Test("is undone when the spec becomes invalid, with the frozen plan", arguments: fenced)
    func invalid(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.problems = ["spec.databases: must not be empty"]
        Self.expectUndone(&talk, .invalidSpec)
        talk.expectStalled(.invalidSpec)
    }

    @Test("is undone when the object is deleted, and everything of ours goes", arguments: fenced)
    func deleted(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.intent.isDeleted = true
        Self.expectUndone(&talk, .deleting)
        talk.seen.leftovers = .value([.sourceArtefacts])
        talk.expect(.removeArtefacts(.source))
        talk.seen.leftovers = .value([])
        talk.expect(.releaseFinalizer)
    }

    @Test("is undone when the goal goes back to Ready; asking again then works at once", arguments: fenced)
    func goalLowered(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.intent.goal = .ready
        Self.expectUndone(&talk, .goalLowered)
        talk.ask()
        #expect(talk.record?.held == nil)
        talk.intent.goal = .promoted
        talk.expect(enters: .fencing)
    }

    @Test("goal RolledBack undoes it and ends RolledBack", arguments: fenced)
    func requested(phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.intent.goal = .rolledBack
        Self.expectUndone(&talk, .requested)
        talk.expect(enters: .rollingBack)
        talk.expect(enters: .rolledBack)
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not reached") }
    }

    @Test("an undo once begun comes to its end, whatever the user says meanwhile")
    func latched() {
        var talk = Dialogue.reached(.copying)
        talk.intent.isSuspended = true
        talk.expect(.openSource(epoch: 1))
        talk.intent.isSuspended = false
        Self.expectUndone(&talk, .suspended)
    }

    @Test("an undo needs an epoch past the closing that may still be under way")
    func closingUnderWay() {
        var talk = Dialogue.reached(.fencing)
        talk.intent.isSuspended = true
        talk.seen.source = .value(.open(0))
        talk.expect(.openSource(epoch: 0))
        talk.seen.source = .value(.open(1))
        talk.expect(enters: .awaitingCutover)
    }

    @Test("lost to somebody else is undone", arguments: [SourceState.open(2), .partial(1), .closed(3)])
    func lost(source: SourceState) {
        var talk = Dialogue.reached(.copying)
        talk.seen.source = .value(source)
        #expect(talk.ask().actions == [])
        #expect(talk.record?.abort?.reason == .fenceLost)
    }

    @Test("without a record is StateLost, not a fresh start")
    func foreignFence() {
        var talk = Dialogue.reached(.awaitingCutover)
        talk.seen.source = .value(.closed(5))
        talk.expectStalled(.stateLost)
    }

    @Test("never begins while the target is open to clients")
    func openTarget() {
        var talk = Dialogue.reached(.awaitingCutover)
        talk.seen.target = .value(.open(4))
        talk.expect(.closeTarget(epoch: 4))
        talk.seen.target = .unknown("timeout")
        talk.expectWait(.observationFailed)
    }

    @Test("a step's Job is retried twice, then the cutover is undone", arguments: [Phase.copying, .verifying])
    func retries(phase: Phase) {
        var talk = Dialogue.reached(phase)
        let step: WorkerStep = phase == .copying ? .copy : .verify
        for number in 2...3 {
            talk.seen.job = .value(.failed(reason: .workerLost, message: "evicted", mayRetry: true))
            #expect(talk.ask().actions == [])
            talk.seen.job = .value(.absent)
            talk.expect(.runJob(step, number: number, sourceEpoch: 1))
        }
        talk.seen.job = .value(.failed(reason: .workerLost, message: "evicted", mayRetry: true))
        talk.ask()
        Self.expectUndone(&talk, .workerLost)
    }

    @Test("a Job that cannot succeed is not retried")
    func noRetry() {
        var talk = Dialogue.reached(.verifying)
        talk.seen.job = .value(.failed(reason: .verificationMismatch, message: "9 rows, 10 expected", mayRetry: false))
        talk.ask()
        Self.expectUndone(&talk, .verificationMismatch)
    }

    @Test("Job numbers are never reused, also over attempts")
    func numbersGrow() {
        var talk = Dialogue.reached(.copying)
        talk.pass(seconds: 60)
        Self.expectUndone(&talk, .pauseBudgetExceeded)
        talk.intent.attempt = 2
        talk.expect(enters: .fencing)
        talk.seen.source = .value(.closed(3))
        talk.expect(enters: .copying)
        talk.expect(.runJob(.copy, number: 2, sourceEpoch: 3))
    }
}
