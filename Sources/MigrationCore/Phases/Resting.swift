/// What rests over the write pause: CronJobs are suspended before it and Jobs waited for; workloads scaled to zero are so within its budget. Each object
/// carries what it was before; the record only knows that there may be some. When the pause is over, whatever ended it, they are put back.
extension Visit {
    /// The gate before the write pause: no Job of the selection runs, and none begins any more.
    mutating func jobsEnded(_ plan: Plan) -> Decision? {
        guard plan.cutover.waitsForJobs else { return nil }
        switch observation.rest {
        case .unknown(let why): return wait(.observationFailed, "Cannot see whether CronJobs and Jobs rest: \(why)")
        case .value(let rest) where !rest.isSuspended:
            record.hasRested = true
            return act(.suspendCronJobs, "Suspending CronJobs over the write pause.")
        case .value(let rest):
            guard let jobs = rest.runningJobs else { return nil }
            return wait(.jobRunning, "Everything is ready; the write pause waits for \(jobs) to end.", wake: 2)
        }
    }

    /// Fencing: the stricter fence, before the one on the source.
    mutating func scaledToZero(_ plan: Plan) -> Decision? {
        guard plan.cutover.stopsWorkloads else { return nil }
        switch observation.rest {
        case .unknown(let why): return wait(.observationFailed, "Cannot see whether the workloads are scaled to zero: \(why)", wake: 2)
        case .value(let rest) where !rest.isScaledToZero:
            record.hasRested = true
            return act(.scaleToZero, "Scaling workloads to zero.")
        case .value(let rest):
            guard let pods = rest.runningPods else { return nil }
            return wait(.progressing, "Workloads are scaled to zero; waiting for \(pods) to end.", wake: 1)
        }
    }

    /// 0b. Outside of a write pause nothing rests. What cannot be seen holds up nothing but a deletion, after which nobody would look again.
    mutating func resumed() -> Decision? {
        guard record.hasRested == true, !record.isFencedBeforeSwitch, !record.isCommitted, !mayBeginPause else { return nil }
        guard let why = observation.rest.whyUnknown else { return putsBack() }
        guard intent.isDeleted else { return nil }
        let started = record.teardownStartedAt ?? now
        record.teardownStartedAt = started
        if now < started.adding(seconds: Visit.teardownSeconds) {
            return wait(.deleting, "Deleting: cannot see whether CronJobs and replicas are as they were: \(why)", wake: 5)
        }
        notice(
            .warning, .deleting, "Deleted, but CronJobs may be suspended and workloads scaled to zero; their annotations say what they were: \(why)")
        record.hasRested = nil
        return nil
    }

    /// In AwaitingCutover the phase itself knows what it waits for; an undone cutover is nothing to wait for.
    private var mayBeginPause: Bool {
        guard record.phase == .awaitingCutover, record.held == nil, case .plan = desired.plan else { return false }
        return !intent.isDeleted && !intent.isSuspended && intent.goal.asksForCutover
    }

    /// Whether CronJobs stay suspended while this holds up the pause: a Job, the poolers' files, or what passes in a moment.
    func keepsResting(_ decision: Decision) -> Bool {
        guard case .progressing(let cause) = decision.standing else { return false }
        return [.jobRunning, .waitingForPoolers, .catchingUp, .observationFailed].contains(cause.reason)
    }

    /// RollingBack: after what was restarted, which brought its replicas back with it. An API server that does not tell must not hold up the end.
    mutating func putBack(_ plan: Plan) -> Decision? {
        secondsInPhase >= Int64(plan.cutover.rolloutSeconds) && observation.rest.value == nil ? nil : putsBack()
    }

    /// The action, until it is seen done.
    mutating func putsBack() -> Decision? {
        guard record.hasRested == true else { return nil }
        switch observation.rest {
        case .unknown(let why): return wait(.observationFailed, "Cannot see whether CronJobs and replicas are as they were: \(why)", wake: 2)
        case .value(let rest) where rest.isHeld: return act(.resumeWorkloads, "Putting CronJobs and replicas back as they were.")
        case .value:
            record.hasRested = nil
            return nil
        }
    }
}

/// Whether a visit has to look at what rests. Inside the pause it looks only where it turns on it.
func looksAtRest(_ desired: Desired, _ record: Record) -> Bool {
    let cutover = desired.planInForce(record)?.cutover
    switch record.phase {
    case .awaitingCutover where cutover?.rests == true && desired.intent.goal.asksForCutover: return true
    case .fencing: return cutover?.stopsWorkloads == true
    case .switching: return record.hasRested == true && record.targetEpoch != nil
    default: return record.hasRested == true && !record.isFencedBeforeSwitch
    }
}
