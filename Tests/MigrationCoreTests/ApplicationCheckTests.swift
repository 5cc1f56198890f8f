import Foundation
import Testing

@testable import MigrationCore

@Suite("What the applications' workloads, sessions and logs say")
struct ApplicationCheckTests {
    private static func talk(_ phase: Phase = .soaking, _ change: (inout Plan.Health) -> Void) -> Dialogue {
        var plan = Plan.example(soakSeconds: 0)
        plan.health.http = []
        change(&plan.health)
        return .reached(phase, plan: plan)
    }

    private static func workloads(_ replicas: WorkloadsState.Replicas..., rollout: WorkloadsState.Rollout = .complete) -> Fact<WorkloadsState> {
        .value(.init(tag: Dialogue.forward, rollout: rollout, replicas: replicas))
    }

    @Test(
        "workloads: every one by itself has to have enough replicas, and restarts are counted together",
        arguments: [
            ([(4, 4, 0), (2, 2, 3)], Verdict.ok, "6 of 6 replicas available, 3 restarts"),
            ([(4, 3, 0), (2, 2, 0)], .ok, "5 of 6 replicas available, 0 restarts"),
            ([(4, 4, 0), (2, 1, 0)], .failed, "w1 has 1 of 2 replicas available"),
            ([(4, 4, 2), (2, 2, 2)], .failed, "4 restarts of containers are above maxRestarts 3"),
            ([(0, 0, 0)], .ok, "0 of 0 replicas available, 0 restarts"),
            ([], .inconclusive, "the workloads' replicas are not known"),
            (
                Array(repeating: (1, 0, 1), count: 5), .failed,
                "w0 has 0 of 1 replicas available; w1 has 0 of 1 replicas available; w2 has 0 of 1 replicas available; and 2 more; "
                    + "5 restarts of containers are above maxRestarts 3"
            ),
        ] as [([(Int, Int, Int)], Verdict, String)])
    func workloads(replicas: [(Int, Int, Int)], verdict: Verdict, message: String) {
        let state = WorkloadsState(
            tag: nil, rollout: .complete,
            replicas: replicas.enumerated().map { .init(workload: "w\($0)", wanted: $1.0, available: $1.1, restarts: $1.2) })
        #expect(
            Plan.WorkloadCheck(minAvailablePercent: 75).reading(of: .value(state)) == .init(name: "workloads", verdict: verdict, message: message))
    }

    @Test("a workload that loses a replica in the soak goes back, although its rollout is merely under way")
    func loses() {
        var talk = Self.talk { $0.workloads = .init(limits: .init(failureLimit: 2)) }
        talk.seen.workloads = .unknown("the API server does not answer")
        talk.expectWait(.probeInconclusive)
        #expect(talk.record?.checks["workloads"]?.verdict == .inconclusive)
        for _ in 0..<2 {
            talk.pass(seconds: 10)
            talk.seen.workloads = Self.workloads(.init(workload: "Deployment ledger", wanted: 2, available: 1), rollout: .progressing("1 of 2"))
            talk.ask()
        }
        #expect(talk.phase == .rollingBack)
        #expect(talk.record?.rollback?.cause.message.contains("workloads failed 2 times in a row: Deployment ledger has 1 of 2") == true)
    }

    @Test("sessions: none may be left on the source, and the target has to have about as many as the source had")
    func sessions() {
        let check = Plan.SessionCheck(minOnTarget: 2, maxIncreasePercent: 100, maxDecreasePercent: 50)
        let (source, target) = (check.measured[0], check.measured[1])
        #expect(source.reading(of: .value(.init(0)), baseline: nil).verdict == .ok)
        let left = source.reading(of: .value(.init(3)), baseline: nil)
        #expect(left == .init(name: "source-sessions", verdict: .failed, message: "application sessions on the source: 3 is above max 0"))
        let verdicts = [1, 2, 4, 5, 20, 21].map { target.reading(of: .value(.init($0)), baseline: .init(lowest: 10, highest: 10)).verdict }
        #expect(verdicts == [.failed, .failed, .failed, .ok, .ok, .failed])
        #expect(target.reading(of: .value(.init(7)), baseline: nil).verdict == .inconclusive)
        #expect(source.reading(of: .unknown("no answer"), baseline: nil).verdict == .inconclusive)
    }

    @Test("the cutover waits for the sessions' and the logs' baseline, and records both")
    func baselines() {
        var talk = Self.talk(.awaitingCutover) {
            $0.sessions = .init(maxDecreasePercent: 50)
            $0.logs = .init(errorPattern: "FATAL", maxIncreasePercent: 20)
        }
        #expect(factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.baseline))
        talk.seen.measurements = ["target-sessions": .value(.init(12))]
        talk.expectWait(.probeInconclusive)
        talk.seen.measurements["logs"] = .value(.init(4, gap: "a pod logs too much"))
        talk.expectWait(.probeInconclusive)
        talk.seen.measurements["logs"] = .value(.init(4))
        talk.expect(enters: .fencing)
        #expect(talk.record?.baselines == ["target-sessions": .init(lowest: 12, highest: 12), "logs": .init(lowest: 4, highest: 4)])
    }

    @Test("checks without a comparison hold up no cutover")
    func withoutComparison() {
        var talk = Self.talk(.awaitingCutover) {
            $0.sessions = .init()
            $0.logs = .init(errorPattern: "FATAL", maxMatches: 0)
            $0.workloads = .init()
        }
        #expect(!factsNeeded(talk.desired, record: talk.record, now: talk.now).contains(.baseline))
        talk.expect(enters: .fencing)
    }

    @Test("logs: a lower bound above the limit has failed, one within it says nothing")
    func logs() {
        let check = Plan.LogCheck(errorPattern: "FATAL", maxMatches: 5).measured
        let verdict = { (count: Int, gap: String?) in check.reading(of: .value(.init(count, gap: gap)), baseline: nil) }
        #expect(verdict(5, nil) == .init(name: "logs", verdict: .ok, message: "log lines with errorPattern in a minute: 5"))
        #expect(verdict(6, "cut").verdict == .failed)
        #expect(verdict(5, "cut") == .init(name: "logs", verdict: .inconclusive, message: "cut"))
    }

    @Test("no line from before the soak counts: the write pause leaves errors that say nothing about the target")
    func window() {
        let check = Plan.LogCheck(errorPattern: "x", maxMatches: 0)
        let soaking = Record.reached(.soaking)
        #expect(check.seconds(nil, now: start) == 60)
        #expect([0, 1, 20, 60, 500].map { check.seconds(soaking, now: start.adding(seconds: $0)) } == [1, 1, 20, 60, 60])
        #expect(check.seconds(Record.reached(.awaitingCutover), now: start.adding(seconds: 5)) == 60)
    }

    @Test("in the soak each of them decides, and only together they promote")
    func together() {
        var talk = Self.talk {
            $0.workloads = .init()
            $0.sessions = .init(limits: .init(failureLimit: 1))
            $0.logs = .init(errorPattern: "x", maxMatches: 0)
        }
        #expect(talk.plan.health.limits.keys.sorted() == ["logs", "rollout", "source-sessions", "target-sessions", "workloads"])
        talk.seen.workloads = Self.workloads(.init(workload: "Deployment ledger", wanted: 1, available: 1))
        talk.seen.measurements = ["source-sessions": .value(.init(0)), "target-sessions": .unknown("no answer"), "logs": .value(.init(0))]
        talk.expectWait(.probeInconclusive)
        talk.pass(seconds: 10)
        var fails = talk
        fails.seen.measurements["target-sessions"] = .value(.init(0))
        fails.expect(enters: .rollingBack)
        talk.seen.measurements["target-sessions"] = .value(.init(1))
        talk.expect(enters: .promoted)
    }

    @Test("a plan with them survives the record, and one from before them can be read")
    func coding() throws {
        var health = Plan.Health(workloads: .init(), sessions: .init(maxDecreasePercent: 5), logs: .init(errorPattern: "x", maxMatches: 1))
        #expect(try JSONDecoder().decode(Plan.Health.self, from: JSONEncoder().encode(health)) == health)
        (health.workloads, health.sessions, health.logs) = (nil, nil, nil)
        #expect(try JSONDecoder().decode(Plan.Health.self, from: JSONEncoder().encode(health)) == health)
    }
}
