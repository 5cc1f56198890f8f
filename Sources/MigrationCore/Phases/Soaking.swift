/// Soaking and Promoted: the applications are on the target, and health decides.
extension Visit {
    mutating func soaking(_ plan: Plan) -> Decision {
        if case .value(let target) = observation.target { noteClientWrite(target) }
        if let decision = keepsWayBack(plan) { return decision }
        let health = Health.assess(plan, record: &record, observation: observation, now: now)
        if intent.goal == .rolledBack { return cannotGoBackYet(plan, wake: nextProbe(plan)) }
        let strayed = strayedConnections(from: .target)
        if strayed == nil, let side = observation.secrets.value, side != .target, observation.target.value != nil {
            return act(.pointSecrets(.target), "Pointing the connection strings at the target again.")
        }
        switch health {
        case .good(let since):
            if let strayed { return wait(strayed.reason, "All checks are good, but \(strayed.message)", wake: nextProbe(plan)) }
            if let elsewhere = poolersElsewhere(.target, plan) {
                return wait(elsewhere.reason, "All checks are good, but \(elsewhere.message)", wake: nextProbe(plan))
            }
            let left = Int64(plan.health.soakSeconds) - now.since(since) / 1000
            guard left <= 0 else { return wait(.soaking, "All checks are good; \(left) s of soaking left.", wake: min(nextProbe(plan), Int(left))) }
            if !plan.cutover.connections.isEmpty, let why = observation.secrets.whyUnknown {
                return wait(.observationFailed, "All checks are good, but the Secrets cannot be observed: \(why)", wake: nextProbe(plan))
            }
            if let decision = unapproved(.promoted, wake: nextProbe(plan)) { return decision }
            record.milestones.insert(.promoted)
            notice(.normal, .succeeded, "Promoted: all checks were good for \(plan.health.soakSeconds) s.")
            return intent.goal == .completed ? move(to: .promoted, "Promoted.") : settle(in: .promoted) { $0.promoted(plan) }
        case .bad(let why): return unhealthy(plan, why)
        case .silent(let why):
            return rest(
                .awaitingApproval("Health cannot be told: \(why). Make the check answer, which goes on by itself, or set spec.goal to RolledBack."),
                wake: nextProbe(plan))
        case .undecided(let why): return wait(.probeInconclusive, "Health is not decided: \(why)", wake: nextProbe(plan))
        }
    }

    private mutating func unhealthy(_ plan: Plan, _ why: String) -> Decision {
        guard plan.rollback.automatic, loss == nil else {
            return wait(rollbackOff(plan), "Unhealthy, and going back by itself is off: \(why)", wake: nextProbe(plan))
        }
        guard case .value = observation.target else {
            return wait(
                .probeFailed, "Unhealthy, but the target cannot be asked for client writes: \(observation.target.whyUnknown ?? "")",
                wake: nextProbe(plan))
        }
        if let behind = tooFarBehind(plan, unhealthySince: record.unhealthySince) {
            return wait(.catchingUp, "Unhealthy, and going back waits until the source is close behind (\(behind)): \(why)", wake: 1)
        }
        return goBack(.init(.probeFailed, why))
    }

    /// Live mode: the reverse lanes run while they can, and end before they fill the target's disk; the forward lanes hold nothing any more.
    private mutating func keepsWayBack(_ plan: Plan) -> Decision? {
        guard plan.isLive, case .value(let source) = observation.source else { return nil }
        if let decision = connectsBack(plan) { return decision }
        if let forward = observation.forward.value, !forward.isAbsent {
            return act(.removeLanes(.forward, epoch: source.epoch), "Removing the forward lanes.")
        }
        guard let reverse = observation.reverse.value, reverse.retainsTooMuch(plan) else { return nil }
        notice(.warning, .retainedWALExceeded, "The target keeps \(reverse.retainedBytes >> 20) MiB of WAL for the way back: its lanes are dropped.")
        return act(.removeLanes(.reverse, epoch: source.epoch), "Removing the reverse lanes.")
    }

    private func nextProbe(_ plan: Plan) -> Int {
        guard let last = record.lastProbeAt else { return 1 }
        let left = last.adding(seconds: plan.health.periodSeconds).since(now)
        return max(1, Int((left + 999) / 1000))
    }

    mutating func promoted(_ plan: Plan) -> Decision {
        if case .value(let target) = observation.target { noteClientWrite(target) }
        if let decision = keepsWayBack(plan) { return decision }
        let wake = plan.isLive ? 15 : 300
        // From here on the strings are their owners' again, and may say what they like, but for a side that takes no writes.
        if let strayed = strayedConnections(from: .target), observation.connections.contains(where: { $0.state == .source }),
            intent.goal != .rolledBack
        {
            return wait(strayed.reason, "Promoted, but \(strayed.message)", wake: wake)
        }
        switch intent.goal {
        case .completed:
            if let decision = unapproved(.completed, wake: wake) { return decision }
            notice(.normal, .rollbackWindowClosed, "Goal Completed closes the rollback window.")
            return move(to: .cleaningUp, "Cleaning up; the rollback window is closed.")
        case .promoted: return rest(.goalReached("Promoted. Set spec.goal to Completed to clean up, which closes the rollback window."), wake: wake)
        case .ready:
            return rest(.goalReached("Promoted; spec.goal Ready is behind this phase and ignored (\(Reason.goalBehindPhase.rawValue))."), wake: wake)
        case .rolledBack: return cannotGoBackYet(plan, wake: plan.isLive ? 15 : nil)
        }
    }

    mutating func cleaningUp() -> Decision {
        if let decision = tidy("Cleaning up") { return decision }
        record.milestones.insert(.cleanedUp)
        notice(.normal, .succeeded, "Completed: nothing of this migration is left on the servers but the source's read-only settings.")
        return settle(in: .completed) { $0.completed() }
    }

    mutating func completed() -> Decision {
        switch intent.goal {
        case .completed: rest(.goalReached("Completed."))
        case .ready, .promoted:
            rest(.goalReached("Completed; spec.goal \(intent.goal.rawValue) is behind this phase and ignored (\(Reason.goalBehindPhase.rawValue))."))
        case .rolledBack:
            rest(.stalled(.init(.rollbackWindowClosed, "Completed: the rollback window is closed. Start a new migration in the other direction.")))
        }
    }
}
