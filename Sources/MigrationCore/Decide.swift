/// The whole of the controller's judgement: a pure function from what is wanted, remembered and known to what to remember and do next.
///
/// Global rules come in fixed order; then the phase's own rule, in `Phases/`.
/// - Parameters:
///   - desired: intent and plan from the live object.
///   - uid: `metadata.uid`, part of restart tags.
///   - record: what the last decision remembered; `nil` on the first visit.
///   - observation: facts gathered for this visit, see ``factsNeeded(_:record:now:)``.
public func decide(_ desired: Desired, uid: String, record: Record?, observation: Observation, now: Timestamp) -> Decision {
    let record = record?.seen(from: now) ?? Record(attempt: desired.intent.attempt, at: now)
    var visit = Visit(desired: desired, observation: observation, now: now, record: record)
    visit.forgetDelivered()
    let answer = visit.rule(uid: uid)
    var decision = visit.settlingPoolers(answer)
    decision.notify(desired.intent, now)
    return decision
}

/// ``decide(_:uid:record:observation:now:)``, and on through phases that a decision does no more than enter: where everything the next phase looks at
/// was looked at for this visit, its rule speaks at once. Every visit saved is one look at both servers and one write of the status less in the
/// write pause. Nothing is performed between two such decisions, so nothing has to be written between them either.
public func decideOnward(_ desired: Desired, uid: String, record: Record?, observation: Observation, now: Timestamp) -> Decision {
    let known = factsNeeded(desired, record: record, now: now)
    var decision = decide(desired, uid: uid, record: record, observation: observation, now: now)
    var visited: Set<Phase> = [record?.phase ?? .pending]
    // A phase with a Job looks at one that has just got its number.
    while decision.actions.isEmpty, visited.insert(decision.record.phase).inserted, decision.record.phase.step == nil,
        factsNeeded(desired, record: decision.record, now: now).isSubset(of: known)
    {
        let notices = decision.notices
        decision = decide(desired, uid: uid, record: decision.record, observation: observation, now: now)
        decision.notices = notices + decision.notices
    }
    return decision
}

/// Which facts the next ``decide(_:uid:record:observation:now:)`` needs; gathering more is waste, less makes it wait.
public func factsNeeded(_ desired: Desired, record: Record?, now: Timestamp) -> Set<FactKind> {
    let record = record?.seen(from: now) ?? Record(attempt: desired.intent.attempt, at: now)
    // What the undo of a fence turns on, and nothing that may keep it waiting.
    if record.isFencedBeforeSwitch, let fence = record.fence, record.abort != nil || now >= fence.deadline {
        var facts: Set<FactKind> = [.source, .hasJobs]
        if record.hasRested == true { facts.insert(.rest) }
        if record.frozen?.hasPoolers == true { facts.insert(.poolers) }
        return facts
    }
    var facts = record.phase.row.facts
    if desired.planInForce(record)?.isLive == true { facts.formUnion(record.phase.row.liveFacts) }
    // The other side matters when the drain is done, which takes a visit of its own.
    if record.phase == .draining, record.fence?.position == nil { facts.subtract([.target, .reverse]) }
    // Applications are told when the target is open, not before; until then a write pause need not wait for the API server's answers about them.
    let isUnopened = record.phase == .switching && record.targetEpoch == nil
    if isUnopened { facts.subtract(record.awaitsWriter ? [.workloads] : [.secrets, .workloads]) }
    if let cutover = desired.planInForce(record)?.cutover {
        if cutover.connections.isEmpty { facts.remove(.secrets) }
        if cutover.workloads.isEmpty { facts.remove(.workloads) }
    }
    if desired.poolers(record) != nil, record.phase.looksAtPoolers, !isUnopened { facts.insert(.poolers) }
    if facts.contains(.probes), case let plan? = record.frozen, let last = record.lastProbeAt, now < last.adding(seconds: plan.health.periodSeconds) {
        facts.remove(.probes)
    }
    if record.phase == .awaitingCutover, let plan = desired.planInForce(record) {
        if plan.cutover.window != nil { facts.insert(.window) }
        if plan.health.wantsBaseline, desired.intent.goal.asksForCutover { facts.insert(.baseline) }
    }
    if looksAtRest(desired, record) { facts.insert(.rest) }
    if desired.intent.isDeleted, !record.isCommitted { facts.formUnion([.hasJobs, .leftovers]) }
    return facts
}

extension Visit {
    fileprivate mutating func rule(uid: String) -> Decision {
        undoneFence() ?? resumedPoolers() ?? resumed() ?? deleted() ?? suspended() ?? invalid() ?? askedToGoBack() ?? pastDeadline()
            ?? phaseRule(uid: uid)
    }

    private mutating func phaseRule(uid: String) -> Decision {
        guard let plan else { return rest(.stalled(.init(.stateLost, "The record of phase \(record.phase.rawValue) holds no plan."))) }
        return switch record.phase {
        case .pending: pending(plan)
        case .preflight: preflight(plan)
        case .provisioning: provisioning(plan)
        case .awaitingCutover: awaitingCutover(plan)
        case .fencing: fencing(plan)
        case .copying: plan.isLive ? copiesLive(plan) : runsJob(.copy, plan, done: .copied)
        case .replicating: replicating(plan)
        case .verifying: plan.isLive ? verifiesLive(plan) : runsJob(.verify, plan, done: .verified)
        case .draining: draining(plan)
        case .switching: switching(plan, forward: record.forwardTag(uid: uid))
        case .soaking: soaking(plan)
        case .promoted: promoted(plan)
        case .cleaningUp: cleaningUp()
        case .completed: completed()
        case .rollingBack: rollingBack(plan, back: record.backTag(uid: uid))
        case .rolledBack: rolledBack(plan)
        case .failed: failed()
        case .backingUp, .seeding:
            rest(.stalled(.init(.notImplemented, "Phase \(record.phase.rawValue) belongs to a mode this version does not run.")))
        }
    }
}
