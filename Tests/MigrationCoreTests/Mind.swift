@testable import MigrationCore

/// The controller's side of the model: persisted records and actions by number, and the answers of ``decide(_:uid:record:observation:now:)``, each asked once.
struct Mind {
    struct Answer {
        var record: UInt32
        var actions: UInt16
        var isWaiting: Bool
    }

    /// What the rules of the model ask of a record, so that they need not copy it.
    struct Traits {
        var phase: Phase
        var attempt: Int
        /// Holds a source fence before the switch, past its deadline.
        var isOverdue: Bool
        var acceptsLoss: Bool
        /// Others were asked to write the connection strings.
        var asksOthers: Bool
        /// A person was told how to open the source, and to close the target before.
        var tellsToOpenSource: Bool
        var tellsToCloseTarget: Bool

        init(_ record: Record) {
            asksOthers = record.awaited != nil
            tellsToOpenSource = record.remaining?.contains(Stamps.opensSource) == true
            tellsToCloseTarget = record.remaining?.contains(Stamps.closesTarget) == true
            phase = record.phase
            attempt = record.attempt
            isOverdue = record.isFencedBeforeSwitch && record.fence.map { start >= $0.deadline } ?? false
            acceptsLoss = record.rollback?.acceptsLoss ?? false
        }
    }

    /// What one visit cannot see.
    enum Blindness: UInt8, CaseIterable { case none, source, target, cluster }

    private struct Question: Hashable {
        var record: UInt32
        var visible: UInt64
        var manner: UInt8
        var written: UInt8
    }

    let plan: Plan
    /// Decides with ``decideOnward(_:uid:record:observation:now:)``, as the controller does, instead of one phase a visit.
    let goesOnward: Bool
    private(set) var records: [Record] = []
    private(set) var traits: [Traits] = []
    /// What decisions perform, and what is left of it on the way; number 0 is nothing.
    private(set) var actions: [[Action]] = [[]]
    private var recordNumbers: [Record: UInt32] = [:]
    private var actionNumbers: [[Action]: UInt16] = [[]: 0]
    private var answers: [Question: Answer] = [:]
    private var aged: [UInt32: UInt32] = [:]

    init(plan: Plan, goesOnward: Bool) {
        self.plan = plan
        self.goesOnward = goesOnward
        _ = number(Record(attempt: 1, at: start))
    }

    func record(_ world: World) -> Record { records[Int(world.record)] }

    mutating func number(_ record: Record) -> UInt32 {
        let plain = Stamps.plain(record)
        if let known = recordNumbers[plain] { return known }
        precondition(records.count < 1 << 22, "more records than a world has room for")
        records.append(plain)
        traits.append(Traits(plain))
        recordNumbers[plain] = UInt32(records.count - 1)
        return UInt32(records.count - 1)
    }

    mutating func number(_ actions: [Action]) -> UInt16 {
        if let known = actionNumbers[actions] { return known }
        precondition(self.actions.count < 512, "more actions than a world has room for")
        self.actions.append(actions)
        actionNumbers[actions] = UInt16(self.actions.count - 1)
        return UInt16(self.actions.count - 1)
    }

    /// The same record after a long time.
    mutating func older(_ record: UInt32) -> UInt32 {
        if let known = aged[record] { return known }
        let result = number(Stamps.older(records[Int(record)]))
        aged[record] = result
        return result
    }

    /// The same record once a file that was written is everywhere.
    mutating func due(_ record: UInt32) -> UInt32 { number(Stamps.due(records[Int(record)], plan)) }

    mutating func answer(_ world: World, probe: Verdict, blind: Blindness) -> Answer {
        let question = Question(
            record: world.record, visible: world.visible, manner: blind.rawValue * 4 + (probe == .ok ? 0 : 1), written: world.writtenCode)
        if let known = answers[question] { return known }
        let (wish, record, seen) = (desired(world), record(world), observation(world, probe, blind))
        let decision =
            goesOnward
            ? decideOnward(wish, uid: "u", record: record, observation: seen, now: start)
            : decide(wish, uid: "u", record: record, observation: seen, now: start)
        let answer = Answer(record: number(decision.record), actions: number(decision.actions), isWaiting: decision.wake != nil)
        answers[question] = answer
        return answer
    }

    /// The reason a user reads in the condition and copies.
    private func loss(_ world: World) -> Reason? {
        let reverse = lanes(world.reverse, delivered: !world.writeOnTargetOnly, isWayBack: true, epoch: world.target.epoch)
        return lossReason(plan: plan, record: record(world), reverse: plan.isLive ? .value(reverse) : .unknown("")) ?? .noReverseLane
    }

    func desired(_ world: World) -> Desired {
        let wish = world.wish
        let intent = Intent(
            goal: wish.goal, attempt: Int(wish.attempt), isSuspended: wish.isSuspended, isDeleted: wish.isDeleted,
            acceptedLoss: wish.acceptsLoss ? loss(world)?.rawValue ?? "" : "")
        return Desired(intent: intent, plan: wish.isInvalid ? .invalid(["spec"]) : .plan(plan))
    }

    /// Only what ``factsNeeded(_:record:now:)`` names is seen, so that a rule which forgot to ask for a fact gets stuck.
    private func observation(_ world: World, _ probe: Verdict, _ blind: Blindness) -> Observation {
        let record = record(world)
        let facts = factsNeeded(desired(world), record: record, now: start)
        func see<Value>(_ kind: FactKind, _ by: Blindness, _ value: Value) -> Fact<Value> {
            facts.contains(kind) ? (blind == by ? .unknown("timeout") : .value(value)) : .unknown(Observation.notAsked)
        }
        var leftovers: Set<Leftover> = []
        if world.originals { leftovers.insert(.originals) }
        if world.sourceArtefacts { leftovers.insert(.sourceArtefacts) }
        if world.targetArtefacts { leftovers.insert(.targetArtefacts) }
        let hasJobs = world.hasStaleJob || world.copy.state != .absent || world.verify.state != .absent
        let state: SecretsState = world.secrets == .source ? .source : world.secrets == .target ? .target : .mixed
        var seen = Observation(
            hasFinalizer: world.hasFinalizer, conflictingOwner: see(.conflictingOwner, .cluster, nil), preflight: see(.preflight, .target, []),
            source: see(
                .source, .source,
                SourceState(fence: world.source.state, epoch: Int64(world.source.epoch), position: world.source.state == .closed ? Self.written : nil)
            ),
            target: see(
                .target, .target,
                TargetState(
                    isPrepared: world.isPrepared, fence: world.target.state, epoch: Int64(world.target.epoch), tookClientWrite: world.clientWrote,
                    position: world.target.state == .closed ? Self.written : nil)),
            secrets: see(.secrets, .cluster, state),
            workloads: see(.workloads, .cluster, WorkloadsState(tag: World.text(world.tag), rollout: rollout(world))),
            job: see(.job, .cluster, job(world, record)), hasJobs: see(.hasJobs, .cluster, hasJobs),
            forward: see(.forward, .target, lanes(world.forward, delivered: world.isCopied, epoch: world.source.epoch)),
            reverse: see(.reverse, .target, lanes(world.reverse, delivered: !world.writeOnTargetOnly, isWayBack: true, epoch: world.target.epoch)),
            leftovers: see(.leftovers, .target, leftovers),
            probes: facts.contains(.probes) ? [.init(name: "health", verdict: probe, message: "")] : [])
        seen.rest = see(
            .rest, .cluster,
            RestState(
                isSuspended: !plan.cutover.waitsForJobs || world.cronJobs == .resting,
                isScaledToZero: !plan.cutover.stopsWorkloads || world.replicas == .resting,
                isHeld: world.cronJobs != .awake || world.replicas != .awake))
        if seen.secrets.value != nil {
            seen.connections = [ConnectionValue(object: "Secret ledger", key: "url", state: state, written: world.written)]
            seen.hasDigestKey = world.originals
        }
        seen.poolers = see(
            .poolers, .cluster, PoolersState(files: world.poolers.file.state, leads: world.poolers.leads.state, isPaused: world.poolers.isPaused))
        return seen
    }

    /// What a closed publisher has written.
    private static let written = WALPosition(bytes: 100)

    /// Forward, a source in use is never caught up with for good, so that its lag is always small; the way back is far behind until it has delivered.
    private func lanes(_ lanes: World.Lanes, delivered: Bool, isWayBack: Bool = false, epoch: UInt8) -> ReplicationState {
        // A slot that was made too late confirms everything, and lacks what came before it.
        let confirmed = WALPosition(bytes: delivered || !lanes.holds ? 100 : 0)
        let isFarBehind = isWayBack && confirmed < Self.written
        let isLost = lanes.isLost && lanes.stage != .absent
        let state = LaneState(
            database: plan.databases[0].name, stage: lanes.stage, isStreaming: lanes.applies, confirmed: lanes.stage == .absent ? nil : confirmed,
            lagBytes: isFarBehind ? 1 << 40 : 0, retainedBytes: 0, loss: isLost ? "slot lost" : nil)
        return ReplicationState(lanes: [state], sequencesEpoch: lanes.areSequencesAligned ? Int64(epoch) : nil)
    }

    private func rollout(_ world: World) -> WorkloadsState.Rollout {
        switch world.rollout {
        case .complete: .complete
        case .progressing: .progressing("")
        case .failed: .failed("")
        }
    }

    private func job(_ world: World, _ record: Record) -> JobState {
        guard let step = record.phase.step else { return .absent }
        let job = step == .copy ? world.copy : world.verify
        guard Int(job.number) == record.jobs[step] else { return .absent }
        return switch job.state {
        case .absent: .absent
        case .running: .running("")
        case .succeeded: .succeeded("")
        case .mayRetry: .failed(reason: .workerLost, message: "", mayRetry: true)
        case .failed: .failed(reason: .copyFailed, message: "", mayRetry: false)
        }
    }
}

/// Keeps the record to what decisions turn on: texts and the timeline go, and a stamp is either of now or old.
enum Stamps {
    /// Longer than every deadline of the model's plan and of the phase table.
    static let jumpSeconds = 7200
    static let old = start.adding(seconds: -jumpSeconds)

    static func plain(_ record: Record) -> Record {
        var record = record
        record.timeline = []
        record.milestones = []
        record.fence?.closedAt = nil
        record.fence?.evidence = nil
        record.dropped = record.dropped.map { _ in .init(.progressing, "") }
        record.fence?.decidedAt = start
        if let fence = record.fence, fence.deadline < start { record.fence?.deadline = start }
        let cause = Record.Cause(.progressing, "")
        record.abort = record.abort.map { _ in cause }
        record.held = record.held.map { _ in cause }
        record.failure = record.failure.map { _ in cause }
        record.awaited = record.awaited.map { _ in "" }
        record.rollback?.cause = cause
        record.rollback?.from = .soaking
        record.rollback?.closingAt = nil
        record.rollback?.pauseMilliseconds = nil
        record.rollback?.hasRestarted = nil
        if record.phase != .rollingBack {
            record.rollback?.closedAt = nil
            record.rollback?.openedAt = nil
        }
        record.verifiedAt = nil
        record.remaining = record.phase == .rollingBack ? record.remaining.map(commands) : nil
        record.firstClientWriteAt = record.firstClientWriteAt.map { _ in start }
        record.switchedAt = record.switchedAt.map { _ in start }
        if ![.awaitingCutover, .rollingBack].contains(record.phase) { record.pointedAt = record.pointedAt.map { _ in start } }
        if record.phase != .soaking { (record.checks, record.lastProbeAt) = ([:], nil) }
        if record.phase != .soaking { (record.healthySince, record.unhealthySince) = (nil, nil) }
        record.jobStartedAt = record.jobStartedAt.map { _ in start }
        if ![.provisioning, .switching, .rollingBack].contains(record.phase) { record.phaseStartedAt = start }
        record.checks = record.checks.mapValues { .init(verdict: $0.verdict, streak: min(3, $0.streak), message: "") }
        return record
    }

    static let opensSource = "CONNECTION LIMIT -1"
    static let closesTarget = "CONNECTION LIMIT 0"

    /// Of what a person was told, what moves a side.
    private static func commands(_ remaining: [String]) -> [String] {
        [closesTarget, opensSource].filter { command in remaining.contains { $0.contains(command) } }
    }

    static func due(_ record: Record, _ plan: Plan) -> Record {
        var record = record
        let old = start.adding(seconds: -plan.fileSeconds)
        record.pointedAt = record.pointedAt.map { min($0, old) }
        return record
    }

    static func older(_ record: Record) -> Record {
        var record = record
        func shift(_ stamp: Timestamp) -> Timestamp { max(old, stamp.adding(seconds: -jumpSeconds)) }
        record.phaseStartedAt = shift(record.phaseStartedAt)
        record.jobStartedAt = record.jobStartedAt.map(shift)
        record.healthySince = record.healthySince.map(shift)
        record.unhealthySince = record.unhealthySince.map(shift)
        record.lastProbeAt = record.lastProbeAt.map(shift)
        record.pointedAt = record.pointedAt.map(shift)
        record.teardownStartedAt = record.teardownStartedAt.map(shift)
        if let closed = record.rollback?.closedAt { record.rollback?.closedAt = shift(closed) }
        if let opened = record.rollback?.openedAt { record.rollback?.openedAt = shift(opened) }
        if let fence = record.fence { record.fence?.deadline = shift(fence.deadline) }
        return record
    }
}
