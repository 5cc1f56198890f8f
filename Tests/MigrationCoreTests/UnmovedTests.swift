import Testing

@testable import MigrationCore

@Suite("A switch that does not come to its end goes back while that costs nothing")
struct UnmovedTests {
    /// Behind the open target, the strings not written yet.
    private static func opened(automaticRollback: Bool = true, wrote: Bool = false) -> Dialogue {
        var plan = Plan.example()
        plan.rollback.automatic = automaticRollback
        var talk = RollbackTests.switching(rollout: .complete, wrote: wrote, plan: plan)
        talk.seen.secrets = .value(.source)
        talk.seen.workloads = .value(.init(tag: nil, rollout: .complete))
        return talk
    }

    @Test("strings that nobody lets it write: it is tried for the time of a rollout")
    func unwritable() {
        var talk = Self.opened()
        for _ in 0..<12 {
            talk.expect(.pointSecrets(.target))
            talk.pass(seconds: 10)
        }
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.cause.message.contains("the connection strings could not be written") == true)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2))
        talk.expect(.openSource(epoch: 2))
    }

    @Test("Secrets and workloads that cannot be seen", arguments: [Fact<SecretsState>.unknown("timeout"), .value(.target)])
    func unseen(secrets: Fact<SecretsState>) {
        var talk = Self.opened()
        talk.seen.secrets = secrets
        talk.seen.workloads = .unknown("timeout")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 120)
        talk.expect(enters: .rollingBack)
    }

    @Test("workloads that cannot be restarted")
    func unrestarted() {
        var talk = Self.opened()
        talk.seen.secrets = .value(.target)
        talk.expect(.restartWorkloads(tag: Dialogue.forward, order: 0))
        talk.pass(seconds: 120)
        talk.expect(enters: .rollingBack)
    }

    @Test("with writes that going back would lose, or where it is off, it is tried for ever", arguments: [false, true])
    func forEver(automaticRollback: Bool) {
        var talk = Self.opened(automaticRollback: automaticRollback, wrote: automaticRollback)
        for _ in 0..<20 {
            talk.expect(.pointSecrets(.target))
            talk.pass(seconds: 600)
        }
    }

    @Test("a target that does not open within the write pause is closed at a higher epoch, and the source is opened")
    func unopened() {
        var talk = Dialogue.reached(.switching)
        for _ in 1...3 { talk.expect(.openTarget(epoch: 0)) }
        talk.pass(seconds: 60)
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 0))
        talk.seen.target = .value(.closed(1))
        talk.expect(.openSource(epoch: 2))
    }
}
