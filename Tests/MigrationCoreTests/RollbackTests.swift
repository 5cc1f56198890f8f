import Testing

@testable import MigrationCore

@Suite("Going back after the switch has begun")
struct RollbackTests {
    /// From RollingBack with an open target to RolledBack.
    static func expectsWayBack(_ talk: inout Dialogue, targetEpoch: Int64 = 1, back: String = Dialogue.back) {
        talk.expect(.closeTarget(epoch: targetEpoch))
        talk.seen.target = .value(.init(isPrepared: true, fence: .partial, epoch: targetEpoch))
        talk.pass(seconds: 2)
        talk.expect(.closeTarget(epoch: targetEpoch))
        talk.seen.target = .value(.closed(targetEpoch + 1, wrote: talk.record?.firstClientWriteAt != nil))
        talk.expect(.openSource(epoch: 2))
        talk.seen.source = .value(.open(3))
        talk.expect(.pointSecrets(.source))
        #expect(talk.record?.rollback?.pauseMilliseconds == 2_000)
        talk.seen.secrets = .value(.source)
        talk.expect(.restartWorkloads(tag: back))
        talk.seen.workloads = .value(.init(tag: back, rollout: .progressing("1 of 2")))
        talk.expectWait(.rollingBack)
        talk.seen.workloads = .value(.init(tag: back, rollout: .complete))
        talk.seen.hasJobs = .value(true)
        talk.expect(.deleteJobs)
        talk.seen.hasJobs = .value(false)
        talk.expect(enters: .rolledBack)
    }

    static func switching(rollout: WorkloadsState.Rollout, wrote: Bool = false, plan: Plan = .example()) -> Dialogue {
        var talk = Dialogue.reached(.switching, plan: plan)
        talk.record?.targetEpoch = 0
        talk.seen.target = .value(.open(1, wrote: wrote))
        talk.seen.secrets = .value(.target)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: rollout))
        return talk
    }

    @Test("a failed rollout goes back by itself, and says why")
    func failedRollout() {
        var talk = Self.switching(rollout: .failed("ProgressDeadlineExceeded"))
        talk.expect(enters: .rollingBack)
        Self.expectsWayBack(&talk)
        talk.expectStalled(.rolloutFailed)
    }

    @Test("a rollout that never ends goes back after its time")
    func slowRollout() {
        var talk = Self.switching(rollout: .progressing("0 of 2"))
        talk.pass(seconds: 119)
        talk.expectWait(.progressing)
        talk.pass(seconds: 1)
        talk.expect(enters: .rollingBack)
    }

    @Test("a failed probe goes back by itself")
    func failedProbe() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.failed)
        talk.expectWait(.probeInconclusive)
        talk.pass(seconds: 10)
        talk.expect(enters: .rollingBack)
        Self.expectsWayBack(&talk)
        talk.expectStalled(.probeFailed)
    }

    @Test("a client write forbids going back by itself, in Switching and in Soaking")
    func clientWrite() {
        var talk = Self.switching(rollout: .failed("ProgressDeadlineExceeded"), wrote: true)
        talk.expect(enters: .soaking)
        for _ in 0..<5 {
            talk.probe(.failed)
            talk.ask()
            talk.pass(seconds: 10)
        }
        talk.expectWait(.noReverseLane)
        #expect(talk.record?.firstClientWriteAt != nil)
    }

    @Test("rollback.automatic: false leaves the judgement to people")
    func automaticOff() {
        var talk = Dialogue.reached(.soaking, plan: .example(failureLimit: 1, automaticRollback: false))
        talk.probe(.failed)
        talk.expectWait(.automaticRollbackOff)
    }

    @Test("an unknown target forbids going back by itself")
    func unknownTarget() {
        var talk = Dialogue.reached(.soaking, plan: .example(failureLimit: 1))
        talk.seen.target = .unknown("timeout")
        talk.probe(.failed)
        talk.expectWait(.probeFailed)
    }

    @Test("asked for, with writes on the target: refused until the loss is accepted by its name")
    func acceptedLoss() {
        var talk = Dialogue.reached(.promoted)
        talk.seen.target = .value(.open(1, wrote: true))
        talk.ask()
        talk.intent.goal = .rolledBack
        guard case .awaitingApproval = talk.ask().standing else { return #expect(Bool(false), "not refused") }
        talk.intent.acceptedLoss = "yes"
        guard case .awaitingApproval = talk.ask().standing else { return #expect(Bool(false), "not refused") }
        talk.intent.acceptedLoss = "NoReverseLane"
        talk.expect(enters: .rollingBack)
        Self.expectsWayBack(&talk)
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not reached") }
    }

    @Test("a write found only once the target is closed refuses the rollback and goes forward again")
    func refusedLate() {
        var talk = Dialogue.reached(.soaking, plan: .example(failureLimit: 1))
        talk.probe(.failed)
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 1))
        talk.seen.target = .value(.closed(2, wrote: true))
        talk.expect(enters: .switching)
        talk.expect(.openTarget(epoch: 2))
        talk.seen.target = .value(.open(3, wrote: true))
        talk.expect(enters: .soaking)
        talk.expectWait(.noReverseLane)
    }

    @Test("is not refused on a source that cannot be observed: it waits")
    func refusalWaits() {
        var talk = Dialogue.reached(.rollingBack)
        talk.seen.target = .value(.closed(2, wrote: true))
        talk.seen.source = .unknown("timeout")
        talk.expectWait(.observationFailed)
    }

    @Test("a source fence lost after a write on the target does not go back by itself")
    func fenceLostAfterWrite() {
        var talk = Self.switching(rollout: .complete, wrote: true)
        talk.seen.source = .value(.partial(2))
        talk.expectStalled(.fenceLost)
        talk.seen.target = .value(.open(1))
        talk.expectStalled(.fenceLost)
    }

    @Test("before anything was opened, only the source is opened")
    func nothingOpened() {
        var talk = Dialogue.reached(.switching)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        talk.seen.target = .unknown("connection refused")
        talk.expect(.openSource(epoch: 2))
        talk.seen.source = .value(.open(3))
        talk.expect(enters: .rolledBack)
    }

    @Test("a target that does not answer when the switch begins costs no more than the pause")
    func unreachableTarget() {
        var talk = Dialogue.reached(.switching)
        talk.seen.target = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 60)
        talk.expect(enters: .rollingBack)
        talk.expect(.openSource(epoch: 2))
    }

    @Test("an undo by a controller without its lease that came before the seal goes back")
    func undoneBeforeSeal() {
        var talk = Dialogue.reached(.switching)
        talk.seen.source = .value(.closed(1))
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .rollingBack)
        talk.expect(.closeTarget(epoch: 0))
        talk.seen.target = .value(.closed(1))
        talk.expect(enters: .rolledBack)
    }

    @Test("a seal that does not come about costs no more than the pause")
    func unsealable() {
        var talk = Dialogue.reached(.switching)
        talk.seen.source = .value(.partial(2))
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0))
        talk.pass(seconds: 60)
        talk.expect(enters: .rollingBack)
    }

    @Test("a controller without its lease undoes what it fenced, and nothing that was sealed")
    func undoWithoutLease() {
        let fenced = Record.reached(.copying)
        #expect(fenced.undoWithoutLease(.partial(0)) == [.openSource(epoch: 0)])
        #expect(fenced.undoWithoutLease(.closed(1)) == [.openSource(epoch: 1)])
        #expect(fenced.undoWithoutLease(.closed(2)) == [])
        #expect(fenced.undoWithoutLease(.open(1)) == [])
        #expect(Record.reached(.switching).undoWithoutLease(.closed(1)) == [])
    }

    @Test("an opening of the target still under way is overtaken before the source opens")
    func openingUnderWay() {
        var talk = Dialogue.reached(.rollingBack)
        talk.seen.source = .value(.closed(2))
        talk.seen.target = .value(.closed(0))
        talk.expect(.closeTarget(epoch: 0))
        talk.seen.target = .value(.closed(1))
        talk.expect(.openSource(epoch: 2))
    }

    @Test("a write of an earlier attempt does not count against this one")
    func oldWrite() {
        var talk = Dialogue.reached(.switching)
        talk.seen.target = .value(.closed(4, wrote: true))
        talk.expect(.openTarget(epoch: 4))
        #expect(talk.record?.firstClientWriteAt == nil)
    }

    @Test("a new attempt after RolledBack starts over; RolledBack absorbs without one")
    func newAttempt() {
        var talk = Dialogue.reached(.soaking, plan: .example(failureLimit: 1))
        talk.probe(.failed)
        talk.expect(enters: .rollingBack)
        Self.expectsWayBack(&talk)
        for _ in 0..<3 { talk.expectStalled(.probeFailed) }
        talk.intent.attempt = 2
        talk.expect(enters: .pending)
        #expect(talk.record?.attempt == 2)
        #expect(talk.record?.firstClientWriteAt == nil)
        #expect(talk.record?.jobs == [.copy: 1, .verify: 1])
    }

    @Test("workloads that do not come back end in Failed; goal RolledBack tries once more")
    func failedRollback() {
        var talk = Dialogue.reached(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.probeFailed, "no"), isRequested: false, from: .soaking, acceptsLoss: false)
        talk.seen.source = .value(.open(3))
        talk.seen.target = .value(.closed(2))
        talk.seen.workloads = .value(.init(tag: Dialogue.back, rollout: .failed("CrashLoopBackOff")))
        talk.pass(seconds: 1000)
        talk.expectWait(.rollingBack)
        talk.pass(seconds: 120)
        talk.expect(enters: .failed)
        #expect(
            talk.record?.failure?.message == "The workloads did not come back within 120 s: CrashLoopBackOff. Now: the source (old) takes writes; "
                + "the target (new) is closed; the Secrets point at the source. What is left to do is in status.remaining.")
        #expect(
            talk.record?.remaining == [
                "kubectl rollout status deployment --selector app=ledger",
                "Set spec.attempt to 2 with spec.goal RolledBack: the controller takes it up again where it stands.",
            ])
        talk.expectStalled(.rollbackFailed)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.remaining == nil)
        talk.expectWait(.rollingBack)
        talk.pass(seconds: 120)
        talk.expect(enters: .failed)
        for _ in 0..<3 { talk.expectStalled(.rollbackFailed) }
        talk.intent.attempt = 2
        talk.expect(enters: .rollingBack)
        talk.expect(.restartWorkloads(tag: "u.2.back"))
        talk.seen.workloads = .value(.init(tag: "u.2.back", rollout: .complete))
        talk.expect(enters: .rolledBack)
    }

    @Test("Secrets that cannot be put back are tried for ever, with both sides' facts once it is late")
    func secretsRefused() {
        var talk = Dialogue.reached(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.probeFailed, "no"), isRequested: false, from: .soaking, acceptsLoss: false)
        talk.seen.source = .value(.open(3))
        talk.seen.target = .value(.closed(2))
        talk.seen.secrets = .value(.mixed)
        talk.seen.workloads = .unknown("forbidden")
        talk.expect(.pointSecrets(.source))
        talk.pass(seconds: 119)
        talk.expect(.pointSecrets(.source))
        #expect(talk.record?.remaining == nil)
        talk.pass(seconds: 1)
        guard case .progressing(let cause) = talk.ask().standing else { return #expect(Bool(false)) }
        #expect(cause.message.contains("some Secrets point at the source, some at the target") && talk.phase == .rollingBack)
        #expect(
            talk.record?.remaining?.first == "kubectl edit secret ledger: key url has to lead to old:5432"
                && talk.record?.remaining?.contains("kubectl rollout restart deployment --selector app=ledger") == true)
        talk.seen.connections = [ConnectionValue(object: "Secret ledger", key: "url", state: .target, original: "kept")]
        _ = talk.ask()
        let restoring = #"kubectl patch secret ledger --type merge --patch "{\"data\": $(kubectl get secret kept -o jsonpath='{.data}')}""#
        #expect(talk.record?.remaining?.first == restoring)
    }

    @Test("a source that cannot be reached is tried for ever, and after a while what a person could do is said")
    func unreachableSource() {
        var talk = Dialogue.reached(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.probeFailed, "no"), isRequested: false, from: .soaking, acceptsLoss: false)
        talk.seen.source = .unknown("timeout")
        talk.seen.target = .value(.closed(2))
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining == nil)
        talk.pass(seconds: 120)
        for _ in 0..<3 { talk.expectWait(.observationFailed) }
        let said = talk.record?.remaining ?? []
        #expect(said.first?.hasPrefix("psql -h old -p 5432 -d 'postgres' -c 'ALTER DATABASE \"ledger\" CONNECTION LIMIT -1'") == true, "\(said)")
        #expect(!said.contains { $0.hasPrefix("First") }, "the target is closed")
        talk.seen.target = .unknown("timeout")
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining?.first?.hasPrefix("First, so that nothing is written twice: psql -h new") == true)
        talk.seen.source = .value(.open(3))
        talk.seen.target = .value(.closed(2))
        talk.expect(.restartWorkloads(tag: Dialogue.back))
    }

    @Test("Live mode: a source that is gone before it has everything is waited for, and its commands are said to lose something")
    func unreachableBeforeCarriedBack() {
        var talk = LivePathTests.reached(.rollingBack)
        talk.record?.rollback = .init(cause: .init(.probeFailed, "no"), isRequested: false, from: .soaking, acceptsLoss: false)
        talk.record?.firstClientWriteAt = start
        (talk.seen.source, talk.seen.forward, talk.seen.reverse) = (.unknown("timeout"), .unknown("timeout"), .unknown("timeout"))
        talk.seen.target = .value(.closed(2))
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining == nil)
        talk.pass(seconds: 120)
        guard case .progressing(let cause) = talk.ask().standing else { return #expect(Bool(false)) }
        #expect(cause.message.contains("the source (old) cannot be observed (timeout)"))
        #expect(cause.message.contains("not all that the target took is on the source") && talk.phase == .rollingBack)
        #expect(talk.record?.remaining?.first?.hasPrefix("Waiting for both servers loses nothing") == true)
        #expect(talk.record?.remaining?.dropFirst().first?.hasPrefix("psql -h old") == true)
        talk.record?.rollback?.isCarriedBack = true
        talk.expectWait(.observationFailed)
        #expect(talk.record?.remaining?.first?.hasPrefix("psql -h old") == true)
    }

    @Test("loss once accepted stays accepted when a failed rollback is taken up again")
    func keepsAcceptance() {
        var talk = Dialogue.reached(.failed)
        talk.record?.firstClientWriteAt = start
        talk.record?.rollback = .init(cause: .init(.requested, ""), isRequested: false, from: .promoted, acceptsLoss: true)
        talk.intent.goal = .rolledBack
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.acceptsLoss == true)
    }
}
