import Testing

@testable import MigrationCore

@Suite("Health while soaking")
struct HealthTests {
    @Test("flapping never promotes and never goes back")
    func flapping() {
        var talk = Dialogue.reached(.soaking)
        for round in 0..<20 {
            talk.probe(round.isMultiple(of: 2) ? .ok : .failed)
            talk.ask()
            #expect(talk.phase == .soaking)
            talk.pass(seconds: 10)
        }
    }

    @Test("inconclusive is neither success nor failure, and begins the soak anew")
    func inconclusive() {
        var talk = Dialogue.reached(.soaking)
        for _ in 0..<3 {
            talk.probe(.ok)
            talk.expectWait(.soaking)
            talk.pass(seconds: 10)
        }
        talk.probe(.inconclusive)
        for _ in 0..<20 {
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
        talk.probe(.ok)
        talk.expectWait(.soaking)
    }

    @Test("an inconclusive reading breaks a row of failures")
    func brokenStreak() {
        var talk = Dialogue.reached(.soaking)
        for verdict in [Verdict.failed, .inconclusive, .failed, .inconclusive] {
            talk.probe(verdict)
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
    }

    @Test("one reading counts once, however often we look")
    func readOnce() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.failed)
        for _ in 0..<10 { talk.expectWait(.probeInconclusive) }
        #expect(talk.record?.checks["health"]?.streak == 1)
    }

    @Test("asks for probes when they are due, and only then")
    func due() {
        var talk = Dialogue.reached(.soaking)
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.probes))
        talk.probe(.ok)
        talk.ask()
        talk.pass(seconds: 9)
        #expect(!factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.probes))
        talk.pass(seconds: 1)
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.probes))
    }

    @Test("probes that fell due while the visit was under way are asked for next, not skipped")
    func fellDue() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.ok)
        talk.expectWait(.soaking)
        talk.pass(seconds: 30)
        talk.seen.probes = []
        #expect(talk.ask().wake == 1)
        #expect(talk.phase == .soaking)
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.probes))
        talk.probe(.ok)
        talk.expect(enters: .promoted)
    }

    @Test("a stretch nobody watched does not count as healthy")
    func gap() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.ok)
        talk.expectWait(.soaking)
        talk.intent.isSuspended = true
        talk.ask()
        talk.pass(seconds: 3600)
        talk.intent.isSuspended = false
        talk.expectWait(.soaking)
        #expect(talk.record?.healthySince == talk.now)
    }

    @Test("a rollout that falls apart while soaking goes back after three readings")
    func rollout() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.ok)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .failed("CrashLoopBackOff")))
        for _ in 0..<2 {
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
        talk.expect(enters: .rollingBack)
    }

    @Test("without probes the rollout alone decides")
    func noProbes() {
        var plan = Plan.example(soakSeconds: 0)
        plan.health.http = []
        var talk = Dialogue.reached(.soaking, plan: plan)
        talk.expect(enters: .promoted)
    }

    private static func plan(_ limits: Plan.CheckLimits, soakSeconds: Int = 30) -> Plan {
        var plan = Plan.example(soakSeconds: soakSeconds)
        plan.health.http[0].limits = limits
        return plan
    }

    @Test("failures add up where their total is limited, whatever lies between them")
    func totalFailures() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan(.init(failureLimit: 2, totalFailureLimit: 4)))
        for round in 0..<6 {
            talk.probe(round.isMultiple(of: 2) ? .failed : .ok)
            talk.ask()
            #expect(talk.phase == .soaking)
            talk.pass(seconds: 10)
        }
        talk.probe(.failed)
        talk.expect(enters: .rollingBack)
        #expect(talk.record?.rollback?.cause.message.contains("failed 4 times in this soak") == true)
    }

    @Test("a total that was reached stays so, whatever is read afterwards")
    func totalStays() {
        var plan = Self.plan(.init(failureLimit: 9, totalFailureLimit: 1), soakSeconds: 0)
        plan.rollback.automatic = false
        var talk = Dialogue.reached(.soaking, plan: plan)
        for verdict in [Verdict.failed, .ok, .ok] {
            talk.probe(verdict)
            talk.expectWait(.automaticRollbackOff)
            talk.pass(seconds: 10)
        }
    }

    @Test("a check is good after so many good readings in a row, and the soak begins then")
    func successes() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan(.init(successThreshold: 3), soakSeconds: 10))
        for verdict in [Verdict.ok, .ok, .failed, .ok, .ok] {
            talk.probe(verdict)
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
        talk.probe(.ok)
        talk.expectWait(.soaking)
        #expect(talk.record?.healthySince == talk.now)
        talk.pass(seconds: 10)
        talk.expect(enters: .promoted)
    }

    @Test("no answer so many times in a row asks for a person, and neither promotes nor goes back")
    func silence() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan(.init(inconclusiveLimit: 3), soakSeconds: 0))
        talk.probe(.inconclusive)
        for _ in 0..<2 {
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
        for _ in 0..<5 {
            let decision = talk.ask()
            guard case .awaitingApproval(let text) = decision.standing else { return #expect(Bool(false), "\(decision.standing)") }
            #expect(text.contains("health gave no usable answer"))
            #expect(decision.wake == 10 && decision.actions == [] && talk.phase == .soaking)
            talk.pass(seconds: 10)
        }
        talk.probe(.ok)
        talk.expect(enters: .promoted)
    }

    @Test("readings of the initial delay do not count")
    func initialDelay() {
        var talk = Dialogue.reached(.soaking, plan: Self.plan(.init(failureLimit: 1, initialDelaySeconds: 25), soakSeconds: 0))
        for _ in 0..<3 {
            talk.probe(.failed)
            talk.expectWait(.probeInconclusive)
            #expect(talk.record?.checks["health"] == nil)
            talk.pass(seconds: 10)
        }
        talk.probe(.failed)
        talk.expect(enters: .rollingBack)
    }

    @Test("each check has limits of its own")
    func separate() {
        var plan = Self.plan(.init(failureLimit: 5))
        plan.health.http.append(.init(name: "strict", address: .url("http://strict/"), limits: .init(failureLimit: 1)))
        var talk = Dialogue.reached(.soaking, plan: plan)
        talk.seen.probes = [.init(name: "health", verdict: .failed, message: ""), .init(name: "strict", verdict: .ok, message: "")]
        talk.expectWait(.probeInconclusive)
        talk.pass(seconds: 10)
        talk.seen.probes = [.init(name: "health", verdict: .ok, message: ""), .init(name: "strict", verdict: .failed, message: "")]
        talk.expect(enters: .rollingBack)
    }

    @Test("a soak begins without what the last attempt's checks said")
    func anew() {
        var talk = Dialogue.reached(.switching)
        talk.record?.checks = ["health": .init(verdict: .failed, streak: 9, message: "", failures: 9)]
        talk.record?.lastProbeAt = start
        talk.record?.targetEpoch = 0
        talk.record?.switchedAt = start
        talk.seen.target = .value(.open(1))
        talk.seen.secrets = .value(.target)
        talk.seen.workloads = .value(.init(tag: Dialogue.forward, rollout: .complete))
        talk.expect(enters: .soaking)
        #expect(talk.record?.checks == [:] && talk.record?.lastProbeAt == nil)
    }
}
