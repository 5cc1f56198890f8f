@testable import MigrationCore

/// Every abstract value of every fact, for tests that try all of them. Epochs are relative to ``Record/reached(_:plan:at:)``: the source fence was
/// decided at 0 and the target's opening at 0.
struct AbstractSpace: Sendable, CustomStringConvertible {
    static let snapshot = AbstractSpace(plan: .example(soakSeconds: 0, failureLimit: 1))
    static let live = AbstractSpace(plan: .example(mode: .live, soakSeconds: 0, failureLimit: 1))

    /// CronJobs and replicas rest over the pause.
    static let resting = AbstractSpace(plan: .example(soakSeconds: 0, failureLimit: 1, rests: true))
    static let pooled = AbstractSpace(plan: .pooled(soakSeconds: 0, failureLimit: 1))
    /// Some applications behind a pooler, others with connections of their own.
    static let pooledAndConnected = AbstractSpace(plan: .pooled(soakSeconds: 0, failureLimit: 1, andConnected: true))

    let plan: Plan

    /// With more facts to vary, fewer values of the others do.
    private var isWide: Bool { plan.isLive || plan.cutover.rests }

    var description: String {
        plan.cutover.rests
            ? "resting" : plan.hasPoolers ? plan.cutover.connections.isEmpty ? "pooled" : "pooled and connected" : plan.copy.mode.rawValue
    }

    private static let everySource: [Fact<SourceState>] =
        [.unknown("timeout")] + (0...2).flatMap { epoch in FenceState.allCases.map { .value(.init(fence: $0, epoch: epoch)) } }

    /// With lanes, which vary as well, fewer values of the servers do.
    private static let fewSources: [Fact<SourceState>] = [
        .unknown("timeout"), .value(.init(fence: .open, epoch: 0)), .value(.init(fence: .closed, epoch: 1, position: written)),
        .value(.init(fence: .partial, epoch: 1)), .value(.init(fence: .closed, epoch: 2, position: written)), .value(.init(fence: .open, epoch: 3)),
    ]

    private static let written = WALPosition(bytes: 100)

    private static let fewTargets: [Fact<TargetState>] = [
        .unknown("timeout"), .value(.init(isPrepared: true, fence: .closed, epoch: 0, position: written)),
        .value(.init(isPrepared: true, fence: .open, epoch: 1)), .value(.init(isPrepared: true, fence: .open, epoch: 1, tookClientWrite: true)),
        .value(.init(isPrepared: true, fence: .closed, epoch: 1, tookClientWrite: true, position: written)),
    ]

    /// What the ways of a lane turn on where both directions are seen.
    static let lanes: [Fact<ReplicationState>] = [
        .unknown("timeout"), .value(.lane(.absent)), .value(.lane(.connected)), .value(.lane(.running, confirmed: 100, sequences: 1)),
        .value(.lane(.running, loss: "slot lost")),
    ]

    /// What only phases with few other facts can be tried with.
    static let moreLanes: [Fact<ReplicationState>] = [
        .value(.lane(.slotted)), .value(.lane(.running)), .value(.lane(.running, confirmed: 100)),
        .value(.lane(.running, lag: 1 << 30, trouble: "apply fails")), .value(.lane(.running, trouble: "apply fails", drift: "a column")),
        .value(.lane(.running, retained: 1 << 50)),
    ]

    var sources: [Fact<SourceState>] { isWide ? Self.fewSources : Self.everySource }
    var targets: [Fact<TargetState>] { isWide ? Self.fewTargets : Self.everyTarget }

    /// Every second value, the unknown among them.
    private func few<Value>(_ all: [Fact<Value>]) -> [Fact<Value>] {
        isWide ? all.enumerated().filter { $0.offset.isMultiple(of: 2) || all.count < 4 }.map(\.element) : all
    }

    private static let everyTarget: [Fact<TargetState>] =
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

    static let rests: [Fact<RestState>] = [
        .unknown("forbidden"), .value(.init(isSuspended: false, isScaledToZero: false, isHeld: false)),
        .value(.init(isSuspended: true, runningJobs: "Job nightly", isScaledToZero: false, isHeld: true)),
        .value(.init(isSuspended: true, isScaledToZero: false, isHeld: true)),
        .value(.init(isSuspended: true, isScaledToZero: true, runningPods: "pod web-1", isHeld: true)),
        .value(.init(isSuspended: true, isScaledToZero: true, isHeld: true)),
    ]

    static let jobs: [Fact<JobState>] = [
        .unknown("forbidden"), .value(.absent), .value(.running("")), .value(.succeeded("")),
        .value(.failed(reason: .workerLost, message: "", mayRetry: true)), .value(.failed(reason: .copyFailed, message: "", mayRetry: false)),
    ]

    static let poolers: [Fact<PoolersState>] = [
        .unknown("timeout"), .value(.init(files: .source, leads: .source, isPaused: false)),
        .value(.init(files: .target, leads: .source, isPaused: false)), .value(.init(files: .target, leads: .source, isPaused: true)),
        .value(.init(files: .target, leads: .mixed, isPaused: true)), .value(.init(files: .target, leads: .target, isPaused: true)),
        .value(.init(files: .target, leads: .target, isPaused: false)), .value(.init(files: .source, leads: .target, isPaused: false)),
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

    /// Every wish: goals × suspended × deleted × invalid × attempt × accepted loss.
    var wishes: [Desired] {
        Goal.allCases.flatMap { goal in
            (0..<32).filter { !isWide || $0.nonzeroBitCount <= 1 }.map { bits in
                let intent = Intent(
                    goal: goal, attempt: bits & 1 == 0 ? 1 : 2, isSuspended: bits & 2 != 0, isDeleted: bits & 4 != 0,
                    acceptedLoss: bits & 8 != 0 ? "NoReverseLane" : "")
                return Desired(intent: intent, plan: bits & 16 != 0 ? .invalid(["spec"]) : .plan(plan))
            }
        }
    }

    /// The wishes that differ for a switch or a rollback under way, which listen to the goal and the accepted loss alone.
    var wishesWhenCommitted: [Desired] {
        wishes.filter { !$0.intent.isDeleted && $0.intent.attempt == 1 && !$0.intent.isSuspended && $0.plan == .plan(plan) }
            + [Desired(intent: Intent(goal: .promoted, isSuspended: true, isDeleted: true), plan: .invalid(["spec"]))]
    }

    /// A rollback listens to none of them; these stand for all.
    var wishesOfRollback: [Desired] {
        wishesWhenCommitted.filter { $0.intent.isDeleted || ($0.intent.goal == .rolledBack) == !$0.intent.acceptedLoss.isEmpty }
    }

    /// The records a phase may stand on: the plain one, and what sets its rules apart.
    func records(_ phase: Phase) -> [Record] {
        let all = plainRecords(phase)
        guard plan.cutover.rests else { return all }
        return all.flatMap { record in
            var rested = record
            rested.hasRested = true
            return [record, rested]
        }
    }

    private func plainRecords(_ phase: Phase) -> [Record] {
        var plain = Record.reached(phase, plan: plan)
        if plan.isLive, [.copying, .verifying].contains(phase) { (plain.fence, plain.frozen) = (nil, nil) }
        func with(_ change: (inout Record) -> Void) -> Record {
            var record = plain
            change(&record)
            return record
        }
        let cause = Record.Cause(.probeFailed, "")
        switch phase {
        case .awaitingCutover:
            let long = start.adding(seconds: -3600)
            return [plain, with { $0.held = cause }] + (plan.hasPoolers ? [with { $0.pointedAt = start }, with { $0.pointedAt = long }] : [])
        case .fencing: return [plain, with { $0.abort = cause }] + (plan.hasPoolers ? [with { $0.fence?.pauses = Visit.pauseTries }] : [])
        case .copying, .verifying:
            let long = start.adding(seconds: -Int(Visit.lastingJobSeconds))
            return [plain, with { $0.abort = cause }, with { $0.jobFailures = 2 }, with { ($0.jobFailures, $0.jobStartedAt) = (2, long) }]
        case .switching:
            return [
                plain, with { $0.targetEpoch = 0 }, with { ($0.targetEpoch, $0.firstClientWriteAt) = (0, start) },
                with {
                    $0.targetEpoch = 0
                    $0.fence?.hasOpenedTarget = true
                },
            ]
        case .soaking: return [plain, with { $0.firstClientWriteAt = start }]
        case .promoted: return [plain, with { $0.firstClientWriteAt = start }]
        case .rollingBack:
            let rollback = Record.Rollback(cause: cause, isRequested: false, from: .soaking, acceptsLoss: false)
            let accepting = Record.Rollback(cause: cause, isRequested: true, from: .soaking, acceptsLoss: true)
            return [
                with { $0.rollback = rollback }, with { ($0.rollback, $0.firstClientWriteAt) = (accepting, start) },
                with {
                    $0.rollback = rollback
                    $0.fence?.hasOpenedTarget = true
                },
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
    func forEachObservation(_ facts: Set<FactKind>, _ body: (Observation) -> Void) {
        func of<Value>(_ kind: FactKind, _ all: [Fact<Value>]) -> [Fact<Value>] { facts.contains(kind) ? all : [.unknown(Observation.notAsked)] }
        for source in of(.source, sources) {
            for target in of(.target, targets) {
                for secret in of(.secrets, few(Self.secrets)) {
                    for workload in of(.workloads, few(Self.workloads)) {
                        for (rest, job) in of(.rest, Self.rests).flatMap({ rest in of(.job, Self.jobs).map { (rest, $0) } }) {
                            for hasJob in of(.hasJobs, Self.hasJobs) {
                                for left in of(.leftovers, Self.leftovers) {
                                    for probe in facts.contains(.probes) ? (isWide ? Array(Self.probes.prefix(3)) : Self.probes) : [[]] {
                                        for owner in of(.conflictingOwner, Self.owners) {
                                            for preflight in of(.preflight, few(Self.preflights)) {
                                                for forward in of(.forward, facts.contains(.reverse) ? Self.lanes : Self.lanes + Self.moreLanes) {
                                                    for reverse in of(.reverse, Self.lanes) {
                                                        var seen =
                                                            Observation(
                                                                hasFinalizer: owner.value != "other", conflictingOwner: owner, preflight: preflight,
                                                                source: source,
                                                                target: target, secrets: secret, workloads: workload, job: job, hasJobs: hasJob,
                                                                forward: forward, reverse: reverse,
                                                                leftovers: left,
                                                                probes: probe)
                                                        seen.rest = rest
                                                        for poolers in of(
                                                            .poolers, plan.cutover.connections.isEmpty ? Self.poolers : few(Self.poolers))
                                                        {
                                                            seen.poolers = poolers
                                                            body(seen)
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
            }
        }
    }

    /// Calls `body` for every record of `phase`, every wish and every observation that phase can make, now and past every deadline.
    func forEachVisit(_ phase: Phase, _ body: (Desired, Record, Observation, Timestamp) -> Void) {
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
    private func varied(_ desired: Desired, _ record: Record) -> Set<FactKind> {
        let facts = factsNeeded(desired, record: record, now: start)
        if record.isCommitted { return facts }
        if desired.intent.isDeleted { return facts.intersection([.source, .hasJobs, .leftovers, .conflictingOwner, .rest, .poolers]) }
        // They are looked at for the phases that follow.
        if [.fencing, .draining].contains(record.phase) { return facts.subtracting([.target, .reverse]) }
        if record.phase == .awaitingCutover { return facts.subtracting([.secrets]) }
        return record.phase == .rollingBack ? facts.intersection([.source, .hasJobs, .rest, .poolers]) : facts
    }

    private func isTimed(_ phase: Phase) -> Bool {
        phase.row.deadlineSeconds != nil || [.fencing, .copying, .verifying, .switching, .rollingBack].contains(phase)
    }
}
