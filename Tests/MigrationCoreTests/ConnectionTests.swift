import Testing

@testable import MigrationCore

/// Connection strings that others write, or turn back.
@Suite("Connection strings in others' hands")
struct ConnectionTests {
    private func value(_ state: SecretsState, written: Side? = nil, by writer: String? = nil) -> [ConnectionValue] {
        [ConnectionValue(object: "Secret ledger", key: "url", state: state, written: written, writer: writer)]
    }

    // MARK: External

    private func external(_ phase: Phase, pauseSeconds: Int = 60) -> Dialogue {
        var plan = Plan.example(pauseSeconds: pauseSeconds)
        plan.cutover.secretWriter = .external
        var talk = Dialogue.reached(phase, plan: plan)
        talk.seen.connections = value(.source)
        talk.seen.hasDigestKey = true
        return talk
    }

    /// Both sides are closed, and somebody has to write.
    private func awaiting(pauseSeconds: Int = 60) -> Dialogue {
        var talk = external(.switching, pauseSeconds: pauseSeconds)
        talk.seen.source = .value(.closed(1))
        talk.seen.target = .value(.closed(0))
        talk.expectWait(.awaitingConnections)
        return talk
    }

    /// It is written, and the target opens.
    private func written(_ talk: inout Dialogue) {
        talk.seen.secrets = .value(.target)
        talk.seen.connections = value(.target)
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.seen.source = .value(.closed(2))
        talk.seen.target = .value(.open(1))
        talk.expect(.restartWorkloads(tag: Dialogue.forward))
    }

    @Test("others write: the fence stands and nothing opens until they have, then the switch goes on")
    func awaited() {
        var talk = awaiting()
        #expect(talk.record?.awaited == "Secret ledger, key url")
        talk.seen.secrets = .unknown("timeout")
        talk.expectWait(.observationFailed)
        written(&talk)
        #expect(talk.record?.awaited == nil)
    }

    @Test("however long others took to write, the rollout has the time that is its own")
    func slowWriter() {
        var talk = awaiting(pauseSeconds: 3600)
        talk.pass(seconds: 3000)
        written(&talk)
        talk.seen.workloads = .value(WorkloadsState(tag: Dialogue.forward, rollout: .progressing("1 of 2")))
        talk.expectWait(.progressing)
    }

    @Test("others do not write in time: the fence is undone, and the message names what was missing")
    func tooLate() {
        var talk = awaiting()
        talk.pass(seconds: 60)
        talk.expect(.openSource(epoch: 1))
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .awaitingCutover)
        let why = talk.record?.held?.message ?? ""
        #expect(why.contains("waiting for Secret ledger, key url"), "\(why)")
    }

    @Test("while others are awaited, the wish to stop is heard", arguments: [Goal.ready, .rolledBack])
    func stopped(goal: Goal) {
        var talk = awaiting()
        talk.intent.goal = goal
        talk.expect(.openSource(epoch: 1))
    }

    @Test("what others wrote too early is asked back after an abort")
    func tooEarly() {
        var talk = external(.awaitingCutover)
        talk.record?.held = .init(.pauseBudgetExceeded, "too long")
        talk.seen.secrets = .value(.target)
        guard case .awaitingApproval(let message) = talk.ask().standing else { Issue.record("does not rest"); return }
        #expect(message.contains("lead them back to the source"))
    }

    @Test("a key for digests comes before anybody needs them")
    func digests() {
        var talk = external(.awaitingCutover)
        talk.intent.goal = .ready
        talk.seen.hasDigestKey = false
        talk.expect(.prepareDigests)
        talk.seen.hasDigestKey = true
        #expect(talk.ask().actions == [])
    }

    @Test("on the way back others are awaited as well, once the source is open")
    func awaitedBack() {
        var talk = external(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        talk.seen.source = .value(.open(3))
        talk.seen.target = .value(.closed(2))
        talk.seen.secrets = .value(.target)
        talk.seen.connections = value(.target)
        talk.expectWait(.awaitingConnections)
        talk.pass(seconds: 5000)
        talk.seen.secrets = .value(.source)
        talk.expect(.restartWorkloads(tag: Dialogue.back))
        talk.seen.workloads = .value(WorkloadsState(tag: Dialogue.back, rollout: .progressing("1 of 2")))
        talk.expectWait(.rollingBack)
    }

    // MARK: Turned back

    private func turnedBack(_ phase: Phase) -> Dialogue {
        var talk = Dialogue.reached(phase)
        talk.seen.source = .value(.closed(2))
        talk.seen.target = .value(.open(1))
        talk.record?.targetEpoch = 0
        talk.seen.secrets = .value(.source)
        talk.seen.connections = value(.source, written: .target, by: "argocd-controller")
        return talk
    }

    @Test("what somebody turned back is told once, and never written again")
    func noFight() {
        var talk = turnedBack(.switching)
        let first = talk.ask()
        #expect(first.actions == [])
        #expect(first.notices.map(\.reason) == [.connectionsTurnedBack])
        #expect(first.notices.first?.note.contains("Secret ledger, key url (by argocd-controller)") == true)
        talk.expectWait(.connectionsTurnedBack)
        #expect(talk.ask().notices.isEmpty)
        talk.seen.secrets = .value(.target)
        talk.seen.connections = value(.target, written: .target)
        talk.expect(.restartWorkloads(tag: Dialogue.forward))
    }

    @Test("what was never written in this attempt is written, whatever else was turned back")
    func partly() {
        var talk = turnedBack(.switching)
        talk.seen.connections += value(.source)
        talk.expect(.pointSecrets(.target))
    }

    @Test("nobody brings it back: the applications go back to the source rather than to nowhere")
    func abandoned() {
        var talk = turnedBack(.switching)
        talk.expectWait(.connectionsTurnedBack)
        talk.pass(seconds: 120)
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.cause.reason == .connectionsTurnedBack)
    }

    @Test("in the soak it keeps the promotion waiting, and goes on by itself")
    func soaking() {
        var talk = turnedBack(.soaking)
        talk.record?.healthySince = start
        talk.probe(.ok)
        talk.pass(seconds: 31)
        talk.expectWait(.connectionsTurnedBack)
        talk.seen.secrets = .unknown("timeout")
        talk.expectWait(.observationFailed)
        talk.seen.secrets = .value(.target)
        talk.expect(enters: .promoted)
    }

    @Test("after the promotion what leads to the source, which takes no writes, is told once and keeps it from being completed")
    func promoted() {
        var talk = turnedBack(.promoted)
        talk.intent.goal = .completed
        #expect(talk.ask().notices.map(\.reason) == [.connectionsTurnedBack])
        talk.expectWait(.connectionsTurnedBack)
        talk.seen.connections = [ConnectionValue(object: "Secret ledger", key: "url", state: nil, written: .target)]
        talk.expect(enters: .cleaningUp)
    }

    @Test("after the promotion going back is no matter of the strings")
    func promotedGoesBack() {
        var talk = turnedBack(.promoted)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
    }

    @Test("in the soak, whoever asks for it has it written once more")
    func onceMore() {
        var talk = turnedBack(.soaking)
        talk.probe(.ok)
        talk.seen.connections = value(.source)
        talk.expect(.pointSecrets(.target))
    }

    @Test("on the way back there is no fight either")
    func noFightBack() {
        var talk = Dialogue.reached(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        talk.seen.source = .value(.open(3))
        talk.seen.target = .value(.closed(2))
        talk.seen.secrets = .value(.target)
        talk.seen.connections = value(.target, written: .target)
        talk.expect(.pointSecrets(.source))
        talk.seen.connections = value(.target, written: .source)
        talk.expectWait(.connectionsTurnedBack)
    }
}
