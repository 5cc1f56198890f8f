import Testing

@testable import MigrationCore

/// A conversation with the core: tests change what is seen and wanted, ask, and compare the answer.
struct Dialogue {
    var intent = Intent(goal: .promoted)
    var plan = Plan.example()
    var problems: [String] = []
    var record: Record?
    var seen = Observation(
        hasFinalizer: true, conflictingOwner: .value(nil), preflight: .value([]), source: .value(.open(0)), target: .value(.closed(0)),
        secrets: .value(.source), workloads: .value(.init(tag: nil, rollout: .complete)), job: .value(.absent), hasJobs: .value(false),
        leftovers: .value([]))
    var now = start

    static let forward = "u.1.forward"
    static let back = "u.1.back"

    init(_ record: Record? = nil) { self.record = record }

    /// A dialogue that begins in `phase`, with the world as it looks there.
    static func reached(_ phase: Phase, plan: Plan = .example()) -> Dialogue {
        var talk = Dialogue(.reached(phase, plan: plan))
        talk.plan = plan
        if [.copying, .verifying].contains(phase) { talk.seen.source = .value(.closed(1)) }
        if [.switching, .soaking, .promoted].contains(phase) { talk.seen.source = .value(.closed(2)) }
        if [.soaking, .promoted].contains(phase) {
            talk.seen.target = .value(.open(1))
            talk.seen.secrets = .value(.target)
            talk.seen.workloads = .value(.init(tag: forward, rollout: .complete))
        }
        return talk
    }

    var phase: Phase { record?.phase ?? .pending }
    var desired: Desired { Desired(intent: intent, plan: problems.isEmpty ? .plan(plan) : .invalid(problems)) }

    @discardableResult
    mutating func ask() -> Decision {
        let decision = decide(desired, uid: "u", record: record, observation: seen, now: now)
        record = decision.record
        return decision
    }

    /// Expects the next visit to decide exactly these actions, and no other phase.
    mutating func expect(_ actions: Action..., sourceLocation: SourceLocation = #_sourceLocation) {
        let before = phase
        #expect(ask().actions == actions, sourceLocation: sourceLocation)
        #expect(phase == before, sourceLocation: sourceLocation)
    }

    /// Expects the next visit to enter `next` and do nothing else.
    mutating func expect(enters next: Phase, sourceLocation: SourceLocation = #_sourceLocation) {
        let decision = ask()
        #expect(decision.actions == [], sourceLocation: sourceLocation)
        #expect(phase == next, sourceLocation: sourceLocation)
    }

    /// Expects the next visit to wait where it is, for this reason.
    mutating func expectWait(_ reason: Reason, sourceLocation: SourceLocation = #_sourceLocation) {
        let before = phase
        let decision = ask()
        #expect(decision.actions == [], sourceLocation: sourceLocation)
        #expect(phase == before, sourceLocation: sourceLocation)
        #expect(decision.wake != nil, sourceLocation: sourceLocation)
        guard case .progressing(let cause) = decision.standing else {
            Issue.record("\(decision.standing) is not a wait", sourceLocation: sourceLocation)
            return
        }
        #expect(cause.reason == reason, sourceLocation: sourceLocation)
    }

    /// Expects the next visit to rest where it is, stalled for this reason.
    mutating func expectStalled(_ reason: Reason, sourceLocation: SourceLocation = #_sourceLocation) {
        let before = phase
        let decision = ask()
        #expect(decision.actions == [], sourceLocation: sourceLocation)
        #expect(phase == before, sourceLocation: sourceLocation)
        guard case .stalled(let cause) = decision.standing else {
            Issue.record("\(decision.standing) is not stalled", sourceLocation: sourceLocation)
            return
        }
        #expect(cause.reason == reason, sourceLocation: sourceLocation)
    }

    mutating func pass(seconds: Int) { now = now.adding(seconds: seconds) }

    mutating func probe(_ verdict: Verdict) { seen.probes = [.init(name: "health", verdict: verdict, message: verdict.rawValue)] }
}
