/// AwaitingCutover: everything that can be done without a write pause is done; the goal decides when the pause begins.
extension Visit {
    mutating func awaitingCutover(_ plan: Plan) -> Decision {
        if intent.goal == .ready { record.held = nil }
        if intent.attempt > record.attempt {
            record.attempt = intent.attempt
            record.held = nil
        }
        if let decision = keepsLanes(plan) { return decision }
        guard intent.goal.asksForCutover else {
            return rest(.goalReached("Ready to cut over. Set spec.goal to Promoted to begin the write pause."), wake: plan.isLive ? 15 : 300)
        }
        if let held = record.held {
            return rest(
                .awaitingApproval("The last cutover was undone: \(held.message). Raise spec.attempt to try again, or set spec.goal to Ready."),
                wake: plan.isLive ? 15 : nil)
        }
        switch observation.target {
        case .unknown(let why): return wait(.observationFailed, "Cannot check whether the cutover may begin: \(why)")
        case .value(let target) where target.fence == .open:
            return act(.closeTarget(epoch: target.epoch), "Fencing the target, which must not take writes yet.")
        case .value: break
        }
        switch (observation.preflight, observation.source) {
        case (.unknown(let why), _), (_, .unknown(let why)): return wait(.observationFailed, "Cannot check whether the cutover may begin: \(why)")
        case (.value(let problems), _) where !problems.isEmpty: return wait(.progressingWithRetry, preflightMessage(problems), wake: 15)
        case (.value, .value(let source)) where source.fence != .open:
            return rest(.stalled(.init(.stateLost, "The source is fenced but no fence is on record: \(source.evidence)")), wake: 30)
        case (.value, .value(let source)):
            if let decision = reverseLanesReady(plan, source) { return decision }
            record.frozen = plan
            record.fence = .init(epoch: source.epoch, decidedAt: now, deadline: now.adding(seconds: plan.cutover.pauseSeconds))
            notice(.normal, .progressing, "The write pause begins; it is undone after \(plan.cutover.pauseSeconds) s unless the switch has begun.")
            return move(to: Phase.awaitingCutover.next(in: plan), "Fencing the source.")
        }
    }

    /// Live mode: the forward lanes have to stay close behind, whatever the goal; reverse lanes exist only while a cutover is about to come, because
    /// their slots make the target keep WAL.
    private mutating func keepsLanes(_ plan: Plan) -> Decision? {
        guard plan.isLive else { return nil }
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward,
            case .value(let reverse) = observation.reverse
        else { return unobservedLanes() }
        if record.dropped != nil || forward.loss != nil || forward.stage != .running || forward.retainsTooMuch(plan) {
            return move(
                to: .replicating, "The lanes need attention: \(record.dropped?.message ?? forward.loss ?? "see Replicating")", reason: .laneLost)
        }
        let wantsReverse = plan.keepsReverseLane && intent.goal.asksForCutover && record.held == nil
        if !reverse.isAbsent, !wantsReverse || reverse.loss != nil {
            return act(.removeLanes(.reverse, epoch: source.epoch), "Removing the reverse lanes.")
        }
        return intent.goal.asksForCutover && record.held == nil ? behind(plan, forward) : nil
    }

    /// Made before the fence, because making a slot waits for every transaction of the server.
    private mutating func reverseLanesReady(_ plan: Plan, _ source: SourceState) -> Decision? {
        guard plan.keepsReverseLane, let reverse = observation.reverse.value, reverse.stage < .connected else { return nil }
        return act(.prepareLanes(.reverse, epoch: source.epoch), "Preparing the way back.")
    }
}
