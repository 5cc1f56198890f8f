/// What every phase has in common about poolers. Their files are written well before the pause, and read (`RELOAD`) only behind two closed sides: until then
/// every replica leads to the side it came from, so that an undo is nothing but a `RESUME`.
extension Visit {
    /// Times a pause is tried while nothing is fenced yet: each try that fails has let the applications wait in vain.
    static let pauseTries = 3

    /// 0b. Outside of the write pause nobody waits. A pause of ours may arrive late, and one of somebody else's would look like ours.
    mutating func resumedPoolers() -> Decision? {
        guard plansPoolers, !record.isFencedBeforeSwitch, !record.isCommitted, observation.poolers.value?.isPaused == true else { return nil }
        return act(.resumePoolers, "Resuming the poolers, which are paused outside of a write pause.")
    }

    /// There are poolers, by the plan in force or, with a spec that became invalid, by the one that was accepted.
    private var plansPoolers: Bool { desired.poolers(record) != nil }

    /// AwaitingCutover: the files lead to the target, and have been doing so for long enough that every replica has them. Nothing without side effects
    /// shows a file that was not read yet, so that time has to do.
    mutating func poolersStaged(_ plan: Plan) -> Decision? {
        guard plan.hasPoolers else { return nil }
        switch observation.poolers {
        case .unknown(let why): return wait(.observationFailed, "The cutover waits for the poolers: \(why)")
        case .value(let poolers): return staged(poolers, .target, plan, .waitingForPoolers)
        }
    }

    /// RollingBack: the same in the other direction, while the applications go on on the target. A replica that was never led there needs no file.
    mutating func poolersStagedBack(_ plan: Plan, _ target: TargetState) -> Decision? {
        guard plan.hasPoolers, target.fence == .open, secondsInPhase < Int64(plan.fileSeconds + 60) else { return nil }
        switch observation.poolers {
        case .unknown(let why): return wait(.observationFailed, "Going back waits for the poolers: \(why)", wake: 2)
        case .value(let poolers): return poolers.leads == .source ? nil : staged(poolers, .source, plan, .rollingBack)
        }
    }

    private mutating func staged(_ poolers: PoolersState, _ side: Side, _ plan: Plan, _ reason: Reason) -> Decision? {
        if poolers.files != side.state {
            record.pointedAt = now
            return act(.pointPoolers(side), "Writing the poolers' files, which lead to the \(side.rawValue) from the pause on.", reason)
        }
        let since = record.pointedAt ?? now
        record.pointedAt = since
        let left = Int64(plan.fileSeconds) - now.since(since) / 1000
        guard left > 0, poolers.leads != side.state else { return nil }
        return wait(reason, "The write pause begins when every pooler has its new file: \(left) s more.", wake: Int(min(left, 15)))
    }

    /// Fencing: paused first, so that clients wait instead of being turned away.
    mutating func pausesAndCloses(_ plan: Plan, _ source: SourceState, _ fence: Record.Fence) -> Decision {
        guard plan.hasPoolers else { return act(.closeSource(epoch: fence.epoch), "Fencing the source.") }
        if source.fence == .open, source.epoch == fence.epoch {
            let tries = fence.pauses ?? 0
            guard tries < Self.pauseTries else {
                return abort(
                    .init(.poolerNotPaused, "the poolers could not be paused, or the source not fenced behind them, in \(Self.pauseTries) tries"))
            }
            record.fence?.pauses = tries + 1
        }
        return act([.pausePoolers, .closeSource(epoch: fence.epoch)], "Pausing the poolers and fencing the source.")
    }

    /// RollingBack: the same for the target; going back matters more than that nobody notices.
    mutating func pausesAndClosesTarget(_ plan: Plan, _ target: TargetState) -> Decision {
        if target.fence == .open || record.rollback?.closingAt == nil { record.rollback?.closingAt = now }
        let tries = record.rollback?.pauses ?? 0
        guard plan.hasPoolers, target.fence == .open, tries < Self.pauseTries else {
            let isInVain = target.fence != .closed && tries >= Self.pauseTries
            return (isInVain ? resumedInVain(plan) : nil) ?? act(.closeTarget(epoch: target.epoch), "Fencing the target.")
        }
        record.rollback?.pauses = tries + 1
        return act([.pausePoolers, .closeTarget(epoch: target.epoch)], "Pausing the poolers and fencing the target.")
    }

    /// Nobody waits behind a pooler for a target that does not close, or that the controller alone does not reach.
    func resumedInVain(_ plan: Plan) -> Decision? {
        guard plan.hasPoolers, observation.poolers.value?.isPaused == true else { return nil }
        return act(.resumePoolers, "Resuming the poolers, because the target could not be fenced.")
    }

    /// The end of the pause, behind an open side: every replica leads there and runs. `nil` when they do, and when they have had their time.
    /// - Parameter opened: since when the side has been open.
    mutating func poolersTurned(to side: Side, _ plan: Plan, since opened: Timestamp) -> Decision? {
        guard plan.hasPoolers else { return nil }
        let isOver = now >= opened.adding(seconds: turningSeconds(plan))
        switch observation.poolers {
        case .unknown(let why):
            if !isOver { return wait(.observationFailed, "The poolers cannot be observed: \(why)", wake: 1) }
        case .value(let poolers):
            if poolers.leads == side.state, poolers.isPaused { return act(.resumePoolers, "Resuming the poolers.") }
            if poolers.serves(side) { return nil }
            if isOver { break }
            if poolers.files != side.state {
                record.pointedAt = now
                return act(.pointPoolers(side), "Writing the poolers' files.")
            }
            return act(.turnPoolers(side), "Waiting until every pooler reads its file and leads to the \(side.rawValue): \(poolers.evidence)")
        }
        // What is left to do is remembered: the phase that follows does it when it can.
        record.pointedAt = record.pointedAt ?? now
        return nil
    }

    /// Neither applications behind poolers nor those with connections of their own wait for the others. Poolers come first, in the same go: their turn is
    /// bounded in time, and what fails for the others may do so for ever.
    /// - Parameter moving: what those with connections of their own need; `nil` when nothing.
    /// - Returns: `nil` when the poolers need nothing, and the others no action.
    mutating func poolersBeside(_ moving: Decision?, to side: Side, _ plan: Plan, since opened: Timestamp) -> Decision? {
        let turning = poolersTurned(to: side, plan, since: opened)
        guard var both = moving, !both.actions.isEmpty else { return turning }
        both.actions = (turning?.actions ?? []) + both.actions
        both.record = record
        return both
    }

    /// Why not all applications behind poolers are on `side`; `nil` when they are, and where there are no poolers.
    func poolersElsewhere(_ side: Side, _ plan: Plan) -> Record.Cause? {
        guard plan.hasPoolers else { return nil }
        switch observation.poolers {
        case .unknown(let why): return .init(.observationFailed, "the poolers cannot be observed: \(why)")
        case .value(let poolers) where poolers.serves(side): return nil
        case .value(let poolers) where poolers.leads == side.state && !poolers.isPaused:
            return .init(
                .waitingForPoolers, "the poolers' files do not lead to the \(side.rawValue), so that a pooler that starts anew would not either")
        case .value(let poolers): return .init(.waitingForPoolers, "not every pooler leads to the \(side.rawValue): \(poolers.evidence)")
        }
    }

    /// The longest that takes after a switch, in seconds.
    func turningSeconds(_ plan: Plan) -> Int { plan.fileSeconds + 120 }
}

// MARK: While nothing is being switched

extension Visit {
    /// Where a phase has nothing else to do: files that were written for a pause which does not come are written back, and a replica that came up with an
    /// old file reads the new one.
    func settlingPoolers(_ decision: Decision) -> Decision {
        let phase = decision.record.phase
        guard decision.actions.isEmpty, phase == initialPhase, phase.looksAtPoolers, let side = phase.servedSide, plansPoolers,
            !decision.record.isCommitted, !decision.record.isFencedBeforeSwitch, case .value(let poolers) = observation.poolers,
            !awaitsPause(decision)
        else { return decision }
        var settled = decision
        if poolers.serves(side) {
            // A replica that starts anew may do so with the file before.
            let left = secondsUntilFilesAreThere
            if left <= 0 { settled.record.pointedAt = nil } else { settled.wake = min(decision.wake ?? left, left) }
        } else if poolers.files == side.state {
            settled.actions = [.turnPoolers(side)]
        } else if decision.record.pointedAt != nil {
            settled.record.pointedAt = now
            settled.actions = [.pointPoolers(side)]
        }
        if !settled.actions.isEmpty { settled.wake = min(decision.wake ?? 5, 5) }
        return settled
    }

    /// The files lead to the target for a pause that is about to come. Whatever may take longer is waited for with files that a pooler which starts
    /// anew may read; what may be over at the next look has as much time as the files take.
    private func awaitsPause(_ decision: Decision) -> Bool {
        guard decision.record.phase == .awaitingCutover, case .progressing(let cause) = decision.standing else { return false }
        switch cause.reason {
        case .waitingForPoolers, .catchingUp, .observationFailed: return true
        case .probeInconclusive, .progressingWithRetry:
            return secondsUntilFilesAreThere > -fileSecondsInForce
        default: return false
        }
    }

    /// Until every replica has what was last written to the files; 0 or less when they have.
    private var secondsUntilFilesAreThere: Int {
        record.pointedAt.map { fileSecondsInForce - Int(now.since($0) / 1000) } ?? 0
    }

    private var fileSecondsInForce: Int { desired.poolers(record)?.map(\.fileSeconds).max() ?? 0 }

    /// Deletion: poolers that were touched are left alone only when they are seen to serve.
    func poolersLetGo(since started: Timestamp) -> Decision? {
        guard plansPoolers, record.pointedAt != nil, record.phase.looksAtPoolers, now < started.adding(seconds: Visit.teardownSeconds) else {
            return nil
        }
        if let side = record.phase.servedSide, observation.poolers.value?.serves(side) == true, secondsUntilFilesAreThere <= 0 { return nil }
        return wait(
            .deleting, "Deleting: leading the poolers back. \(observation.poolers.whyUnknown ?? observation.poolers.value?.evidence ?? "")", wake: 2)
    }
}

extension Phase {
    /// Phases in which something of a pause may be left, or may arrive late.
    var looksAtPoolers: Bool {
        switch self {
        case .copying, .replicating, .verifying, .awaitingCutover, .switching, .soaking, .promoted, .cleaningUp, .rollingBack, .rolledBack, .failed:
            true
        default: false
        }
    }

    /// Where the applications are while the phase rests; `nil` where that is being changed.
    fileprivate var servedSide: Side? {
        switch self {
        // A rollback that has a fence on record is asked for its own rules only.
        case .copying, .replicating, .verifying, .awaitingCutover, .rollingBack, .rolledBack, .failed: .source
        case .soaking, .promoted, .cleaningUp: .target
        default: nil
        }
    }
}

extension Desired {
    /// A spec that became invalid does not leave poolers paused.
    public func poolers(_ record: Record?) -> [Plan.Pooler]? { (planInForce(record) ?? record?.accepted)?.cutover.poolers }
}
