import Testing

@testable import MigrationCore

@Suite("Applications behind poolers")
struct PoolerTests {
    private static let plan = Plan.pooled()
    private static let lanes = ReplicationState.lane(.running)

    private static func awaiting() -> Dialogue {
        var talk = Dialogue.reached(.awaitingCutover, plan: plan)
        talk.seen.forward = .value(lanes)
        talk.seen.reverse = .value(.lane(.connected))
        talk.see(.source, .source)
        return talk
    }

    @Test("files are written, their delay is waited for, and only then the poolers are paused and the source fenced")
    func forth() {
        var talk = Self.awaiting()
        talk.expect(.pointPoolers(.target))
        talk.see(.target, .source)
        talk.expectWait(.waitingForPoolers)
        talk.pass(seconds: 119)
        talk.expectWait(.waitingForPoolers)
        talk.pass(seconds: 1)
        talk.expect(enters: .fencing)
        talk.expect(.pausePoolers, .closeSource(epoch: 0))
    }

    @Test("poolers that cannot be seen hold the cutover up, and a file that somebody reverts is written again and waited for again")
    func gates() {
        var talk = Self.awaiting()
        talk.seen.poolers = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.see(.target, .source)
        talk.expectWait(.waitingForPoolers)
        talk.pass(seconds: 100)
        talk.see(.source, .source)
        talk.expect(.pointPoolers(.target))
        talk.see(.target, .source)
        talk.pass(seconds: 100)
        talk.expectWait(.waitingForPoolers)
    }

    @Test("a pause that fails is tried three times, then the cutover is undone and nobody waits")
    func busy() {
        var talk = Dialogue.reached(.fencing, plan: Self.plan)
        talk.record?.pointedAt = start
        for _ in 1...3 { talk.expect(.pausePoolers, .closeSource(epoch: 0)) }
        #expect(talk.ask().actions == [])
        #expect(talk.record?.abort?.reason == .poolerNotPaused)
        talk.expect(.openSource(epoch: 0), .resumePoolers)
        talk.seen.source = .value(.open(1))
        talk.see(.target, .source, paused: true)
        talk.expect(.resumePoolers)
        talk.see(.target, .source)
        talk.expect(enters: .awaitingCutover)
        talk.seen.forward = .value(Self.lanes)
        talk.seen.reverse = .value(.lane(.absent))
        talk.expect(.pointPoolers(.source))
    }

    @Test("the target opens and the poolers are led there in one go; a replica without its file is waited for")
    func turn() {
        var talk = Dialogue.reached(.switching, plan: Self.plan)
        talk.seen.forward = .value(.lane(.connected))
        talk.seen.reverse = .value(.lane(.connected))
        talk.seen.source = .value(.closed(1))
        talk.expect(.sealSource(epoch: 1), .openTarget(epoch: 0), .turnPoolers(.target))
        talk.seen.source = .value(.closed(2))
        talk.seen.target = .value(.open(1))
        talk.see(.target, .mixed, paused: true)
        talk.expect(.turnPoolers(.target))
        talk.see(.target, .target, paused: true)
        talk.expect(.resumePoolers)
        talk.see(.target, .target)
        talk.expect(.connectLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.running))
        talk.expect(enters: .soaking)
    }

    @Test("going back writes the files while the applications go on, then pauses, and leads back behind the open source")
    func back() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan)
        talk.intent.goal = .rolledBack
        talk.see(.target, .target)
        talk.seen.forward = .value(.lane(.absent))
        talk.seen.reverse = .value(.lane(.running, confirmed: 100))
        talk.expect(enters: .rollingBack)
        talk.expect(.pointPoolers(.source))
        talk.see(.source, .target)
        talk.expectWait(.rollingBack)
        talk.pass(seconds: 120)
        talk.expect(.pausePoolers, .closeTarget(epoch: 1))
        talk.seen.target = .value(.init(isPrepared: true, fence: .closed, epoch: 2, position: WALPosition(bytes: 100)))
        talk.seen.reverse = .value(.lane(.absent))
        talk.seen.forward = .value(.lane(.connected))
        talk.expect(.openSource(epoch: 2), .turnPoolers(.source))
        talk.seen.source = .value(.open(3))
        talk.see(.source, .target, paused: true)
        talk.expect(.turnPoolers(.source))
        talk.see(.source, .source)
        talk.expect(.connectLanes(.forward, epoch: 3))
        talk.seen.forward = .value(.lane(.running))
        talk.expect(enters: .rolledBack)
    }

    @Test(
        "a pause found outside of a write pause ends first, whatever the phase waits for",
        arguments: [Phase.awaitingCutover, .soaking, .promoted, .rolledBack])
    func late(phase: Phase) {
        var talk = Dialogue.reached(phase, plan: Self.plan)
        talk.intent.isSuspended = true
        talk.see(.source, .source, paused: true)
        talk.expect(.resumePoolers)
        talk.problems = ["spec"]
        talk.record?.accepted = Self.plan
        talk.expect(.resumePoolers)
    }

    @Test("a replica that comes up with an old file while the applications soak reads the new one")
    func straggler() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan)
        talk.seen.forward = .value(.lane(.absent))
        talk.seen.reverse = .value(.lane(.running))
        talk.see(.target, .mixed)
        talk.expect(.turnPoolers(.target))
    }

    @Test("deleted while files are staged: they are written back before the object goes")
    func deleted() {
        var talk = Self.awaiting()
        talk.ask()
        talk.intent.isDeleted = true
        talk.see(.target, .source)
        talk.expect(.pointPoolers(.source))
        talk.see(.source, .source)
        talk.expectWait(.deleting)
        talk.pass(seconds: 120)
        talk.expect(.releaseFinalizer)
    }

    @Test("the source goes away between the pause and the fence of the target: nobody waits for it behind a pooler")
    func sourceAway() {
        var talk = Dialogue.reached(.rollingBack, plan: Self.plan)
        talk.record?.rollback = .init(cause: .init(.probeFailed, ""), isRequested: false, from: .soaking, acceptsLoss: false, pauses: 1)
        (talk.seen.source, talk.seen.target) = (.unknown("connection refused"), .value(.open(1)))
        talk.see(.source, .target, paused: true)
        talk.expect(.resumePoolers)
        talk.see(.source, .target)
        talk.expectWait(.observationFailed)
    }

    /// On the way back, the poolers paused in front of a target that does not close.
    private static func paused(tries: Int) -> Dialogue {
        var talk = Dialogue.reached(.rollingBack, plan: Self.plan)
        talk.record?.rollback = .init(cause: .init(.probeFailed, ""), isRequested: false, from: .soaking, acceptsLoss: false, pauses: tries)
        talk.record?.rollback?.closingAt = talk.now
        talk.record?.pointedAt = talk.now.adding(seconds: -600)
        (talk.seen.source, talk.seen.target) = (.value(.closed(2)), .value(.open(1)))
        talk.see(.source, .target, paused: true)
        return talk
    }

    @Test("a target that does not close: after three pauses nobody waits for it behind a pooler any more")
    func unclosed() {
        var talk = Self.paused(tries: 2)
        talk.expect(.pausePoolers, .closeTarget(epoch: 1))
        talk.expect(.resumePoolers)
        talk.see(.source, .target)
        for _ in 0..<5 { talk.expect(.closeTarget(epoch: 1)) }
    }

    @Test("a target that was closed half, or never opened, is closed behind the pause that there is", arguments: [FenceState.partial, .closed])
    func behindThePause(fence: FenceState) {
        var talk = Self.paused(tries: 1)
        talk.seen.target = .value(.init(isPrepared: true, fence: fence, epoch: 0))
        talk.expect(.closeTarget(epoch: 0))
    }

    @Test("a target that only the controller does not reach: the pause lasts as long as its budget", arguments: [false, true])
    func targetAway(hasBegun: Bool) {
        var talk = Self.paused(tries: 1)
        // Paused by the cutover, whose target was never seen open.
        if !hasBegun { talk.record?.rollback?.closingAt = nil }
        talk.seen.target = .unknown("no route to host")
        talk.expectWait(.observationFailed)
        talk.pass(seconds: 60)
        talk.expect(.resumePoolers)
        talk.see(.source, .target)
        talk.expectWait(.observationFailed)
    }

    @Test("what is over at the next look does not begin the wait for the files anew")
    func blip() {
        var talk = Self.awaiting()
        talk.expect(.pointPoolers(.target))
        talk.see(.target, .source)
        talk.pass(seconds: 100)
        talk.seen.preflight = .value([.init(reason: .unreachable, message: "")])
        talk.expectWait(.progressingWithRetry)
        talk.seen.preflight = .value([])
        talk.pass(seconds: 20)
        talk.expect(enters: .fencing)
    }

    @Test("files that wait for a Job, a gate or a baseline are written back: a pooler that starts anew meanwhile would lead to the closed target")
    func longWaits() {
        for hold in [{ (talk: inout Dialogue) in talk.intent.gates = [.init(name: "dba", before: .cutover)] }, { $0.seen.rest = .value(.job) }] {
            var talk = Self.awaiting()
            talk.plan.cutover.workloads = [.init(matchLabels: ["app": "report"], kinds: [.cronJob])]
            talk.seen.rest = .value(.resting)
            talk.expect(.pointPoolers(.target))
            talk.see(.target, .source)
            talk.expectWait(.waitingForPoolers)
            hold(&talk)
            talk.seen.reverse = .value(.lane(.absent))
            talk.expect(.pointPoolers(.source))
        }
    }

    @Test("who lost the lease opens the source and resumes, but not behind a successor's seal")
    func lease() {
        let fenced = Record.reached(.draining, plan: Self.plan)
        #expect(fenced.undoWithoutLease(.closed(1)) == [.openSource(epoch: 1), .resumePoolers])
        #expect(fenced.undoWithoutLease(.open(0)) == [.resumePoolers], "paused, and not fenced yet")
        #expect(fenced.undoWithoutLease(.open(2)) == [.resumePoolers], "opened, and not resumed yet")
        #expect(fenced.undoWithoutLease(.closed(2)) == [])
        #expect(Record.reached(.switching, plan: Self.plan).undoWithoutLease(.closed(1)) == [])
    }
}

@Suite("Poolers, and applications with connections of their own")
struct PooledAndConnectedTests {
    /// Behind the open target, with a pooler that does not get its file.
    private static func switched(automaticRollback: Bool) -> Dialogue {
        var talk = Dialogue.reached(.switching, plan: .pooled(automaticRollback: automaticRollback, andConnected: true))
        (talk.seen.forward, talk.seen.reverse) = (.value(.lane(.connected)), .value(.lane(.connected)))
        talk.expect(.openTarget(epoch: 0), .turnPoolers(.target))
        talk.seen.target = .value(.open(1))
        talk.see(.target, .mixed, paused: true)
        return talk
    }

    /// The applications with connections of their own come to the target.
    private static func moved(automaticRollback: Bool) -> Dialogue {
        var talk = switched(automaticRollback: automaticRollback)
        talk.expect(.turnPoolers(.target), .pointSecrets(.target))
        talk.seen.secrets = .value(.target)
        talk.expect(.turnPoolers(.target), .restartWorkloads(tag: Dialogue.forward, order: 0))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .progressing("0 of 1")))
        talk.expect(.turnPoolers(.target), .connectLanes(.reverse, epoch: 2))
        talk.seen.reverse = .value(.lane(.running))
        talk.expect(.turnPoolers(.target))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(.turnPoolers(.target))
        return talk
    }

    @Test("a late pooler holds up nobody else; when all are there, the soak begins")
    func late() {
        var talk = Self.moved(automaticRollback: true)
        talk.see(.target, .target)
        talk.expect(enters: .soaking)
    }

    @Test("a pooler that never turns takes all back")
    func never() {
        var talk = Self.moved(automaticRollback: true)
        talk.pass(seconds: 240)
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.cause.reason == .rolloutFailed)
    }

    @Test("a Secret that cannot be written keeps no pooler waiting, nor is it waited for longer than poolers may take")
    func refusedSecret() {
        var talk = Self.switched(automaticRollback: true)
        for _ in 1...3 { talk.expect(.turnPoolers(.target), .pointSecrets(.target)) }
        talk.pass(seconds: 240)
        talk.expect(enters: .rollingBack)
    }

    @Test("where going back by itself is off, such a Secret is tried for ever, without the poolers once they have had their time")
    func refusedForEver() {
        var talk = Self.switched(automaticRollback: false)
        talk.expect(.turnPoolers(.target), .pointSecrets(.target))
        talk.pass(seconds: 240)
        talk.expect(.pointSecrets(.target))
    }

    @Test("consoles that do not answer take nothing back, and are waited for before the promotion")
    func silent() {
        var talk = Self.moved(automaticRollback: true)
        talk.seen.poolers = .unknown("connection refused")
        talk.pass(seconds: 240)
        talk.expect(enters: .soaking)
    }

    @Test("where going back by itself is off, nothing is promoted before every pooler leads to the target")
    func stays() {
        var talk = Self.moved(automaticRollback: false)
        talk.pass(seconds: 240)
        let decision = talk.ask()
        #expect(decision.notices.map(\.reason) == [.rolloutFailed])
        #expect(talk.phase == .soaking)
        talk.seen.forward = .value(.lane(.absent))
        // It leads to a closed side, and waiting would not end.
        talk.expect(.resumePoolers)
        talk.see(.target, .mixed)
        for _ in 1...4 {
            talk.probe(.ok)
            talk.expect(.turnPoolers(.target))
            talk.pass(seconds: 10)
        }
        talk.seen.poolers = .unknown("connection refused")
        talk.expectWait(.observationFailed)
        talk.see(.target, .target)
        talk.probe(.ok)
        talk.expect(enters: .promoted)
    }

    @Test("on the way back Secrets and workloads come first, and what a pooler lacks is left to a person")
    func back() throws {
        var talk = Dialogue.reached(.rollingBack, plan: .pooled(andConnected: true))
        talk.record?.rollback = .init(cause: .init(.probeFailed, ""), isRequested: false, from: .soaking, acceptsLoss: false, isCarriedBack: true)
        talk.record?.pointedAt = start
        (talk.seen.source, talk.seen.target, talk.seen.secrets) = (.value(.closed(2)), .value(.closed(1)), .value(.target))
        (talk.seen.forward, talk.seen.reverse) = (.value(.lane(.connected)), .value(.lane(.absent)))
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.see(.source, .target, paused: true)
        // However long the target took to close and to drain.
        talk.pass(seconds: 1000)
        talk.expect(.openSource(epoch: 2), .turnPoolers(.source))
        talk.seen.source = .value(.open(3))
        talk.see(.source, .mixed, paused: true)
        talk.expect(.turnPoolers(.source), .pointSecrets(.source))
        talk.seen.secrets = .value(.source)
        talk.expect(.turnPoolers(.source), .restartWorkloads(tag: Dialogue.back, order: 0))
        talk.seen.workloads = .value(.init(tag: Dialogue.back, rollout: .progressing("0 of 1")))
        talk.expect(.turnPoolers(.source))
        talk.seen.workloads = .value(.init(tag: Dialogue.back, rollout: .complete))
        talk.expect(.turnPoolers(.source))
        talk.pass(seconds: 240)
        talk.expect(enters: .failed)
        #expect(talk.record?.failure?.reason == .rollbackFailed)
        let remaining = try #require(talk.record?.remaining)
        #expect(remaining.contains { $0.hasPrefix("kubectl edit configmap pgbouncer: key pgbouncer.ini has to lead to old:5432; then") })
        #expect(!remaining.contains { $0.contains("rollout restart") || $0.contains("secret ledger") }, "what is done is not left to do")
        talk.expect(.resumePoolers)
        talk.see(.source, .mixed)
        talk.expect(.turnPoolers(.source))
    }
}

extension RestState {
    fileprivate static let resting = RestState(isSuspended: true, isScaledToZero: false, isHeld: true)
    fileprivate static let job = RestState(isSuspended: true, runningJobs: "Job nightly", isScaledToZero: false, isHeld: true)
}

extension Dialogue {
    fileprivate mutating func see(_ files: SecretsState, _ leads: SecretsState, paused: Bool = false) {
        seen.poolers = .value(.init(files: files, leads: leads, isPaused: paused))
    }
}
