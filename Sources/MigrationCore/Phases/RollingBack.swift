/// RollingBack and the two phases at its end. The target is closed before the source is opened, so that never two sides take writes.
extension Visit {
    mutating func rollingBack(_ plan: Plan, back tag: String) -> Decision {
        closedTarget() ?? openedSource() ?? originalSecrets() ?? backOnSource(plan, tag) ?? withoutJobs() ?? wentBack()
    }

    /// The target must be closed, at an epoch past any opening that may still be under way. A write found there now cancels the rollback.
    private mutating func closedTarget() -> Decision? {
        guard let opened = record.targetEpoch else { return nil }
        switch observation.target {
        case .unknown(let why): return wait(.observationFailed, "The target cannot be observed: \(why)", wake: 2)
        case .value(let target) where target.fence != .closed || target.epoch <= opened:
            return act(.closeTarget(epoch: target.epoch), "Fencing the target.")
        case .value(let target):
            noteClientWrite(target)
            guard record.rollbackWouldLose, record.rollback?.acceptsLoss != true, observation.source.value != nil, !sourceIsOpen else { return nil }
            notice(.warning, .noReverseLane, "Rollback refused: the target took a client write before it was fenced. It is opened again.")
            record.rollback = nil
            record.targetEpoch = target.epoch
            return move(to: .switching, "Rollback refused: the target took a client write.", reason: .noReverseLane)
        }
    }

    /// Open at an epoch past any closing that may still be under way.
    private var sourceIsOpen: Bool {
        guard let fence = record.fence else { return true }
        guard let source = observation.source.value else { return false }
        return source.fence == .open && source.epoch > fence.epoch
    }

    private mutating func openedSource() -> Decision? {
        if sourceIsOpen { return nil }
        switch observation.source {
        case .unknown(let why): return wait(.observationFailed, "The source cannot be observed: \(why)", wake: 2)
        case .value(let source): return act(.openSource(epoch: source.epoch), "Opening the source.")
        }
    }

    private mutating func originalSecrets() -> Decision? {
        guard record.switchedAt != nil else { return nil }
        switch observation.secrets {
        case .unknown(let why): return wait(.observationFailed, "The Secrets cannot be observed: \(why)", wake: 2)
        case .value(.source): return nil
        case .value: return act(.pointSecrets(.source), "Putting the original connection strings back.")
        }
    }

    private mutating func backOnSource(_ plan: Plan, _ tag: String) -> Decision? {
        guard record.switchedAt != nil else { return nil }
        let limit = plan.cutover.rolloutSeconds
        switch observation.workloads {
        case .unknown(let why): return wait(.observationFailed, "The workloads cannot be observed: \(why)", wake: 2)
        case .value(let workloads) where workloads.tag != tag: return act(.restartWorkloads(tag: tag), "Restarting the workloads on the source.")
        case .value(let workloads):
            switch workloads.rollout {
            case .complete: return nil
            case .progressing(let why), .failed(let why):
                guard secondsInPhase >= Int64(limit) else { return wait(.rollingBack, "Restarting the workloads on the source: \(why)", wake: 1) }
                let facts = "The source takes writes and the Secrets are the originals, but the workloads did not come back within \(limit) s: \(why)"
                return fail(.init(.rollbackFailed, facts))
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

    private mutating func wentBack() -> Decision {
        record.frozen = nil
        record.fence = nil
        record.switchedAt = nil
        record.targetEpoch = nil
        record.milestones.subtract([.copied, .verified, .cutOver, .promoted])
        record.milestones.insert(.rolledBack)
        let cause = record.rollback?.cause
        notice(record.rollback?.isRequested == true ? .normal : .warning, cause?.reason ?? .requested, "Rolled back: \(cause?.message ?? "")")
        return settle(in: .rolledBack, reason: cause?.reason) { $0.rolledBack() }
    }

    mutating func rolledBack() -> Decision {
        if let decision = newAttempt() { return decision }
        let cause = record.rollback?.cause ?? .init(.requested, "")
        if intent.goal == .rolledBack { return rest(.goalReached("Rolled back: \(cause.message)")) }
        return rest(.stalled(.init(cause.reason, "Rolled back: \(cause.message). Raise spec.attempt to try again.")))
    }

    mutating func failed() -> Decision {
        if record.fence == nil, let decision = newAttempt() { return decision }
        return rest(.stalled(record.failure ?? .init(.rollbackFailed, "Failed.")))
    }

    private mutating func newAttempt() -> Decision? {
        guard intent.attempt > record.attempt, intent.goal != .rolledBack else { return nil }
        var fresh = Record(attempt: intent.attempt, at: now)
        fresh.jobs = record.jobs
        fresh.timeline = record.timeline
        record = fresh
        return move(to: .pending, "Attempt \(intent.attempt) begins.")
    }
}
