/// RollingBack and the two phases at its end. The target is closed before the source is opened, so that never two sides take writes.
extension Visit {
    mutating func rollingBack(_ plan: Plan, back tag: String) -> Decision {
        // By the controller or, behind a target that was opened, by a person.
        if observation.source.value?.fence == .open { record.fence?.hasOpenedTarget = nil }
        return calledOff() ?? closedTarget(plan, tag) ?? carriedBack(plan, tag) ?? openedSource(plan, tag) ?? movedBack(plan, tag) ?? withoutJobs()
            ?? forwardAgain(plan) ?? wentBack(plan)
    }

    /// A source that is away may never come back, and whoever deletes the migration of one that died must be able to. Nobody has noticed anything
    /// while the target is open. With a source that answers, going back is over sooner than it is called off.
    private mutating func calledOff() -> Decision? {
        guard observation.source.value == nil, let target = observation.target.value, isOpenAsDecided(target),
            intent.isDeleted || record.rollback?.isRequested == true && intent.goal != .rolledBack
        else { return nil }
        let why = intent.isDeleted ? "The migration is being deleted" : "spec.goal is \(intent.goal.rawValue) again"
        record.rollback = nil
        return move(to: .switching, "\(why) while the source is away: the applications stay on the target.")
    }

    /// The target must be closed, at an epoch past any opening that may still be under way. A write found there now cancels the rollback.
    private mutating func closedTarget(_ plan: Plan, _ tag: String) -> Decision? {
        guard let opened = record.targetEpoch else { return nil }
        switch observation.target {
        case .unknown(let why):
            let began = record.rollback?.closingAt ?? record.phaseStartedAt
            if record.rollback?.closedAt == nil, now >= began.adding(seconds: plan.cutover.pauseSeconds), let decision = resumedInVain(plan) {
                return decision
            }
            return stuckWait(plan, tag, "The target cannot be observed: \(why)")
        case .value(let target) where target.fence != .closed || target.epoch <= opened:
            if isOpenAsDecided(target), record.rollback?.closingAt == nil, record.remaining == nil, observation.source.value?.fence != .open {
                record.fence?.hasOpenedTarget = true
            }
            return sourceAway(plan, target) ?? poolersStagedBack(plan, target) ?? pausesAndClosesTarget(plan, target)
        case .value(let target):
            if record.rollback?.closedAt == nil { record.rollback?.closedAt = now }
            noteClientWrite(target)
            if let why = observation.source.whyUnknown, mayOpenUnseen(plan) {
                return triedInVain(target, "The source could not be observed for \(secondsPaused) s behind", again: "answers: \(why)")
            }
            // A source that a person has opened has no fence of ours to show for it.
            guard let loss, record.rollback?.acceptsLoss != true, record.rollback?.isCarriedBack != true, let source = observation.source.value,
                source.fence != .open
            else { return nil }
            if plan.keepsReverseLane, secondsPaused < Int64(plan.cutover.pauseSeconds) {
                return wait(.laneBroken, "The reverse lanes do not carry back what the target took (\(loss.rawValue)).", wake: 2)
            }
            return refused(target, loss)
        }
    }

    /// A closed target would leave the applications without a side for as long as the source is away.
    private func sourceAway(_ plan: Plan, _ target: TargetState) -> Decision? {
        guard target.fence == .open, let why = observation.source.whyUnknown else { return nil }
        if plan.hasPoolers, observation.poolers.value?.isPaused == true {
            return act(.resumePoolers, "Resuming the poolers, because the source is away.")
        }
        return wait(.observationFailed, "Going back waits for the source, and the applications go on on the target: \(why)", wake: 2)
    }

    /// The source went away behind the closed target, and neither the controller nor a person can have opened it.
    var awaitsOpeningUnseen: Bool {
        observation.source.value == nil && observation.target.value?.fence == .closed && record.fence?.hasOpenedTarget == true
    }

    /// With everything carried back the source gets the time of a rollout: its lanes are gone, so that there may be no second way back.
    private func mayOpenUnseen(_ plan: Plan) -> Bool {
        let limit = record.rollback?.isCarriedBack == true ? max(plan.cutover.pauseSeconds, plan.cutover.rolloutSeconds) : plan.cutover.pauseSeconds
        return awaitsOpeningUnseen && secondsPaused >= Int64(limit)
    }

    /// How long nobody has been able to write: a cluster that could not be reached before the target was closed has cost the applications nothing.
    var secondsPaused: Int64 { record.rollback?.closedAt.map { now.since($0) / 1000 } ?? 0 }

    private mutating func refused(_ target: TargetState, _ loss: Reason) -> Decision {
        notice(.warning, loss, "Rollback refused: the target took client writes that would be lost. It is opened again.")
        return openedAgain(target, "Rollback refused: the target took client writes that would be lost.", loss)
    }

    private mutating func triedInVain(_ target: TargetState, _ found: String, again: String) -> Decision {
        let told = "\(found) a closed target, which is opened again"
        notice(.warning, .pauseBudgetExceeded, "\(told). Nothing was lost; going back is tried again when the source \(again).")
        return openedAgain(target, "\(told).", .pauseBudgetExceeded)
    }

    /// The applications go on, on the side that has everything.
    private mutating func openedAgain(_ target: TargetState, _ message: String, _ reason: Reason) -> Decision {
        if plan?.keepsReverseLane == true { record.unreached = record.rollback?.position ?? target.position ?? WALPosition(bytes: 0) }
        record.rollback = nil
        record.targetEpoch = target.epoch
        return move(to: .switching, message, reason: reason)
    }

    /// Open at an epoch past any closing that may still be under way.
    private var sourceIsOpen: Bool {
        guard let fence = record.fence else { return true }
        guard let source = observation.source.value else { return false }
        return source.fence == .open && source.epoch > fence.epoch
    }

    /// Live mode, after the target was open: what it took goes to the source; then new forward lanes are made while nothing is written anywhere,
    /// so that the next attempt copies nothing again. Which of the two comes next can be told from what exists: the reverse lanes go last but one.
    private mutating func carriedBack(_ plan: Plan, _ tag: String) -> Decision? {
        guard plan.isLive, record.targetEpoch != nil, !sourceIsOpen else { return nil }
        // The target is opened behind a sealed source only: it has taken nothing.
        if let source = observation.source.value, let fence = record.fence, source.epoch < fence.sealEpoch { return nil }
        guard case .value(let source) = observation.source, case .value(let target) = observation.target,
            case .value(let forward) = observation.forward,
            case .value(let reverse) = observation.reverse
        else { return stuckWait(plan, tag, unobservedLanesMessage) }
        if forward.isRunning, !reverse.isAbsent || record.rollback?.acceptsLoss == true {
            return act(.disconnectLanes(.forward, epoch: source.epoch), "Stopping the forward lanes.")
        }
        if record.rollback?.isCarriedBack != true, record.rollback?.acceptsLoss != true {
            if let decision = drainsBack(plan, source, target, reverse) {
                if secondsPaused < Int64(plan.cutover.pauseSeconds) { return decision }
                return triedInVain(target, "The source did not catch up within \(plan.cutover.pauseSeconds) s of", again: "is close behind")
            }
            record.rollback?.isCarriedBack = true
        }
        if record.rollback?.acceptsLoss == true, let decision = carriesWhatItCan(plan, source, target, reverse) { return decision }
        if !reverse.isAbsent || record.rollback?.acceptsLoss == true {
            if !forward.isAbsent { return act(.removeLanes(.forward, epoch: source.epoch), "Removing the old forward lanes.") }
            if !reverse.isAbsent { return act(.removeLanes(.reverse, epoch: source.epoch), "Removing the reverse lanes.") }
            return nil
        }
        // Worth a moment of the pause, but not the applications' patience.
        guard forward.stage < .connected, secondsPaused < Int64(plan.cutover.pauseSeconds) / 2 else { return nil }
        return act(.prepareLanes(.forward, epoch: source.epoch), "Preparing the next attempt's lanes.")
    }

    private mutating func drainsBack(_ plan: Plan, _ source: SourceState, _ target: TargetState, _ reverse: ReplicationState) -> Decision? {
        guard plan.keepsReverseLane, record.firstClientWriteAt != nil else { return nil }
        if reverse.stage == .connected { return act(.connectLanes(.reverse, epoch: source.epoch), "Connecting the way back.") }
        guard let position = record.rollback?.position ?? target.position else {
            return wait(.draining, "Waiting for the target's position.", wake: 0)
        }
        record.rollback?.position = position
        guard reverse.isDrained(to: position), reverse.sequencesEpoch == target.epoch else {
            return drain(.reverse, reverse, to: position, epoch: source.epoch, publisherEpoch: target.epoch)
        }
        return nil
    }

    /// Live mode: forward lanes that are whole run again, so that the source keeps no WAL for nothing; others go.
    private mutating func forwardAgain(_ plan: Plan) -> Decision? {
        guard plan.isLive, !startedUntouched else { return nil }
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward,
            case .value(let reverse) = observation.reverse
        else {
            // The applications are back; a server that does not answer must not hold up the end.
            guard secondsInPhase < Int64(plan.cutover.rolloutSeconds) else { return nil }
            return unobservedLanes()
        }
        if !reverse.isAbsent { return act(.removeLanes(.reverse, epoch: source.epoch), "Removing the reverse lanes.") }
        if forward.isAbsent { return nil }
        if forward.loss != nil || forward.stage == .slotted || forward.stage == .absent {
            return act(.removeLanes(.forward, epoch: source.epoch), "Removing the forward lanes.")
        }
        return forward.stage == .connected ? act(.connectLanes(.forward, epoch: source.epoch), "Connecting the forward lanes.") : nil
    }

    private mutating func openedSource(_ plan: Plan, _ tag: String) -> Decision? {
        if sourceIsOpen {
            if record.rollback?.openedAt == nil {
                let pause = record.rollback?.closingAt.map { now.since($0) }
                record.rollback?.openedAt = now
                record.rollback?.pauseMilliseconds = pause
            }
            return nil
        }
        switch observation.source {
        case .unknown(let why): return stuckWait(plan, tag, "The source cannot be observed: \(why)")
        case .value(let source):
            record.fence?.hasOpenedTarget = nil
            let opening = Action.openSource(epoch: source.epoch)
            return act(plan.hasPoolers ? [opening, .turnPoolers(.source)] : [opening], "Opening the source.")
        }
    }

    /// The applications, behind the open source.
    private mutating func movedBack(_ plan: Plan, _ tag: String) -> Decision? {
        let moving = originalSecrets(plan, tag) ?? backOnSource(plan, tag) ?? putBack(plan)
        // Poolers that were never touched need not answer.
        guard plan.hasPoolers, record.fence != nil || record.pointedAt != nil else { return moving }
        if let moving, record.phase != .rollingBack { return moving }
        let opened = record.rollback?.openedAt ?? now
        if let decision = poolersBeside(moving, to: .source, plan, since: opened) ?? moving { return decision }
        guard let late = poolersElsewhere(.source, plan) else { return nil }
        // Consoles that do not answer get as much time again.
        if observation.poolers.value == nil, now < opened.adding(seconds: 2 * turningSeconds(plan)) {
            return wait(late.reason, late.message, wake: 5)
        }
        return rollbackFails(plan, tag, "After \(now.since(opened) / 1000) s \(late.message).")
    }

    private mutating func originalSecrets(_ plan: Plan, _ tag: String) -> Decision? {
        guard !plan.cutover.connections.isEmpty, record.switchedAt != nil || plan.cutover.isWrittenOutside && !startedUntouched else { return nil }
        if let why = observation.secrets.whyUnknown { return stuckWait(plan, tag, "The Secrets cannot be observed: \(why)") }
        if let strayed = strayedConnections(from: .source) { return wait(strayed.reason, strayed.message, wake: 2) }
        if observation.secrets.value == .source { return nil }
        let message = late(plan, tag, "Putting the original connection strings back.")
        return act(.pointSecrets(.source), message)
    }

    /// Nothing had been done that anybody could have noticed.
    private var startedUntouched: Bool { record.rollback.map { [.pending, .preflight, .provisioning].contains($0.from) } ?? true }

    private mutating func backOnSource(_ plan: Plan, _ tag: String) -> Decision? {
        guard record.switchedAt != nil, !plan.cutover.workloads.isEmpty else { return nil }
        let limit = plan.cutover.rolloutSeconds + plan.fileSeconds
        switch observation.workloads {
        case .unknown(let why):
            guard isStuck(plan) else { return wait(.observationFailed, "The workloads cannot be observed: \(why)", wake: 2) }
            return rollbackFails(plan, tag, "How the workloads are was not known within \(limit) s: \(why.prefix(200)).")
        case .value(let workloads):
            // Without waiting for one another: those that were moved are down.
            if let group = workloads.groups.first(where: { $0.tag != tag }) {
                // Their time begins here, whatever others took to write before.
                if record.rollback?.hasRestarted != true { record.rollback?.openedAt = now }
                record.rollback?.hasRestarted = true
                let message = late(plan, tag, "Restarting the workloads\(inTurn(group.order, plan)) on the source.")
                return act(.restartWorkloads(tag: tag, order: group.order), message)
            }
            switch workloads.rollout {
            case .complete: return nil
            case .progressing(let why), .failed(let why):
                guard isStuck(plan) else { return wait(.rollingBack, "Restarting the workloads on the source: \(why)", wake: 1) }
                return rollbackFails(plan, tag, "The workloads did not come back within \(limit) s: \(why.prefix(300)).")
            }
        }
    }

    private mutating func withoutJobs() -> Decision? {
        switch observation.hasJobs {
        case .unknown(let why): wait(.observationFailed, "The Jobs cannot be observed: \(why)", wake: 2)
        case .value(true): act(.deleteJobs, "Removing worker Jobs.")
        case .value(false): nil
        }
    }

    private mutating func wentBack(_ plan: Plan) -> Decision {
        record.frozen = nil
        record.fence = nil
        record.switchedAt = nil
        record.pointedAt = nil
        record.targetEpoch = nil
        record.awaited = nil
        record.milestones.subtract([.copied, .caughtUp, .verified, .cutOver, .promoted])
        record.milestones.insert(.rolledBack)
        let cause = record.rollback?.cause
        notice(record.rollback?.isRequested == true ? .normal : .warning, cause?.reason ?? .requested, "Rolled back: \(cause?.message ?? "")")
        return settle(in: .rolledBack, reason: cause?.reason) { $0.rolledBack(plan) }
    }

    mutating func rolledBack(_ plan: Plan) -> Decision {
        if let decision = newAttempt() { return decision }
        if let decision = uselessLanes() { return decision }
        let wake: Int? = plan.isLive ? 60 : nil
        let cause = record.rollback?.cause ?? .init(.requested, "")
        if intent.goal == .rolledBack { return rest(.goalReached("Rolled back: \(cause.message)"), wake: wake) }
        return rest(.stalled(.init(cause.reason, "Rolled back: \(cause.message). Raise spec.attempt to try again.")), wake: wake)
    }

    mutating func failed() -> Decision {
        if record.fence == nil, let decision = newAttempt() ?? uselessLanes() { return decision }
        return rest(.stalled(record.failure ?? .init(.rollbackFailed, "Failed.")), wake: plan?.isLive == true ? 60 : nil)
    }

    /// Live mode, at rest: lanes are kept for the next attempt, but not when it could not use them, and not at the price of the source's disk.
    private mutating func uselessLanes() -> Decision? {
        guard let plan, plan.isLive, case .value(let source) = observation.source, case .value(let forward) = observation.forward, !forward.isAbsent
        else { return nil }
        if let loss = forward.loss {
            notice(.warning, .laneLost, "The lanes are dropped and the next attempt copies again, because changes were lost: \(loss)")
        } else if forward.retainsTooMuch(plan) {
            notice(.warning, .retainedWALExceeded, "The source keeps \(forward.retainedBytes >> 20) MiB of WAL for a lane: the lanes are dropped.")
        } else {
            return nil
        }
        return act(.removeLanes(.forward, epoch: source.epoch), "Removing the forward lanes.")
    }

    private mutating func newAttempt() -> Decision? {
        guard intent.attempt > record.attempt, intent.goal != .rolledBack else { return nil }
        var fresh = Record(attempt: intent.attempt, at: now)
        fresh.jobs = record.jobs
        fresh.timeline = record.timeline
        fresh.hasRested = record.hasRested
        (fresh.outbox, fresh.notified) = (record.outbox, record.notified)
        record = fresh
        return move(to: .pending, "Attempt \(intent.attempt) begins.")
    }
}
