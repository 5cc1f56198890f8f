/// Switching: the source is sealed, the target is opened, the Secrets point at it, the workloads restart. One step a visit, each the first
/// that is not yet true.
extension Visit {
    mutating func switching(_ plan: Plan, forward tag: String) -> Decision {
        guard case .value(let target) = observation.target else { return unseen(observation.target.whyUnknown) }
        noteClientWrite(target)
        if isOpenAsDecided(target) { record.fence?.hasOpenedTarget = true }
        let source = observation.source.value
        if let source {
            if let decision = lostFence(source, target) ?? turnedLanes(plan, source, target) ?? writtenOutside(target) { return decision }
        } else if record.fence?.hasOpenedTarget != true {
            return unseen(observation.source.whyUnknown)
        }
        // A target with writes of its own that was fenced by somebody is opened again: going back would lose them. Without a source nobody can.
        let isOnlySide = record.firstClientWriteAt != nil || source == nil
        let opened = isOnlySide && target.fence == .closed ? target.epoch : record.targetEpoch ?? target.epoch
        guard target.fence == .open else {
            if target.fence == .closed, target.epoch > opened {
                return goBack(.init(.fenceLost, "somebody else fenced the target during the switch"))
            }
            if let decision = unopened(target) { return decision }
            // The rollout has its own time, whatever others took to write before.
            if record.targetEpoch == nil { record.phaseStartedAt = now }
            record.targetEpoch = opened
            // Performed in one go, because every visit is paid for with the applications' patience; what fails ends it.
            let turning: [Action] = plan.hasPoolers ? [.turnPoolers(.target)] : []
            if plan.hasPoolers, record.switchedAt == nil { record.switchedAt = now }
            guard let seal = source.flatMap(sealing) else { return act([.openTarget(epoch: opened)] + turning, "Opening the target.") }
            return act([.sealSource(epoch: seal), .openTarget(epoch: opened)] + turning, "Sealing the source fence and opening the target.")
        }
        record.targetEpoch = opened
        let moving = movesConnected(plan, tag)
        if let moving, record.phase != .switching { return moving }
        if let decision = poolersBeside(moving, to: .target, plan, since: record.phaseStartedAt) { return decision }
        // Consoles that do not answer say nothing about where their poolers lead: the soak waits for them.
        if observation.poolers.value != nil, let late = poolersElsewhere(.target, plan) {
            return undone(plan, late.message) ?? moving ?? staysAnyway(plan, late.message)
        }
        return moving ?? connectsBack(plan) ?? runsOnTarget()
    }

    /// The opening was decided, and does not come about: going back closes the target at a higher epoch, so that a late one does no harm.
    private mutating func unopened(_ target: TargetState) -> Decision? {
        guard record.targetEpoch != nil, record.firstClientWriteAt == nil, observation.source.value != nil, let fence = record.fence,
            now >= fence.deadline
        else { return nil }
        return goBack(.init(.pauseBudgetExceeded, "the write pause reached its budget before the target was open"))
    }

    /// A server without which nothing can be opened.
    private mutating func unseen(_ why: String?) -> Decision {
        if record.targetEpoch == nil, let fence = record.fence, now >= fence.deadline {
            // Nothing was opened yet: going back still costs nothing, and the pause has lasted long enough.
            return goBack(.init(.pauseBudgetExceeded, "the write pause reached its budget before the target could be opened: \(why ?? "")"))
        }
        return wait(.observationFailed, "A server cannot be observed: \(why ?? "")", wake: 2)
    }

    /// Secrets, and then workloads; `nil` when all of them are on the target.
    private mutating func movesConnected(_ plan: Plan, _ tag: String) -> Decision? {
        if plan.cutover.connections.isEmpty { return rollsOut(plan, tag) }
        switch observation.secrets {
        case .unknown(let why):
            return takesTooLong(plan, "the Secrets cannot be observed: \(why)")
                ?? wait(.observationFailed, "The Secrets cannot be observed: \(why)", wake: 2)
        case .value(let side):
            if record.switchedAt == nil { record.switchedAt = now }
            if let strayed = strayedConnections(from: .target) { return abandoned(plan, strayed) ?? wait(strayed.reason, strayed.message, wake: 2) }
            if side == .target { return rollsOut(plan, tag) }
            return takesTooLong(plan, "the connection strings could not be written")
                ?? act(.pointSecrets(.target), "Pointing the connection strings at the target.")
        }
    }

    /// The source is closed once more, at the next epoch, before anything is opened: from then on the undo that an earlier controller was allowed
    /// to do (``Record/undoWithoutLease(_:)``) comes too late, whatever it has read.
    ///
    /// - Returns: the epoch to seal it at; `nil` when it is sealed.
    private func sealing(_ source: SourceState) -> Int64? {
        guard let fence = record.fence, source.fence != .closed || source.epoch < fence.sealEpoch else { return nil }
        return fence.closedEpoch
    }

    /// The fence neither is sealed nor can be. A target that is open was opened behind a sealed one, or by somebody else.
    private mutating func lostFence(_ source: SourceState, _ target: TargetState) -> Decision? {
        guard let fence = record.fence else { return rest(.stalled(.init(.stateLost, "Phase Switching without a fence on record."))) }
        guard let seal = sealing(source) else { return nil }
        let isUnopened = target.fence == .closed && target.epoch <= record.targetEpoch ?? target.epoch && record.firstClientWriteAt == nil
        let isSealable = source.epoch == fence.sealEpoch && source.fence == .partial || source.epoch == seal && source.fence == .closed
        guard isUnopened, isSealable else { return sourceFenceLost(source) }
        guard now < fence.deadline else {
            return goBack(.init(.pauseBudgetExceeded, "the write pause reached its budget before the source could be sealed: \(source.evidence)"))
        }
        return nil
    }

    private mutating func sourceFenceLost(_ source: SourceState) -> Decision {
        let cause = Record.Cause(.fenceLost, "the source fence no longer holds: \(source.evidence)")
        // An open source may have taken writes that no lane carries: going back and staying lose alike, so a person decides.
        guard record.firstClientWriteAt != nil else { return goBack(cause) }
        let remedy =
            "fence the source again by hand, or set spec.goal to RolledBack" + (loss.map { " and spec.rollback.acceptLoss to \($0.rawValue)" } ?? "")
        return rest(.stalled(.init(.fenceLost, "The target took a client write and \(cause.message). To go on, \(remedy).")), wake: 5)
    }

    private mutating func rollsOut(_ plan: Plan, _ tag: String) -> Decision? {
        if plan.cutover.workloads.isEmpty { return nil }
        let limit = plan.cutover.rolloutSeconds
        switch observation.workloads {
        case .unknown(let why):
            return takesTooLong(plan, "the workloads cannot be observed: \(why)")
                ?? wait(.observationFailed, "The workloads cannot be observed: \(why)", wake: 2)
        case .value(let workloads):
            if workloads.hasBegun(tag), let decision = connectsBack(plan) { return decision }
            switch workloads.turn(tag) {
            case .restart(let order):
                return takesTooLong(plan, "the workloads could not be restarted")
                    ?? act(.restartWorkloads(tag: tag, order: order), "Restarting the workloads\(inTurn(order, plan)).")
            case .rollout(.complete):
                return secondsInPhase < Int64(limit) ? putsBack() : nil
            case .rollout(.failed(let why)): return rolloutFailed(plan, workloads, tag, why)
            case .rollout(.progressing(let why)) where secondsInPhase >= Int64(limit):
                return rolloutFailed(plan, workloads, tag, "not complete after \(limit) s: \(why)")
            case .rollout(.progressing(let why)): return wait(.progressing, "Restarting the workloads: \(why)", wake: 1)
            }
        }
    }

    private mutating func runsOnTarget() -> Decision {
        record.milestones.insert(.cutOver)
        notice(.normal, .succeeded, "The applications run on the target.")
        return move(to: .soaking, "The applications run on the target; watching their health.")
    }

    /// Nobody brings the connection strings back, and nothing was written on the target yet: the applications need a side.
    private mutating func abandoned(_ plan: Plan, _ strayed: Record.Cause) -> Decision? {
        guard secondsInPhase >= Int64(plan.cutover.rolloutSeconds), plan.rollback.automatic, loss == nil, tooFarBehind(plan) == nil else {
            return nil
        }
        return goBack(strayed)
    }

    /// Which of several groups a message is about.
    func inTurn(_ order: Int, _ plan: Plan) -> String { Set(plan.cutover.workloads.map(\.order)).count > 1 ? " of order \(order)" : "" }

    private mutating func rolloutFailed(_ plan: Plan, _ workloads: WorkloadsState, _ tag: String, _ why: String) -> Decision {
        if let decision = undone(plan, why) { return decision }
        // Those whose turn has not come would stay on a source that takes no writes.
        if let group = workloads.groups.first(where: { $0.tag != tag }) {
            return act(.restartWorkloads(tag: tag, order: group.order), "Restarting the workloads\(inTurn(group.order, plan)) as well: \(why)")
        }
        return staysAnyway(plan, why)
    }

    /// The way back from applications that do not come up on the target, where it may be taken now.
    private mutating func undone(_ plan: Plan, _ why: String) -> Decision? {
        guard plan.rollback.automatic, loss == nil, tooFarBehind(plan) == nil else { return nil }
        return goBack(.init(.rolloutFailed, "the rollout failed: \(why)"))
    }

    /// What is refused or away has as much time as a rollout, because the applications have no side meanwhile. Where going back is not possible or not
    /// wanted it is tried for ever.
    private mutating func takesTooLong(_ plan: Plan, _ why: String) -> Decision? {
        guard secondsInPhase >= Int64(plan.cutover.rolloutSeconds) else { return nil }
        return undone(plan, "after \(plan.cutover.rolloutSeconds) s \(why)")
    }

    /// The target may have writes that the source lacks: staying and saying so is the only way that loses nothing.
    private mutating func staysAnyway(_ plan: Plan, _ why: String) -> Decision {
        let waits = plan.rollback.automatic && loss == nil ? tooFarBehind(plan) : nil
        let back =
            waits.map { "going back waits until the source is close behind (\($0))" } ?? "going back by itself is off (\(rollbackOff(plan).rawValue))"
        notice(.warning, .rolloutFailed, "The rollout failed, and \(back): \(why)")
        return move(to: .soaking, "The rollout failed: \(why)", reason: .rolloutFailed)
    }

    /// Why an automatic rollback does not happen.
    func rollbackOff(_ plan: Plan) -> Reason { plan.rollback.automatic ? loss ?? .noReverseLane : .automaticRollbackOff }

    /// Live mode, before the target opens: nothing may still apply to it, and the way back has to be there, because a reverse slot made after the
    /// first client write would miss it. The seal ends what applies; a seal that was cut off may have left it.
    private mutating func turnedLanes(_ plan: Plan, _ source: SourceState, _ target: TargetState) -> Decision? {
        guard plan.isLive, target.fence != .open, let fence = record.fence else { return nil }
        let isDecided = record.targetEpoch != nil
        guard isDecided || now < fence.deadline else {
            return goBack(.init(.pauseBudgetExceeded, "the write pause reached its budget before the lanes were turned"))
        }
        guard case .value(let forward) = observation.forward, case .value(let reverse) = observation.reverse else { return unobservedLanes() }
        if forward.isRunning, sealing(source) == nil {
            return act(.disconnectLanes(.forward, epoch: source.epoch), "Stopping the forward lanes.")
        }
        guard !isDecided, plan.keepsReverseLane, reverse.stage < .connected || reverse.loss != nil else { return nil }
        return goBack(.init(.laneLost, "the reverse lanes are gone before the switch: \(reverse.loss ?? "not all of them exist")"))
    }

    /// Live mode, once the applications were told: what the target takes flows back, and the forward lanes, which hold nothing any more, go.
    mutating func connectsBack(_ plan: Plan) -> Decision? {
        guard plan.isLive, case .value(let source) = observation.source else { return nil }
        if plan.keepsReverseLane, let reverse = observation.reverse.value, reverse.stage == .connected, reverse.loss == nil {
            return act(.connectLanes(.reverse, epoch: source.epoch), "Connecting the way back.")
        }
        return nil
    }

    /// Open since the opening that this attempt decided, and not by somebody's hand.
    func isOpenAsDecided(_ target: TargetState) -> Bool { target.fence == .open && record.targetEpoch.map { target.epoch > $0 } == true }

    /// Only a write past the opening decided in this attempt counts: until the target is opened again, the server still tells of the one before.
    mutating func noteClientWrite(_ target: TargetState) {
        guard target.tookClientWrite, record.firstClientWriteAt == nil, let opened = record.targetEpoch, target.epoch > opened else { return }
        record.firstClientWriteAt = target.firstClientWriteAt ?? now
    }
}
