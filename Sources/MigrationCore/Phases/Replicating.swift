/// Copying, Replicating and Verifying of the Live mode: the source is open, the copy is made under its slots' snapshots, and changes follow it.
extension Visit {
    /// The copy's Job makes publication, slot and rows; connecting the lanes makes the changes follow. Lanes that are there already, after a
    /// rollback or an undone cutover, are a copy already made.
    mutating func copiesLive(_ plan: Plan) -> Decision {
        guard let number = record.jobs[.copy] else { return rest(.stalled(.init(.stateLost, "Phase Copying without a Job number on record."))) }
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward else { return unobservedLanes() }
        if let decision = droppedLanes(plan, source, forward) { return decision }
        if forward.loss == nil {
            if forward.stage == .running {
                record.milestones.insert(.copied)
                notice(.normal, .succeeded, "Every database is copied; its changes follow.")
                return move(to: Phase.copying.next(in: plan), "Every database is copied; its changes follow.")
            }
            if forward.stage == .connected { return act(.connectLanes(.forward, epoch: source.epoch), "Connecting the lanes.") }
        }
        switch observation.job {
        case .unknown(let why): return wait(.observationFailed, "The copy Job cannot be observed: \(why)", wake: 2)
        case .value(.absent):
            return act(.runJob(.copy, number: number, sourceEpoch: Int64(number)), "Starting copy Job \(number).")
        case .value(.running(let message)):
            var decision = wait(.progressing, message, wake: 2)
            decision.actions = [.keepSnapshots]
            return decision
        case .value(.succeeded) where forward.stage == .slotted && forward.loss == nil:
            return act(.connectLanes(.forward, epoch: source.epoch), "Connecting the lanes.")
        case .value(.succeeded):
            return jobFailed(.copy, .init(.laneLost, forward.loss ?? "a slot made by the copy is gone"), mayRetry: true) { $0.drop($1) }
        case .value(.failed(let reason, let message, let mayRetry)):
            return jobFailed(.copy, .init(reason, message), mayRetry: mayRetry) { $0.drop($1) }
        }
    }

    /// Catching up, until the lag is small enough to verify and to cut over.
    mutating func replicating(_ plan: Plan) -> Decision {
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward else { return unobservedLanes() }
        if let decision = lostLanes(plan, source, forward) { return decision }
        if !forward.isRunning || forward.stage == .connected { return act(.connectLanes(.forward, epoch: source.epoch), "Connecting the lanes.") }
        if let why = behind(plan, forward) { return why }
        record.milestones.insert(.caughtUp)
        return move(to: Phase.replicating.next(in: plan), "The target has caught up.")
    }

    /// The verify Job, while the lanes run. A difference found means that the copy cannot be trusted: its lanes go, and the next attempt copies anew.
    mutating func verifiesLive(_ plan: Plan) -> Decision {
        guard let number = record.jobs[.verify], let copy = record.jobs[.copy] else {
            return rest(.stalled(.init(.stateLost, "Phase Verifying without a Job number on record.")))
        }
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward else { return unobservedLanes() }
        if let decision = droppedLanes(plan, source, forward) { return decision }
        if forward.loss != nil || forward.stage != .running { return move(to: .replicating, "A lane does not run.", reason: .laneLost) }
        // A comparison of tables that differ in shape would only prove that; the lanes stay, and it is made once they are alike.
        if let drift = forward.drift { return move(to: .replicating, "The tables changed: \(drift)", reason: .schemaDrift) }
        switch observation.job {
        case .unknown(let why): return wait(.observationFailed, "The verify Job cannot be observed: \(why)", wake: 2)
        case .value(.absent): return act(.runJob(.verify, number: number, sourceEpoch: Int64(copy)), "Starting verify Job \(number).")
        case .value(.running(let message)): return wait(.progressing, message, wake: 2)
        case .value(.succeeded(let message)):
            record.milestones.insert(.verified)
            record.verifiedAt = now
            notice(.normal, .succeeded, message)
            return move(to: record.phase.next(in: plan), message)
        case .value(.failed(let reason, let message, let mayRetry)):
            return jobFailed(.verify, .init(reason, message), mayRetry: mayRetry) { visit, cause in
                cause.reason == .verificationMismatch ? visit.drop(cause) : visit.fail(cause)
            }
        }
    }

    /// Remembers why the lanes are given up; the next visit takes them away.
    private mutating func drop(_ cause: Record.Cause) -> Decision {
        record.dropped = cause
        return Decision(record: record, wake: 0, notices: notices, standing: .progressing(.init(cause.reason, "Giving up: \(cause.message)")))
    }

    // MARK: Shared with later phases

    func unobservedLanes() -> Decision { wait(.observationFailed, unobservedLanesMessage, wake: 2) }

    var unobservedLanesMessage: String {
        let why = observation.source.whyUnknown ?? observation.forward.whyUnknown ?? observation.reverse.whyUnknown ?? ""
        return "The lanes cannot be observed: \(why)"
    }

    /// Why a cutover cannot begin yet; `nil` when the lanes are close enough behind.
    func behind(_ plan: Plan, _ forward: ReplicationState) -> Decision? {
        if let drift = forward.drift { return wait(.schemaDrift, "The tables changed: \(drift)", wake: 5) }
        if let trouble = forward.trouble { return wait(.laneBroken, "Changes do not arrive on the target: \(trouble)", wake: 5) }
        guard let lag = forward.lagBytes else { return wait(.catchingUp, "The lag is not known yet.", wake: 1) }
        guard lag > plan.cutover.maxLagBytes else { return nil }
        return wait(.catchingUp, "\(forward.lagText ?? "") behind the source; at most \(plan.cutover.maxLagBytes) allow a cutover.", wake: 1)
    }

    /// Lanes that lost changes are taken away whole, and everything is copied again.
    mutating func lostLanes(_ plan: Plan, _ source: SourceState, _ forward: ReplicationState) -> Decision? {
        if let decision = droppedLanes(plan, source, forward) { return decision }
        guard forward.loss != nil || forward.stage < .connected else { return nil }
        let why = forward.loss ?? "a lane is gone"
        guard forward.isAbsent else { return act(.removeLanes(.forward, epoch: source.epoch), "Removing the lanes: \(why)") }
        record.milestones.subtract([.copied, .caughtUp, .verified])
        notice(.warning, .laneLost, "Copying again, because changes were lost: \(why)")
        return move(to: .copying, "Copying again: \(why)", reason: .laneLost)
    }

    /// Lanes given up for good, be it because they make the source keep more WAL than it may: they go, and a person decides about the next attempt.
    mutating func droppedLanes(_ plan: Plan, _ source: SourceState, _ forward: ReplicationState) -> Decision? {
        if record.dropped == nil, forward.retainsTooMuch(plan) {
            let found =
                "the source keeps \(forward.retainedBytes >> 20) MiB of WAL for a lane, more than copy.maxRetainedWALMiB = \(plan.copy.maxRetainedWALMiB)"
            record.dropped = .init(.retainedWALExceeded, "\(found). Give the target room or raise the limit, then raise spec.attempt.")
        }
        guard let cause = record.dropped else { return nil }
        if observation.hasJobs.value == true { return act(.deleteJobs, "Giving up: \(cause.message)") }
        if !forward.isAbsent { return act(.removeLanes(.forward, epoch: source.epoch), "Giving up: \(cause.message)") }
        return fail(cause)
    }
}
