/// AwaitingCutover: everything that can be done without a write pause is done; the goal decides when the pause begins.
extension Visit {
    mutating func awaitingCutover(_ plan: Plan) -> Decision {
        if intent.goal == .ready { record.held = nil }
        if intent.attempt > record.attempt {
            record.attempt = intent.attempt
            record.held = nil
        }
        guard intent.goal.asksForCutover else {
            return rest(.goalReached("Ready to cut over. Set spec.goal to Promoted to begin the write pause."), wake: 300)
        }
        if let held = record.held {
            return rest(
                .awaitingApproval("The last cutover was undone: \(held.message). Raise spec.attempt to try again, or set spec.goal to Ready."))
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
            record.frozen = plan
            record.fence = .init(epoch: source.epoch, decidedAt: now, deadline: now.adding(seconds: plan.cutover.pauseSeconds))
            notice(.normal, .progressing, "The write pause begins; it is undone after \(plan.cutover.pauseSeconds) s unless the switch has begun.")
            return move(to: Phase.awaitingCutover.next(in: plan), "Fencing the source.")
        }
    }
}
