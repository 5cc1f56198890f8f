/// AwaitingCutover: everything that can be done without a write pause is done; the goal decides when the pause begins.
extension Visit {
    mutating func awaitingCutover(_ plan: Plan) -> Decision {
        let decision = gates(plan)
        guard decision.actions.isEmpty, record.phase == .awaitingCutover, observation.rest.value?.isHeld == true, !keepsResting(decision) else {
            return decision
        }
        return putsBack() ?? decision
    }

    private mutating func gates(_ plan: Plan) -> Decision {
        if intent.goal == .ready { record.held = nil }
        if intent.attempt > record.attempt {
            record.attempt = intent.attempt
            record.held = nil
        }
        if let decision = keepsLanes(plan) ?? digestsPrepared(plan) { return decision }
        guard intent.goal.asksForCutover else {
            return rest(.goalReached("Ready to cut over. Set spec.goal to Promoted to begin the write pause."), wake: plan.isLive ? 15 : 300)
        }
        if let held = record.held {
            return rest(
                .awaitingApproval(
                    "The last cutover was undone: \(held.message). Raise spec.attempt to try again, or set spec.goal to Ready.\(tooEarly(plan))"),
                wake: plan.isLive ? 15 : nil)
        }
        if let decision = unapproved(.cutover, wake: plan.isLive ? 15 : nil) ?? staleVerification(plan) { return decision }
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
            if let decision = outsideWindow(plan) ?? baselinesTaken(plan) ?? jobsEnded(plan) ?? poolersStaged(plan) ?? reverseLanesReady(plan, source)
            {
                return decision
            }
            record.frozen = plan
            record.fence = .init(epoch: source.epoch, decidedAt: now, deadline: now.adding(seconds: plan.cutover.pauseSeconds))
            warn()
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
        let begins =
            intent.goal.asksForCutover && record.held == nil && unapproved(.cutover, wake: nil) == nil && outsideWindow(plan) == nil
        let wantsReverse = plan.keepsReverseLane && begins
        if !reverse.isAbsent, !wantsReverse || reverse.loss != nil {
            return act(.removeLanes(.reverse, epoch: source.epoch), "Removing the reverse lanes.")
        }
        return begins ? behind(plan, forward) : nil
    }

    /// Live mode: what was found equal too long ago is compared again before the pause, the first time as soon as somebody wants it.
    private mutating func staleVerification(_ plan: Plan) -> Decision? {
        guard plan.isLive, plan.verification != .none, let limit = plan.verificationMaxAgeSeconds else { return nil }
        if let verifiedAt = record.verifiedAt, now < verifiedAt.adding(seconds: limit) { return nil }
        record.milestones.remove(.verified)
        return move(to: .replicating, "The last verification is older than \(limit) s; comparing again.", reason: .verificationStale)
    }

    /// The wait for the maintenance window, when there is one and it is closed.
    func outsideWindow(_ plan: Plan) -> Decision? {
        guard let window = plan.cutover.window else { return nil }
        switch observation.window {
        case .unknown(let why): return wait(.observationFailed, "Cannot tell whether the maintenance window is open: \(why)")
        case .value(let state):
            if let closesAt = state.closesAt, now < closesAt { return nil }
            let schedule = "\"\(window.schedule)\" in \(window.timeZone)"
            guard let next = state.nextAt else { return wait(.outsideWindow, "The maintenance window \(schedule) does not open again.", wake: 300) }
            let opening = CivilTime(minutes: CivilTime.floor(next.milliseconds, 60_000)).text
            let left = max(1, Int(min(next.since(now) + 999, 300_000) / 1_000))
            return wait(
                .outsideWindow, "Everything is ready; the write pause waits for the maintenance window \(schedule), which opens at \(opening)Z.",
                wake: min(left, plan.isLive ? 15 : 300))
        }
    }

    /// Measured while the applications still write to the source, the last time by the visit that decides the fence, and kept by the same write of the
    /// record. Before anything is prepared or suspended: an answer may be long in coming, and with CronJobs at rest it would be another one.
    private mutating func baselinesTaken(_ plan: Plan) -> Decision? {
        if record.hasRested == true, record.baselines != nil { return nil }
        var baselines: [String: Record.Baseline] = [:]
        for check in plan.health.measured where check.wantsBaseline {
            switch check.baseline(from: observation.measurements[check.name] ?? .unknown(Observation.notAsked)) {
            case .value(let baseline): baselines[check.name] = baseline
            case .unknown(let why):
                return wait(
                    .probeInconclusive,
                    "The cutover waits for the baseline of check \(check.name): \(why). Make it answer, or remove its maxIncreasePercent and "
                        + "maxDecreasePercent.")
            }
        }
        record.baselines = baselines.isEmpty ? nil : baselines
        return nil
    }

    /// Made before the fence, because making a slot waits for every transaction of the server.
    private mutating func reverseLanesReady(_ plan: Plan, _ source: SourceState) -> Decision? {
        guard plan.keepsReverseLane, let reverse = observation.reverse.value, reverse.stage < .connected else { return nil }
        return act(.prepareLanes(.reverse, epoch: source.epoch), "Preparing the way back.")
    }
}
