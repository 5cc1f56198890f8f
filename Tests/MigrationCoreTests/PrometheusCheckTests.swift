import Foundation
import Testing

@testable import MigrationCore

@Suite("What a query measured, and what it is compared with")
struct PrometheusCheckTests {
    private static func check(
        max: Double? = nil, min: Double? = nil, increase: Int? = nil, decrease: Int? = nil, limits: Plan.CheckLimits = .init(failureLimit: 2)
    ) -> Plan.PrometheusCheck {
        .init(
            name: "errors", address: "http://prometheus", query: "secret_query", max: max, min: min, maxIncreasePercent: increase,
            maxDecreasePercent: decrease, limits: limits)
    }

    private static func measured(_ values: Double...) -> Fact<MeasuredValues> { MeasuredValues(values).map { .value($0) } ?? .unknown("nothing") }

    @Test(
        "limits include their own value, every series counts, and infinity is a value",
        arguments: [
            ([0.01], Verdict.ok, "0.01"), ([0.02], .failed, "0.02 is above max 0.01"), ([-2], .failed, "-2 is below min -1"),
            ([0, 0.01], .ok, "0 to 0.01 in 2 series"), ([0, 3, 0.5], .failed, "3 is above max 0.01, the worst of 3 series"),
            ([.infinity], .failed, "+Inf is above max 0.01"), ([-.infinity], .failed, "-Inf is below min -1"),
            ([0, .nan], .inconclusive, "a series has no value (NaN)"), ([.nan, 3], .failed, "3 is above max 0.01"),
        ] as [([Double], Verdict, String)])
    func absolute(values: [Double], verdict: Verdict, message: String) throws {
        let found = try #require(MeasuredValues(values))
        let reading = Self.check(max: 0.01, min: -1).measured.reading(of: .value(found), baseline: nil)
        #expect(reading == ProbeReading(name: "errors", verdict: verdict, message: message))
    }

    @Test("nothing measured is inconclusive, with its reason")
    func absent() {
        #expect(MeasuredValues([]) == nil && MeasuredValues([.nan, .nan]) == nil)
        let reading = Self.check(max: 1, increase: 1).measured.reading(of: .unknown("no series"), baseline: .init(lowest: 0, highest: 0))
        #expect(reading == ProbeReading(name: "errors", verdict: .inconclusive, message: "no series"))
    }

    @Test(
        "the highest series is compared with the baseline's highest, the lowest with its lowest",
        arguments: [
            ([120], Verdict.ok, "120"), ([121], .failed, "121 is more than 20 % above the baseline 100"), ([45], .ok, "45"),
            ([44], .failed, "44 is more than 10 % below the baseline 50"), ([60, 110], .ok, "60 to 110 in 2 series"),
            ([60, 130], .failed, "130 is more than 20 % above the baseline 100, the worst of 2 series"),
        ] as [([Double], Verdict, String)])
    func relative(values: [Double], verdict: Verdict, message: String) throws {
        let found = try #require(MeasuredValues(values))
        let reading = Self.check(increase: 20, decrease: 10).measured.reading(of: .value(found), baseline: .init(lowest: 50, highest: 100))
        #expect(reading == ProbeReading(name: "errors", verdict: verdict, message: message))
    }

    @Test("a negative baseline rises towards zero; from zero every percentage is zero")
    func signs() {
        let check = Self.check(increase: 50, decrease: 50)
        let verdict = { (value: Double, baseline: Double) in
            check.measured.reading(of: Self.measured(value), baseline: .init(lowest: baseline, highest: baseline)).verdict
        }
        #expect([-4, -5, -6, -7.5].map { verdict($0, -5) } == [.ok, .ok, .ok, .ok])
        #expect([-2, -8].map { verdict($0, -5) } == [.failed, .failed])
        #expect([0, 0.001, -0.001].map { verdict($0, 0) } == [.ok, .failed, .failed])
    }

    @Test("without a baseline nothing is good, and a limit of its own still fails")
    func withoutBaseline() {
        let check = Self.check(max: 10, increase: 20)
        #expect(check.measured.reading(of: Self.measured(5), baseline: nil).verdict == .inconclusive)
        #expect(check.measured.reading(of: Self.measured(11), baseline: nil).verdict == .failed)
    }

    @Test("only a finite, complete measurement is a baseline")
    func usable() {
        let check = Self.check(increase: 20)
        #expect(check.measured.baseline(from: Self.measured(3, 1, 2)) == .value(.init(lowest: 1, highest: 3)))
        for measured in [Self.measured(1, .infinity), Self.measured(-.infinity), Self.measured(1, .nan), .unknown("timeout")] {
            #expect(check.measured.baseline(from: measured).value == nil, "\(measured)")
        }
    }

    // MARK: In the machine

    private static func talk(_ phase: Phase, _ check: Plan.PrometheusCheck, mode: Plan.Copy.Mode = .snapshot) -> Dialogue {
        var plan = Plan.example(mode: mode)
        plan.health.prometheus = [check]
        return .reached(phase, plan: plan)
    }

    @Test("the baseline is a gate of the cutover: unread it waits, read it is recorded by the decision that fences")
    func gate() {
        var talk = Self.talk(.awaitingCutover, Self.check(increase: 20))
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.baseline))
        talk.seen.measurements = ["errors": .unknown("Prometheus answered 503")]
        for _ in 0..<5 { talk.expectWait(.probeInconclusive) }
        guard case .progressing(let cause) = talk.ask().standing else {
            Issue.record("no wait")
            return
        }
        #expect(cause.message.contains("check errors: Prometheus answered 503") && !cause.message.contains("secret_query"))
        #expect(talk.record?.baselines == nil && talk.record?.fence == nil)
        talk.seen.measurements = ["errors": Self.measured(1, 2)]
        talk.expect(enters: .fencing)
        #expect(talk.record?.baselines == ["errors": .init(lowest: 1, highest: 2)])
    }

    @Test("without goal, or without a comparison, nothing is measured before the cutover")
    func notWanted() {
        var talk = Self.talk(.awaitingCutover, Self.check(increase: 20))
        talk.intent.goal = .ready
        #expect(!factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.baseline))
        var plain = Self.talk(.awaitingCutover, Self.check(max: 1))
        #expect(!factsNeeded(plain.desired, record: plain.record, now: plain.now).contains(.baseline))
        plain.expect(enters: .fencing)
        #expect(plain.record?.baselines == nil)
    }

    @Test("a cutover that was undone measures again before the next one")
    func again() {
        var talk = Self.talk(.awaitingCutover, Self.check(increase: 20))
        talk.seen.measurements = ["errors": Self.measured(1)]
        talk.expect(enters: .fencing)
        talk.record?.abort = .init(.requested, "")
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .awaitingCutover)
        talk.intent.attempt = 2
        talk.seen.measurements = ["errors": .unknown("down")]
        talk.expectWait(.probeInconclusive)
        talk.seen.measurements = ["errors": Self.measured(7)]
        talk.expect(enters: .fencing)
        #expect(talk.record?.baselines == ["errors": .init(lowest: 7, highest: 7)])
    }

    @Test("a new attempt after a rollback knows no baseline")
    func newAttempt() {
        var talk = Self.talk(.rolledBack, Self.check(increase: 20))
        talk.record?.baselines = ["errors": .init(lowest: 1, highest: 1)]
        talk.intent.attempt = 2
        talk.expect(enters: .pending)
        #expect(talk.record?.baselines == nil)
    }

    @Test("in the soak, a value too far above the baseline goes back, and one within promotes")
    func soak() {
        for (value, end) in [(1.2, Phase.promoted), (1.3, .rollingBack)] {
            var talk = Self.talk(.soaking, Self.check(increase: 20))
            talk.record?.baselines = ["errors": .init(lowest: 1, highest: 1)]
            talk.probe(.ok)
            talk.seen.measurements = ["errors": Self.measured(value)]
            for _ in 0..<4 where talk.phase == .soaking {
                talk.ask()
                talk.pass(seconds: 10)
            }
            #expect(talk.phase == end)
            #expect(talk.record?.checks["errors"]?.message.hasPrefix("\(value)") == true)
        }
    }

    @Test("what cannot be measured neither promotes nor goes back, and alone asks for a person at its limit")
    func silent() {
        var talk = Self.talk(.soaking, Self.check(max: 1, limits: .init(failureLimit: 1, inconclusiveLimit: 3)))
        talk.plan.health.http = []
        talk.record?.frozen = talk.plan
        talk.seen.measurements = ["errors": .unknown("the query gives no series")]
        for _ in 0..<2 {
            talk.expectWait(.probeInconclusive)
            talk.pass(seconds: 10)
        }
        guard case .awaitingApproval(let why) = talk.ask().standing else {
            Issue.record("nobody is asked")
            return
        }
        #expect(why.contains("the query gives no series") && talk.phase == .soaking)
        talk.pass(seconds: 10)
        // The next reading is due, and not there: what stands is not judged again.
        talk.seen.measurements = [:]
        #expect(talk.ask().wake == 1)
    }

    @Test("a record keeps its baselines; one without any, and a plan from before queries, can still be read")
    func coding() throws {
        var record = Record.reached(.soaking)
        #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
        record.frozen?.health.prometheus = [Self.check(max: 0.1, min: -3, increase: 20)]
        record.baselines = ["errors": .init(lowest: 0.1, highest: 1e300)]
        #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
        let former = Data(#"{"periodSeconds": 10, "http": [], "soakSeconds": 60}"#.utf8)
        #expect(try JSONDecoder().decode(Plan.Health.self, from: former) == Plan.Health(soakSeconds: 60))
    }
}
