import Foundation
import Testing

@testable import MigrationCore

@Suite("Every phase × every abstract observation × every wish")
struct ExhaustiveTests {
    @Test(
        "leads to a legal successor, decides nothing on an unknown, and never waits for nothing", arguments: Phase.allCases,
        [AbstractSpace.snapshot, .live, .resting, .pooled, .pooledAndConnected])
    func everyVisit(phase: Phase, space: AbstractSpace) {
        var complaints: [String] = []
        var visits = 0
        space.forEachVisit(phase) { desired, record, observation, now in
            visits += 1
            guard complaints.count < 3 else { return }
            let decision = decide(desired, uid: "u", record: record, observation: observation, now: now)
            if let complaint = Rules.complaint(desired, record, observation, now, decision) {
                complaints.append("\(complaint)\n  wish: \(desired.intent)\n  seen: \(observation)\n  decision: \(decision)")
            }
        }
        for complaint in complaints { Issue.record("\(complaint)") }
        #expect(visits > 0)
    }

    @Test("the largest record the core can write by itself fits the limit")
    func size() throws {
        var plan = Plan.example()
        plan.databases = (0..<32).map { .init(name: "database_with_a_rather_long_name_\($0)") }
        plan.cutover.connections = (0..<64).map {
            .init(secret: .init(name: "some-application-\($0)-database", key: "DATABASE_URL"), database: "database_\($0 % 32)")
        }
        plan.cutover.workloads = (0..<16).map { .init(matchLabels: ["app.kubernetes.io/name": "some-application-\($0)"]) }
        plan.health.http = (0..<16).map { .init(name: "check-\($0)", address: .url("https://application-\($0).example.org/health")) }
        plan.health.prometheus = (0..<16).map {
            .init(name: "query-\($0)", address: "https://prometheus.example.org", query: String(repeating: "q", count: 200), maxIncreasePercent: 50)
        }
        var record = Record.reached(.soaking, plan: plan)
        record.baselines = Dictionary(uniqueKeysWithValues: plan.health.prometheus.map { ($0.name, .init(lowest: -1 / 3, highest: 1 / 3)) })
        let message = String(repeating: "x", count: 300)
        for _ in 0..<500 {
            var visit = Visit(
                desired: .init(intent: .init(goal: .promoted), plan: .plan(plan)), observation: .init(hasFinalizer: true), now: start, record: record)
            visit.enter(.soaking, reason: .progressing)
            record = visit.record
        }
        for name in plan.health.limits.keys {
            record.checks[name] = .init(verdict: .failed, streak: 1_000_000, message: message, failures: 1_000_000)
        }
        record.remaining = Array(repeating: String(repeating: "x", count: 400), count: 21)
        record.outbox = (1...Record.outboxLimit).map {
            .init(
                number: $0, occasion: .rollbackStarted, at: start, phase: .awaitingCutover, attempt: 1_000_000, reason: .reverseSchemaDrift,
                message: String(repeating: "x", count: Record.Notification.messageLimit))
        }
        #expect(record.timeline.count == Record.timelineLimit)
        #expect(try JSONEncoder().encode(record).count <= Record.sizeLimit)
    }

    @Test("a record survives being written and read", arguments: Phase.allCases, [AbstractSpace.snapshot, .live, .resting, .pooled])
    func codable(phase: Phase, space: AbstractSpace) throws {
        for record in space.records(phase) {
            #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
        }
    }

    @Test("the table leads from Pending to every phase that is not of a later mode, and back out of each")
    func table() {
        var reached: Set<Phase> = [.pending]
        var grew = true
        while grew {
            let more = reached.union(reached.flatMap(\.row.successors))
            grew = more != reached
            reached = more
        }
        #expect(reached == Set(Phase.allCases))
        for phase in Phase.allCases where !phase.isTerminal && phase != .cleaningUp {
            #expect(phase.row.successors.contains(.rollingBack) || phase == .rollingBack, "\(phase) has no way back")
        }
    }

    @Test("the path of every plan follows the table")
    func paths() {
        for plan in [Plan.example(), .example(mode: .live), .example(verification: .none), .example(strategy: .fresh)] {
            let path = Phase.path(of: plan)
            for (phase, next) in zip(path, path.dropFirst()) {
                #expect(phase.row.successors.contains(next), "\(phase) to \(next)")
                #expect(phase.next(in: plan) == next)
            }
        }
    }
}

/// What must hold of every single decision.
enum Rules {
    static func complaint(_ desired: Desired, _ record: Record, _ seen: Observation, _ now: Timestamp, _ decision: Decision) -> String? {
        let next = decision.record.phase
        if next != record.phase, !record.phase.row.successors.contains(next) { return "\(record.phase) to \(next) is not in the table" }
        if record.phase.isTerminal, next != record.phase, !mayLeave(desired, record) { return "\(record.phase) does not absorb" }
        if decision.actions.count > 1, !isSequence(decision.actions) { return "more than one action" }
        if next != record.phase, !decision.actions.isEmpty { return "an action decided while changing the phase" }
        for (index, action) in decision.actions.enumerated() {
            // What follows another action turns on what that makes true.
            if index > 0, action.isAboutPoolers { continue }
            if let missing = unknownFact(of: action, decision.record, seen) { return "\(action) decided without knowing \(missing)" }
            if let broken = brokenRule(of: action, desired, decision, seen, now) { return "\(action): \(broken)" }
        }
        if case .progressing(let cause) = decision.standing, decision.wake == nil, decision.actions.isEmpty, cause.reason != .suspended,
            !(cause.reason == .deleting && !seen.hasFinalizer)
        {
            return "waits for nothing"
        }
        if let wake = decision.wake, wake < 0 { return "wakes in the past" }
        if record.phase != .rollingBack, next == .rollingBack, decision.record.rollback?.isRequested == false,
            lossReason(plan: record.frozen ?? .example(), record: decision.record, reverse: seen.reverse) != nil
        {
            return "goes back by itself although writes would be lost"
        }
        return nil
    }

    /// What is performed in one go.
    private static func isSequence(_ actions: [Action]) -> Bool {
        switch (actions[0], actions[1], actions.dropFirst(2).first) {
        // Poolers, and beside them who has connections of their own.
        case (.turnPoolers(let side), .pointSecrets(let other), nil), (.pointPoolers(let side), .pointSecrets(let other), nil): side == other
        case (.turnPoolers, .restartWorkloads, nil), (.pointPoolers, .restartWorkloads, nil), (.resumePoolers, .restartWorkloads, nil): true
        case (.turnPoolers, .connectLanes, nil), (.pointPoolers, .connectLanes, nil), (.resumePoolers, .connectLanes, nil): true
        case (.resumePoolers, .pointSecrets, nil): true
        case (.sealSource, .openTarget, nil), (.sealSource, .openTarget, .turnPoolers(.target)), (.openTarget, .turnPoolers(.target), nil): true
        case (.pausePoolers, .closeSource, nil), (.pausePoolers, .closeTarget, nil): true
        case (.openSource, .turnPoolers(.source), nil), (.openSource, .resumePoolers, nil): true
        default: false
        }
    }

    private static func mayLeave(_ desired: Desired, _ record: Record) -> Bool {
        switch record.phase {
        case .rolledBack: desired.intent.attempt > record.attempt
        case .failed: desired.intent.attempt > record.attempt || (desired.intent.goal == .rolledBack && record.rollback?.isRequested != true)
        default: false
        }
    }

    /// The fact an action depends on that is not known.
    private static func unknownFact(of action: Action, _ record: Record, _ seen: Observation) -> FactKind? {
        let unknown: Set<FactKind> = Set(
            [
                seen.source.value == nil ? .source : nil, seen.target.value == nil ? .target : nil, seen.secrets.value == nil ? .secrets : nil,
                seen.workloads.value == nil ? .workloads : nil, seen.job.value == nil ? .job : nil, seen.hasJobs.value == nil ? .hasJobs : nil,
                seen.leftovers.value == nil ? .leftovers : nil, seen.forward.value == nil ? .forward : nil,
                seen.reverse.value == nil ? .reverse : nil, seen.rest.value == nil ? .rest : nil, seen.poolers.value == nil ? .poolers : nil,
            ].compactMap { $0 })
        // Who has seen the target open behind the seal need not look at the source any more.
        let source: Set<FactKind> = record.fence?.hasOpenedTarget == true && record.phase == .switching ? [] : [.source]
        let needed: Set<FactKind> =
            switch action {
            case .holdFinalizer: []
            case .keepSnapshots: [.job]
            case .prepareTarget, .closeTarget: [.target]
            case .closeSource, .sealSource: [.source]
            case .openSource: record.targetEpoch == nil ? [.source] : [.source, .target]
            case .openTarget: source.union([.target])
            case .runJob: [.source, .job]
            case .prepareLanes(let direction, _), .connectLanes(let direction, _), .disconnectLanes(let direction, _), .removeLanes(let direction, _),
                .drainLanes(let direction, _, _, _):
                [.source, direction == .forward ? .forward : .reverse]
            case .deleteJobs: [.hasJobs]
            case .suspendCronJobs, .scaleToZero, .resumeWorkloads: [.rest]
            // The record says that the switch is done.
            case .pointSecrets(.target) where record.phase == .soaking: [.target, .secrets]
            case .pointPoolers, .turnPoolers, .resumePoolers: [.poolers]
            case .pausePoolers: []
            case .pointSecrets(.target): source.union([.target, .secrets])
            case .prepareDigests: [.secrets]
            case .pointSecrets(.source): record.targetEpoch == nil ? [.source, .secrets] : [.source, .target, .secrets]
            case .restartWorkloads: record.targetEpoch == nil ? [.source, .secrets, .workloads] : source.union([.target, .secrets, .workloads])
            case .removeArtefacts, .discardOriginals: [.hasJobs, .leftovers]
            case .releaseFinalizer: record.teardownStartedAt.map { _ in [] } ?? [.hasJobs, .leftovers]
            }
        return needed.intersection(unknown).min { $0.rawValue < $1.rawValue }
    }

    /// What a decided action must never do, whatever is seen.
    private static func brokenRule(of action: Action, _ desired: Desired, _ decision: Decision, _ seen: Observation, _ now: Timestamp) -> String? {
        let record = decision.record
        switch action {
        case .openTarget where decision.actions.first == record.fence.map { .sealSource(epoch: $0.closedEpoch) }: return nil
        case .openTarget where seen.source.value == nil && record.fence?.hasOpenedTarget == true: return nil
        case .openTarget where seen.source.value?.fence != .closed: return "the source is not closed"
        case .openTarget where seen.source.value.map({ $0.epoch < record.fence?.sealEpoch ?? 0 }) ?? true: return "the source is not sealed"
        case .openSource where record.targetEpoch != nil && seen.target.value?.fence != .closed: return "the target is not closed"
        case .closeSource where record.phase != .fencing: return "fences outside Fencing"
        case .closeSource
        where record.frozen?.cutover.stopsWorkloads == true && seen.rest.value.map { !$0.isScaledToZero || $0.runningPods != nil } ?? true:
            return "fences before the workloads are scaled to zero"
        case .suspendCronJobs where record.phase != .awaitingCutover, .scaleToZero where record.phase != .fencing:
            return "rests without a pause to come"
        case .suspendCronJobs where record.hasRested != true, .scaleToZero where record.hasRested != true: return "nobody would remember it"
        case .resumeWorkloads where record.isFencedBeforeSwitch && seen.source.value?.fence != .open: return "goes on within the pause"
        case .sealSource(let epoch) where record.phase != .switching || epoch != record.fence?.closedEpoch || seen.target.value?.fence == .open:
            return "seals something else than the fence it is to switch behind"
        case .removeArtefacts, .discardOriginals:
            return record.phase == .cleaningUp || desired.intent.isDeleted ? nil : "destroys before goal Completed"
        case .pointSecrets(.target) where record.switchedAt == nil: return "the switch is not on record"
        case .pointSecrets(.source) where record.phase != .rollingBack: return "outside RollingBack"
        case .pointPoolers(.target) where ![.awaitingCutover, .switching].contains(record.phase): return "goes forward where nothing is switched"
        case .turnPoolers(let side) where record.isCommitted && (side == .source ? seen.source.value?.fence : seen.target.value?.fence) == .closed:
            return "leads the applications to a closed side"
        case .pausePoolers where ![.fencing, .rollingBack].contains(record.phase): return "nothing is fenced"
        case .releaseFinalizer where !desired.intent.isDeleted: return "the object is not deleted"
        case .closeSource, .sealSource, .openTarget, .runJob:
            return desired.intent.isDeleted && !record.isCommitted ? "goes forward while deleting" : nil
        default: return nil
        }
    }
}

extension Action {
    fileprivate var isAboutPoolers: Bool {
        switch self {
        case .pointPoolers, .pausePoolers, .turnPoolers, .resumePoolers: true
        default: false
        }
    }
}
