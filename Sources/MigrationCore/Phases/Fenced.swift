/// Fencing, Copying and Verifying of the Snapshot mode: the source is closed, or being closed, and every way out but forward opens it again.
extension Visit {
    mutating func fencing(_ plan: Plan) -> Decision {
        guard let fence = record.fence else { return rest(.stalled(.init(.stateLost, "Phase Fencing without a fence on record."))) }
        switch observation.source {
        case .unknown(let why): return wait(.observationFailed, "The source cannot be observed: \(why)", wake: 2)
        case .value(let source) where source.epoch == fence.closedEpoch && source.fence == .closed:
            record.fence?.closedAt = source.closedAt ?? now
            record.fence?.evidence = source.evidence
            notice(.normal, .succeeded, "The source is fenced: \(source.evidence)")
            return move(to: Phase.fencing.next(in: plan), "The source is fenced.")
        case .value(let source) where source.epoch > fence.closedEpoch || (source.epoch == fence.closedEpoch && source.fence == .open):
            return abort(.init(.fenceLost, "somebody else moved the source fence to epoch \(source.epoch) while it was being closed"))
        case .value(let source): return scaledToZero(plan) ?? pausesAndCloses(plan, source, fence)
        }
    }

    /// Copying and Verifying: the step's Job, under a fence that must still hold.
    mutating func runsJob(_ step: WorkerStep, _ plan: Plan, done: Milestone) -> Decision {
        guard let fence = record.fence, let number = record.jobs[step] else {
            return rest(.stalled(.init(.stateLost, "Phase \(record.phase.rawValue) without a fence or a Job number on record.")))
        }
        switch observation.source {
        case .unknown(let why): return wait(.observationFailed, "The source cannot be observed: \(why)", wake: 2)
        case .value(let source) where source.fence != .closed || source.epoch != fence.closedEpoch:
            return abort(.init(.fenceLost, "the source fence no longer holds: \(source.evidence)"))
        case .value: break
        }
        switch observation.job {
        case .unknown(let why): return wait(.observationFailed, "The \(step.rawValue) Job cannot be observed: \(why)", wake: 2)
        case .value(.absent):
            return act(.runJob(step, number: number, sourceEpoch: fence.closedEpoch), "Starting \(step.rawValue) Job \(number).")
        case .value(.running(let message)): return wait(.progressing, message, wake: 2)
        case .value(.succeeded(let message)):
            record.milestones.insert(done)
            notice(.normal, .succeeded, message)
            return move(to: record.phase.next(in: plan), message)
        case .value(.failed(let reason, let message, let mayRetry)):
            return jobFailed(step, Record.Cause(reason, message), mayRetry: mayRetry) { $0.abort($1) }
        }
    }

    /// Seconds after which a Job that failed had been able to work.
    static let lastingJobSeconds: Int64 = 600

    /// Starts the step again under the next number, at most twice one after the other; then `giveUp` says what follows.
    ///
    /// A Job that lasted says nothing against the next one: a copy of hours lives through many a drained node and failover, and keeps what it has.
    mutating func jobFailed(
        _ step: WorkerStep, _ cause: Record.Cause, mayRetry: Bool, giveUp: (inout Visit, Record.Cause) -> Decision
    ) -> Decision {
        let lasted = record.jobStartedAt.map { now.since($0) >= Self.lastingJobSeconds * 1000 } ?? false
        guard mayRetry, lasted || record.jobFailures < 2 else { return giveUp(&self, cause) }
        record.jobFailures = lasted ? 0 : record.jobFailures + 1
        numberJob(step)
        notice(.warning, cause.reason, "The \(step.rawValue) Job failed and is started again: \(cause.message)")
        return Decision(
            record: record, wake: 0, notices: notices, standing: .progressing(.init(.progressingWithRetry, "Trying again: \(cause.message)")))
    }

    /// Remembers why the fence must go; the next visit's first rule undoes it.
    mutating func abort(_ cause: Record.Cause) -> Decision {
        record.abort = cause
        return Decision(
            record: record, wake: 0, notices: notices, standing: .progressing(.init(cause.reason, "Undoing the source fence: \(cause.message)")))
    }
}
