/// One visit in the making: what is known, and the record as it will be written. Rules change it and end in a ``Decision``.
struct Visit {
    let desired: Desired
    let observation: Observation
    let now: Timestamp
    var record: Record
    var notices: [Notice] = []
    /// The one this visit began in.
    let initialPhase: Phase

    init(desired: Desired, observation: Observation, now: Timestamp, record: Record) {
        self.desired = desired
        self.observation = observation
        self.now = now
        self.record = record
        initialPhase = record.phase
    }

    var intent: Intent { desired.intent }

    /// The plan in force: frozen from Fencing on.
    var plan: Plan? { desired.planInForce(record) }

    /// What going back now would cost; see ``lossReason(plan:record:reverse:)``.
    var loss: Reason? { plan.flatMap { lossReason(plan: $0, record: record, reverse: observation.reverse) } }

    // MARK: Ends of a visit

    /// Nothing to do but to look again after `wake` seconds.
    func wait(_ reason: Reason = .progressing, _ message: String, wake: Int = 5) -> Decision {
        Decision(record: record, wake: wake, notices: notices, standing: .progressing(.init(reason, message)))
    }

    /// One action, and a fresh look as soon as it has been performed.
    func act(_ action: Action, _ message: String, _ reason: Reason = .progressing) -> Decision { act([action], message, reason) }

    /// Actions that need no look between them.
    func act(_ actions: [Action], _ message: String, _ reason: Reason = .progressing) -> Decision {
        Decision(record: record, actions: actions, wake: 0, notices: notices, standing: .progressing(.init(reason, message)))
    }

    /// Rests until something changes, or `wake` seconds have passed.
    func rest(_ standing: Standing, wake: Int? = nil) -> Decision {
        // What could not be put back yet is looked at again.
        Decision(record: record, wake: wake ?? (record.hasRested == true ? 60 : nil), notices: notices, standing: standing)
    }

    /// Enters another phase; its rule decides on the next visit, from facts observed for it.
    mutating func move(to phase: Phase, _ message: String, reason: Reason? = nil) -> Decision {
        enter(phase, reason: reason)
        return Decision(record: record, wake: 0, notices: notices, standing: .progressing(.init(.progressing, message)))
    }

    /// Enters a phase that rests, and lets its rule speak at once: status must not say "progressing" where nothing more will happen.
    mutating func settle(in phase: Phase, reason: Reason? = nil, _ rule: (inout Visit) -> Decision) -> Decision {
        // A new attempt leads out of the phase again: that is the next visit's business.
        guard intent.attempt <= record.attempt else { return move(to: phase, "\(phase.rawValue).", reason: reason) }
        enter(phase, reason: reason)
        let (entered, told) = (record, notices)
        var decision = rule(&self)
        // The global rules (a deletion, a suspension) have not been asked about this phase yet, so nothing is done in it before the next visit.
        if !decision.actions.isEmpty { decision = Decision(record: entered, wake: 0, notices: told, standing: decision.standing) }
        decision.wake = 0
        return decision
    }

    mutating func enter(_ phase: Phase, reason: Reason? = nil) {
        if let last = record.timeline.indices.last {
            record.timeline[last].finishedAt = now
            record.timeline[last].reason = reason
        }
        record.timeline.append(.init(phase: phase, startedAt: now))
        if record.timeline.count > Record.timelineLimit { record.timeline.removeFirst(record.timeline.count - Record.timelineLimit) }
        record.phase = phase
        record.phaseStartedAt = now
        record.jobFailures = 0
        if phase != .failed { record.remaining = nil }
        if let step = phase.step { numberJob(step) }
        if let occasion = Occasion(entering: phase) { tell(occasion) }
        // Every soak counts for itself: what failed in the last attempt is no failure of this one.
        if phase == .soaking { (record.checks, record.lastProbeAt, record.healthySince, record.unhealthySince) = ([:], nil, nil, nil) }
    }

    /// The step's next Job.
    mutating func numberJob(_ step: WorkerStep) {
        record.jobs[step, default: 0] += 1
        record.jobStartedAt = now
    }

    mutating func notice(_ kind: Notice.Kind, _ reason: Reason, _ note: String) { notices.append(Notice(kind, reason, note)) }

    /// Seconds spent in the current phase.
    var secondsInPhase: Int64 { now.since(record.phaseStartedAt) / 1000 }
}

extension Phase {
    /// The worker step this phase runs, if any.
    public var step: WorkerStep? {
        switch self {
        case .copying: .copy
        case .verifying: .verify
        default: nil
        }
    }
}

extension Record {
    /// Annotation that makes the workloads' restart towards the target recognisable.
    public func forwardTag(uid: String) -> String { "\(uid).\(attempt).forward" }
    public func backTag(uid: String) -> String { "\(uid).\(attempt).back" }

    /// A fence stands, or may, and the switch has not been recorded: undoing it is pre-authorised.
    public var isFencedBeforeSwitch: Bool {
        fence != nil && ([.fencing, .copying, .verifying, .draining].contains(phase) || awaitsWriter)
    }

    /// Switching has begun, and opens nothing before somebody else has written the connection strings.
    var awaitsWriter: Bool { phase == .switching && targetEpoch == nil && frozen?.cutover.isWrittenOutside == true }

    /// What a controller that lost its lease, or the API server, may still do with the last record it wrote: open the source it fenced, and resume what
    /// waits for it. The seal of a successor's Switching is a later epoch, so that the two cannot both happen. Empty when there is nothing to undo, or
    /// it is too late.
    public func undoWithoutLease(_ source: SourceState) -> [Action] {
        guard isFencedBeforeSwitch, let fence, source.epoch <= fence.sealEpoch else { return [] }
        // What is open may have been opened by this very undo, which then was cut off.
        let opening: [Action] = source.fence != .open && source.epoch <= fence.closedEpoch ? [.openSource(epoch: source.epoch)] : []
        guard frozen?.hasPoolers == true, source.fence == .open || !opening.isEmpty else { return opening }
        return opening + [.resumePoolers]
    }

    /// A short, bounded operation that is brought to its end before a suspension, an invalid spec or a deletion is looked at:
    /// stopping in its middle would leave the applications without a writable side. A rollback without a fence on record has nothing to restore.
    var isCommitted: Bool { phase == .switching && !awaitsWriter || (phase == .rollingBack && fence != nil) }
}
