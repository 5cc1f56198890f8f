import Foundation
import Testing

@testable import MigrationCore

@Suite("Steps that wait for a person")
struct NamedGateTests {
    private static func talk(_ phase: Phase, _ step: NamedGate.Step, plan: Plan = .example(soakSeconds: 0)) -> Dialogue {
        var talk = Dialogue.reached(phase, plan: plan)
        talk.intent.gates = [.init(name: "uat", before: step), .init(name: "old", before: step, approvedBy: "jane")]
        return talk
    }

    private static func waits(_ talk: inout Dialogue) -> String? {
        guard case .awaitingApproval(let message) = talk.ask().standing else { return nil }
        return message
    }

    @Test("the write pause waits until somebody approves, and says for which gate")
    func cutover() {
        var talk = Self.talk(.awaitingCutover, .cutover)
        for _ in 0..<3 {
            #expect(
                Self.waits(&talk) == "Everything is ready; the write pause waits for gate uat: set approvedBy of it in spec.gates.")
        }
        #expect(talk.phase == .awaitingCutover)
        talk.intent.gates[0].approvedBy = "joe"
        talk.expect(enters: .fencing)
        // Taken back, it stops nothing that has begun.
        talk.intent.gates[0].approvedBy = nil
        talk.expect(.closeSource(epoch: 0))
    }

    @Test("before the pause a rest at goal Ready is no wait for a gate")
    func ready() {
        var talk = Self.talk(.awaitingCutover, .cutover)
        talk.intent.goal = .ready
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false)) }
    }

    @Test("the promotion waits, while health is watched and may still go back")
    func promoted() {
        var talk = Self.talk(.soaking, .promoted)
        talk.probe(.ok)
        #expect(Self.waits(&talk)?.contains("the promotion waits for gate uat") == true)
        talk.pass(seconds: 10)
        var approved = talk
        approved.intent.gates[0].approvedBy = "joe"
        approved.expect(enters: .promoted)
        for _ in 0..<2 {
            talk.probe(.failed)
            talk.ask()
            talk.pass(seconds: 10)
        }
        #expect(talk.phase == .rollingBack)
    }

    @Test("the clean-up waits, and going back stays possible")
    func completed() {
        var talk = Self.talk(.promoted, .completed)
        talk.intent.goal = .completed
        #expect(Self.waits(&talk)?.contains("closes the rollback window, waits for gate uat") == true)
        #expect(talk.phase == .promoted)
        var back = talk
        back.intent.goal = .rolledBack
        back.expect(enters: .rollingBack)
        talk.intent.gates[0].approvedBy = "joe"
        talk.expect(enters: .cleaningUp)
    }

    @Test(
        "no step is taken past a gate that holds it", arguments: Phase.allCases, [AbstractSpace.snapshot, .live])
    func held(phase: Phase, space: AbstractSpace) {
        let held: [Phase] = [.fencing, .promoted, .cleaningUp]
        var passed: Set<Phase> = []
        space.forEachVisit(phase) { desired, record, observation, now in
            var gated = desired
            gated.intent.gates = NamedGate.Step.allCases.map { .init(name: $0.rawValue.lowercased(), before: $0) }
            let decision = decide(gated, uid: "u", record: record, observation: observation, now: now)
            passed.formUnion(held.filter { decision.record.phase == $0 && record.phase != $0 })
        }
        #expect(passed == [])
    }

    // MARK: How old the verification may be

    private static func live(_ maxAge: Int? = 3600) -> Dialogue {
        var plan = Plan.example(mode: .live)
        plan.verificationMaxAgeSeconds = maxAge
        var talk = Dialogue.reached(.awaitingCutover, plan: plan)
        talk.seen.forward = .value(.lane(.running, lag: 0))
        talk.seen.reverse = .value(.lane(.connected))
        talk.record?.jobs[.copy] = 1
        talk.record?.milestones = [.copied, .caughtUp, .verified]
        talk.record?.verifiedAt = start
        return talk
    }

    @Test("a verification that is too old is made again, but only once somebody wants the cutover")
    func stale() {
        var talk = Self.live()
        talk.pass(seconds: 3599)
        var fresh = talk
        fresh.expect(enters: .fencing)
        talk.pass(seconds: 1)
        // Reverse lanes are there only while the cutover is about to begin.
        talk.seen.reverse = .value(.lane(.absent))
        talk.intent.goal = .ready
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "compares although nobody wants the cutover") }
        talk.intent.goal = .promoted
        talk.intent.gates = [.init(name: "uat", before: .cutover)]
        #expect(Self.waits(&talk) != nil)
        talk.intent.gates = []
        talk.expect(enters: .replicating)
        #expect(talk.record?.milestones.contains(.verified) == false)
        talk.expect(enters: .verifying)
        talk.seen.job = .value(.succeeded("equal"))
        talk.expect(enters: .awaitingCutover)
        #expect(talk.record?.verifiedAt == talk.now)
        talk.seen.reverse = .value(.lane(.connected))
        talk.expect(enters: .fencing)
    }

    @Test("without a limit, or without a verification, nothing is stale; a record that knows no time is")
    func unlimited() {
        var talk = Self.live(nil)
        talk.pass(seconds: 1_000_000)
        talk.expect(enters: .fencing)
        var none = Self.live()
        none.plan.verification = .none
        none.pass(seconds: 1_000_000)
        none.expect(enters: .fencing)
        var former = Self.live()
        former.record?.verifiedAt = nil
        former.expect(enters: .replicating)
    }
}
