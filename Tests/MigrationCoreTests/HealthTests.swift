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
}
