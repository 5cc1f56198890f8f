import Testing

@testable import MigrationCore

@Suite("A clock that jumps")
struct ClockTests {
    private static let day = 86_400

    @Test("set back while the source is fenced: nobody knows how long, so the fence is undone", arguments: FenceTests.fenced)
    func backInThePause(_ phase: Phase) {
        var talk = Dialogue.reached(phase)
        talk.now = talk.record?.fence?.decidedAt ?? start
        talk.pass(seconds: -1)
        talk.seen.source = .value(.closed(1))
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now) == [.source, .hasJobs])
        let decision = talk.ask()
        #expect(decision.actions == [.openSource(epoch: 1)])
        #expect(talk.record?.abort?.reason == .pauseBudgetExceeded)
        #expect(talk.record?.abort?.message.contains("set back") == true)
    }

    @Test("set back while soaking: probes go on at once, and the soak begins anew")
    func backInTheSoak() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.ok)
        talk.expectWait(.soaking)
        talk.pass(seconds: -Self.day)
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.probes))
        talk.expectWait(.soaking)
        #expect(talk.record?.healthySince == talk.now)
        #expect(talk.record?.lastProbeAt == talk.now)
        for _ in 0..<2 {
            talk.pass(seconds: 10)
            talk.expectWait(.soaking)
        }
        talk.pass(seconds: 10)
        talk.expect(enters: .promoted)
    }

    @Test("set forward while soaking: a day that nobody watched does not count")
    func forwardInTheSoak() {
        var talk = Dialogue.reached(.soaking)
        talk.probe(.ok)
        talk.expectWait(.soaking)
        talk.pass(seconds: Self.day)
        talk.expectWait(.soaking)
        #expect(talk.record?.healthySince == talk.now)
    }

    @Test("set back while unhealthy, or while being deleted: what waits for a time limit waits no longer than that")
    func backBeforeALimit() {
        var record = Record.reached(.soaking)
        let later = start.adding(seconds: Self.day)
        (record.phaseStartedAt, record.unhealthySince, record.teardownStartedAt, record.jobStartedAt) = (later, later, later, later)
        let seen = record.seen(from: start)
        #expect(seen.phaseStartedAt == start && seen.unhealthySince == start && seen.teardownStartedAt == start && seen.jobStartedAt == start)
        #expect(seen.seen(from: start.adding(seconds: 1)) == seen)
    }
}
