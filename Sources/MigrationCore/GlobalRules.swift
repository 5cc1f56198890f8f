/// The rules that come before a phase's own, in the order ``decide(_:uid:record:observation:now:)`` asks them. Each answers `nil` when it does not apply.
extension Visit {
    /// How long deletion waits for a server that does not answer, in seconds, before it lets the object go and says what is left.
    static let teardownSeconds = 600

    /// 0. A source fence held before the switch is undone when its time is over or nobody wants it any more. Writing starts again first; tidying follows.
    mutating func undoneFence() -> Decision? {
        guard record.isFencedBeforeSwitch, let fence = record.fence else { return nil }
        if record.abort == nil { record.abort = reasonToUndo(fence) }
        guard let cause = record.abort else { return nil }
        switch observation.source {
        case .unknown(let why):
            return wait(cause.reason, "Undoing the source fence (\(cause.message)), but the source cannot be observed: \(why)", wake: 2)
        case .value(let source) where source.fence == .open && source.epoch > fence.epoch:
            if observation.poolers.value?.isPaused == true { return act(.resumePoolers, "The source is open again. Resuming the poolers.") }
            // Applications before tidying.
            if observation.rest.value != nil, let decision = putsBack() { return decision }
            switch observation.hasJobs {
            case .unknown(let why): return wait(cause.reason, "The source is open again. Waiting to see its Jobs: \(why)", wake: 2)
            case .value(true): return act(.deleteJobs, "The source is open again. Removing the worker's Job.")
            case .value(false): return fenceUndone(cause)
            }
        case .value(let source):
            let opening = Action.openSource(epoch: source.epoch)
            return act(plan?.hasPoolers == true ? [opening, .resumePoolers] : [opening], "Undoing the source fence: \(cause.message)")
        }
    }

    private func reasonToUndo(_ fence: Record.Fence) -> Record.Cause? {
        if now < fence.decidedAt {
            return .init(.pauseBudgetExceeded, "the clock was set back, so that the length of the write pause cannot be told")
        }
        if now >= fence.deadline {
            return .init(
                .pauseBudgetExceeded,
                "the write pause reached its budget of \(fence.deadline.since(fence.decidedAt) / 1000) s in phase \(record.phase.rawValue)"
                    + (record.awaited.map { ", waiting for \($0)" } ?? ""))
        }
        if intent.isDeleted { return .init(.deleting, "the migration is being deleted") }
        if intent.isSuspended { return .init(.suspended, "spec.suspend is true") }
        if case .invalid(let problems) = desired.plan { return .init(.invalidSpec, "the spec became invalid: \(problems.first ?? "")") }
        if intent.goal == .ready { return .init(.goalLowered, "spec.goal went back to Ready") }
        if intent.goal == .rolledBack { return .init(.requested, "spec.goal is RolledBack") }
        return nil
    }

    private mutating func fenceUndone(_ cause: Record.Cause) -> Decision {
        record.held = cause
        record.abort = nil
        record.fence = nil
        record.awaited = nil
        // In Live mode the lanes go on, and what was copied and verified stays so; unless it is proved to differ.
        if record.frozen?.isLive != true {
            record.milestones.subtract([.copied, .verified])
        } else if cause.reason == .verificationMismatch {
            record.dropped = cause
        }
        record.frozen = nil
        notice(.warning, .cutoverAborted, "Cutover undone, the source takes writes again: \(cause.message)")
        tell(.cutoverAborted)
        return move(to: .awaitingCutover, "Cutover undone: \(cause.message)", reason: cause.reason)
    }

    /// 1. The object is being deleted: applications stay on the side they use, what is ours goes.
    mutating func deleted() -> Decision? {
        guard intent.isDeleted, !record.isCommitted else { return nil }
        guard observation.hasFinalizer else { return rest(.progressing(.init(.deleting, "Deleted."))) }
        let started = record.teardownStartedAt ?? now
        record.teardownStartedAt = started
        if let decision = poolersLetGo(since: started) { return decision }
        if let decision = tidy("Deleting") { return unknownTooLong(decision, since: started) ?? decision }
        notice(.normal, .deleting, farewell)
        return act(.releaseFinalizer, "Deleting: nothing of this migration is left behind.")
    }

    /// Removes what is ours, one kind at a time; `nil` when nothing is left. A server that does not answer does not keep what the other one
    /// holds: a slot there would make it keep its log for nobody.
    mutating func tidy(_ why: String) -> Decision? {
        switch observation.hasJobs {
        case .unknown(let reason): return wait(.deleting, "\(why): cannot see what is left to remove: \(reason)", wake: 5)
        case .value(true): return act(.deleteJobs, "\(why): removing worker Jobs.")
        case .value(false): break
        }
        let left = observation.leftovers.value ?? observation.seenLeftovers
        if left.contains(.targetArtefacts) { return act(.removeArtefacts(.target), "\(why): removing guard and journal from the target.") }
        if left.contains(.sourceArtefacts) { return act(.removeArtefacts(.source), "\(why): removing guard and journal from the source.") }
        if left.contains(.originals) { return act(.discardOriginals, "\(why): removing the kept originals of Secrets.") }
        guard let reason = observation.leftovers.whyUnknown else { return nil }
        return wait(.deleting, "\(why): cannot see what is left to remove: \(reason)", wake: 5)
    }

    private mutating func unknownTooLong(_ decision: Decision, since started: Timestamp) -> Decision? {
        guard decision.actions.isEmpty, let why = observation.leftovers.whyUnknown, now >= started.adding(seconds: Visit.teardownSeconds) else {
            return nil
        }
        notice(
            .warning, .deleting,
            "Deleted although something may be left on a server. When it is back, drop there: subscriptions, replication slots and publications named "
                + "dbmigration_…, triggers _dbmigration_guard, schema _dbmigration; reset the databases' settings: \(why)")
        notice(.normal, .deleting, farewell)
        return act(.releaseFinalizer, "Deleting: giving up on \(why)")
    }

    private var farewell: String {
        guard record.switchedAt != nil, let plan else { return "Deleted; applications stay on the source." }
        let names = plan.databases.map(\.name).joined(separator: ", ")
        return "Deleted; applications stay on the target. \(names) on \(plan.source.host) stay read-only with CONNECTION LIMIT 0; "
            + "to reopen each: ALTER DATABASE … CONNECTION LIMIT -1; ALTER DATABASE … RESET default_transaction_read_only;"
    }

    /// 2. Suspended: nothing happens, except that a switch or a rollback under way comes to its end.
    mutating func suspended() -> Decision? {
        guard intent.isSuspended, !record.isCommitted, !record.phase.isTerminal else { return nil }
        return rest(.progressing(.init(.suspended, "Suspended in phase \(record.phase.rawValue). Set spec.suspend to false to go on.")))
    }

    /// 3. An invalid spec stalls, except that a switch or a rollback under way goes on with the frozen plan.
    mutating func invalid() -> Decision? {
        guard case .invalid(let problems) = desired.plan, !record.isCommitted else { return nil }
        return rest(.stalled(.init(.invalidSpec, problems.joined(separator: "\n"))))
    }

    /// 4. The user asked to go back.
    mutating func askedToGoBack() -> Decision? {
        guard intent.goal == .rolledBack else { return nil }
        switch record.phase {
        case .rollingBack, .rolledBack, .cleaningUp, .completed: return nil
        case .failed where record.rollback?.isRequested == true:
            // It was asked for, tried and failed: only a new attempt tries again, with a restart of its own.
            guard intent.attempt > record.attempt else { return nil }
            record.attempt = intent.attempt
        default: break
        }
        if case .value(let target) = observation.target { noteClientWrite(target) }
        let accepts = loss.map { intent.acceptedLoss == $0.rawValue } == true || record.rollback?.acceptsLoss == true
        if refusesLoss, record.phase != .failed { return nil }
        // The phase goes on, and says what this waits for.
        if let plan, tooFarBehind(plan) != nil { return nil }
        return goBack(.init(.requested, "spec.goal is RolledBack"), requested: true, acceptsLoss: accepts)
    }

    mutating func goBack(_ cause: Record.Cause, requested: Bool = false, acceptsLoss: Bool = false) -> Decision {
        record.rollback = .init(cause: cause, isRequested: requested, from: record.phase, acceptsLoss: acceptsLoss)
        (record.healthySince, record.unhealthySince, record.unreached, record.awaited) = (nil, nil, nil, nil)
        notice(requested ? .normal : .warning, .rollingBack, "Going back to the source: \(cause.message)")
        return move(to: .rollingBack, "Going back to the source: \(cause.message)", reason: cause.reason)
    }

    /// 5. The phase has lasted too long. Only phases in which the source is open have such a deadline.
    mutating func pastDeadline() -> Decision? {
        guard let limit = record.phase.row.deadlineSeconds, secondsInPhase >= Int64(limit) else { return nil }
        return fail(.init(.deadlineExceeded, "Phase \(record.phase.rawValue) was not done after \(limit) s. Raise spec.attempt to try again."))
    }

    mutating func fail(_ cause: Record.Cause) -> Decision {
        record.failure = cause
        notice(.warning, cause.reason, cause.message)
        return settle(in: .failed, reason: cause.reason) { $0.failed() }
    }
}
