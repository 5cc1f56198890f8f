@testable import MigrationCore

/// Every abstract value of every fact, for tests that try all of them. Epochs are relative to ``Record/reached(_:plan:at:)``: the source fence was
/// decided at 0 and the target's opening at 0.
enum AbstractSpace {
    static let sources: [Fact<SourceState>] =
        [.unknown("timeout")] + (0...2).flatMap { epoch in FenceState.allCases.map { .value(.init(fence: $0, epoch: epoch)) } }

    static let targets: [Fact<TargetState>] =
        [.unknown("timeout"), .value(.init(isPrepared: false, fence: .open, epoch: 0))]
        + (0...1).flatMap { epoch in
            FenceState.allCases.flatMap { fence in
                [false, true].map { .value(.init(isPrepared: true, fence: fence, epoch: epoch, tookClientWrite: $0)) }
            }
        }

    static let secrets: [Fact<SecretsState>] = [.unknown("forbidden")] + SecretsState.allCases.map { .value($0) }

    static let workloads: [Fact<WorkloadsState>] =
        [.unknown("forbidden")]
        + [Dialogue.forward, Dialogue.back].flatMap { tag in
            [WorkloadsState.Rollout.complete, .progressing("1 of 2"), .failed("stuck")].map { .value(.init(tag: tag, rollout: $0)) }
        }

    static let jobs: [Fact<JobState>] = [
        .unknown("forbidden"), .value(.absent), .value(.running("")), .value(.succeeded("")),
        .value(.failed(reason: .workerLost, message: "", mayRetry: true)), .value(.failed(reason: .copyFailed, message: "", mayRetry: false)),
    ]

    static let hasJobs: [Fact<Bool>] = [.unknown("forbidden"), .value(false), .value(true)]
    static let leftovers: [Fact<Set<Leftover>>] =
        [.unknown("timeout"), .value([]), .value(Set(Leftover.allCases))] + Leftover.allCases.map { .value([$0]) }
    static let probes: [[ProbeReading]] =
        [[]] + [Verdict.ok, .failed, .inconclusive].map { [ProbeReading(name: "health", verdict: $0, message: "")] }
    static let owners: [Fact<String?>] = [.unknown("forbidden"), .value(nil), .value("other")]
    static let preflights: [Fact<[PreflightProblem]>] = [
        .unknown("timeout"), .value([]), .value([.init(reason: .databaseMissing, message: "")]), .value([.init(reason: .stateLost, message: "")]),
    ]

    static let plan = Plan.example(soakSeconds: 0, failureLimit: 1)

    /// Every wish: goals × suspended × deleted × invalid × attempt × accepted loss.
    static let wishes: [Desired] = Goal.allCases.flatMap { goal in
        (0..<32).map { bits in
            let intent = Intent(
                goal: goal, attempt: bits & 1 == 0 ? 1 : 2, isSuspended: bits & 2 != 0, isDeleted: bits & 4 != 0,
                acceptedLoss: bits & 8 != 0 ? "NoReverseLane" : "")
            return Desired(intent: intent, plan: bits & 16 != 0 ? .invalid(["spec"]) : .plan(plan))
        }
    }

    /// The wishes that differ for a switch or a rollback under way, which listen to the goal and the accepted loss alone.
    static let wishesWhenCommitted =
        wishes.filter { !$0.intent.isDeleted && $0.intent.attempt == 1 && !$0.intent.isSuspended && $0.plan == .plan(plan) }
        + [Desired(intent: Intent(goal: .promoted, isSuspended: true, isDeleted: true), plan: .invalid(["spec"]))]

    /// A rollback listens to none of them; these stand for all.
    static let wishesOfRollback = wishesWhenCommitted.filter {
        $0.intent.isDeleted || ($0.intent.goal == .rolledBack) == !$0.intent.acceptedLoss.isEmpty
    }

    /// The records a phase may stand on: the plain one, and what sets its rules apart.
    static func records(_ phase: Phase) -> [Record] {
        let plain = Record.reached(phase, plan: plan)
        func with(_ change: (inout Record) -> Void) -> Record {
            var record = plain
            change(&record)
            return record
        }
        let cause = Record.Cause(.probeFailed, "")
        switch phase {
        case .awaitingCutover: return [plain, with { $0.held = cause }]
        case .fencing: return [plain, with { $0.abort = cause }]
        case .copying, .verifying: return [plain, with { $0.abort = cause }, with { $0.jobFailures = 2 }]
        case .switching: return [plain, with { $0.targetEpoch = 0 }, with { ($0.targetEpoch, $0.firstClientWriteAt) = (0, start) }]
        case .soaking: return [plain, with { $0.firstClientWriteAt = start }]
        case .promoted: return [plain, with { $0.firstClientWriteAt = start }]
        case .rollingBack:
            let rollback = Record.Rollback(cause: cause, isRequested: false, from: .soaking, acceptsLoss: false)
            let accepting = Record.Rollback(cause: cause, isRequested: true, from: .soaking, acceptsLoss: true)
            return [
                with { $0.rollback = rollback }, with { ($0.rollback, $0.firstClientWriteAt) = (accepting, start) },
                with { ($0.rollback, $0.targetEpoch, $0.switchedAt) = (rollback, nil, nil) },
                with { ($0.rollback, $0.targetEpoch, $0.switchedAt, $0.fence, $0.frozen) = (rollback, nil, nil, nil, nil) },
            ]
        case .failed:
            let rollback = Record.Rollback(cause: cause, isRequested: true, from: .soaking, acceptsLoss: false)
            return [with { $0.failure = cause }, with { ($0.failure, $0.rollback, $0.fence, $0.frozen) = (cause, rollback, .standing(), plan) }]
        case .rolledBack: return [with { $0.rollback = .init(cause: cause, isRequested: false, from: .soaking, acceptsLoss: false) }]
        default: return [plain]
        }
    }

    /// Calls `body` for every observation of the facts that `phase` and deletion ask for, each varied on its own over all its values.
    static func forEachObservation(_ facts: Set<FactKind>, _ body: (Observation) -> Void) {
        func of<Value>(_ kind: FactKind, _ all: [Fact<Value>]) -> [Fact<Value>] { facts.contains(kind) ? all : [.unknown(Observation.notAsked)] }
        for source in of(.source, sources) {
            for target in of(.target, targets) {
                for secret in of(.secrets, secrets) {
                    for workload in of(.workloads, workloads) {
                        for job in of(.job, jobs) {
                            for hasJob in of(.hasJobs, hasJobs) {
                                for left in of(.leftovers, leftovers) {
                                    for probe in facts.contains(.probes) ? probes : [[]] {
                                        for owner in of(.conflictingOwner, owners) {
                                            for preflight in of(.preflight, preflights) {
                                                body(
                                                    Observation(
                                                        hasFinalizer: owner.value != "other", conflictingOwner: owner, preflight: preflight,
                                                        source: source,
                                                        target: target, secrets: secret, workloads: workload, job: job, hasJobs: hasJob,
                                                        leftovers: left,
                                                        probes: probe))
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Calls `body` for every record of `phase`, every wish and every observation that phase can make, now and past every deadline.
    static func forEachVisit(_ phase: Phase, _ body: (Desired, Record, Observation, Timestamp) -> Void) {
        for record in records(phase) {
            for desired in record.isCommitted ? (phase == .rollingBack ? wishesOfRollback : wishesWhenCommitted) : wishes {
                forEachObservation(varied(desired, record)) { body(desired, record, $0, start) }
                guard isTimed(phase), desired.intent.attempt == 1, !record.isCommitted || desired.intent == Intent(goal: .promoted) else { continue }
                let late = start.adding(seconds: 7200)
                forEachObservation(varied(desired, record)) { body(desired, record, $0, late) }
            }
        }
    }

    /// The facts to vary; the others stay unknown. Deletion and a rollback with nothing to restore look at few of those their phase asks for.
    private static func varied(_ desired: Desired, _ record: Record) -> Set<FactKind> {
        let facts = factsNeeded(desired, record: record, now: start)
        if record.isCommitted { return facts }
        if desired.intent.isDeleted { return facts.intersection([.source, .hasJobs, .leftovers, .conflictingOwner]) }
        if record.phase == .awaitingCutover { return facts.subtracting([.secrets]) }
        return record.phase == .rollingBack ? facts.intersection([.source, .hasJobs]) : facts
    }

    private static func isTimed(_ phase: Phase) -> Bool {
        phase.row.deadlineSeconds != nil || [.fencing, .copying, .verifying, .switching, .rollingBack].contains(phase)
    }
}
