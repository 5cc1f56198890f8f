import MigrationCore

/// `RollbackReady`: whether going back now loses nothing.
struct RollbackCondition {
    private let input: StatusInput

    init(_ input: StatusInput) { self.input = input }

    var condition: ConditionDraft {
        let record = input.record
        switch record.phase {
        case .pending, .preflight: return ConditionDraft(.rollbackReady, .unknown, .notStarted, "Nothing was changed yet.")
        case .rolledBack: return ConditionDraft(.rollbackReady, .unknown, .notStarted, "The applications are on the source already.")
        case .cleaningUp, .completed:
            return ConditionDraft(
                .rollbackReady, .false, .rollbackWindowClosed, "Goal Completed closed the way back. \(Reason.rollbackWindowClosed.remedy)")
        default: break
        }
        if let moment = record.firstClientWriteAt ?? writeSeen { return written(since: moment) }
        let mayWrite = record.switchedAt != nil || record.phase == .switching
        if mayWrite, loss(since: input.now) != nil, let why = input.observation.target.whyUnknown {
            return ConditionDraft(.rollbackReady, .unknown, .observationFailed, "Whether the target took client writes is not known: \(why)")
        }
        return ConditionDraft(.rollbackReady, .true, .lossless, "Going back loses nothing. Set spec.goal to RolledBack to do so.")
    }

    private var writeSeen: Timestamp? {
        guard let target = input.observation.target.value, target.tookClientWrite, input.record.fence != nil else { return nil }
        return target.firstClientWriteAt ?? input.now
    }

    /// The core's own judgement, so that what is shown is what `rollback.acceptLoss` must name.
    private func loss(since moment: Timestamp) -> Reason? {
        guard let plan = input.plan else { return .noReverseLane }
        var record = input.record
        record.firstClientWriteAt = moment
        return lossReason(plan: plan, record: record, reverse: input.observation.reverse)
    }

    private func written(since moment: Timestamp) -> ConditionDraft {
        let writes = "Clients write on the target since \(moment.time)"
        let reverse = input.observation.reverse
        guard let loss = loss(since: moment) else {
            let lag = reverse.value?.lagBytes.map { "; the source is \($0) bytes behind" } ?? ""
            return ConditionDraft(
                .rollbackReady, .true, .lossless,
                "\(writes), and the reverse lanes carry that back\(lag). Set spec.goal to RolledBack to go back and lose nothing.")
        }
        let remedy = "To go back and lose it, set spec.rollback.acceptLoss to \(loss.rawValue) and spec.goal to RolledBack."
        if loss == .reverseLaneBroken, let why = reverse.whyUnknown {
            return ConditionDraft(
                .rollbackReady, .unknown, .observationFailed,
                "\(writes), and whether the reverse lanes carry that back is not known: \(why). \(remedy)")
        }
        return ConditionDraft(.rollbackReady, .false, loss, "\(writes), and \(obstacle(loss)). \(remedy)")
    }

    private func obstacle(_ loss: Reason) -> String {
        let reverse = input.observation.reverse.value
        return switch loss {
        case .reverseLaneLost: "the reverse lanes no longer have all of it: \(reverse?.loss ?? "a lane is gone")"
        case .reverseLaneBroken:
            "the reverse lanes do not get on: \(reverse?.trouble ?? "the cause is not known"); repaired, they go on by themselves"
                + (reverse?.drift.map { ". The tables changed: \($0)" } ?? "")
        case .reverseSchemaDrift: "the tables changed, so that the reverse lanes may stop at the next row: \(reverse?.drift ?? "")"
        case _ where input.plan?.isLive == true: "spec.rollback.keepReverseReplication is false, so that nothing carries this back"
        default: "a Snapshot has nothing that carries this back"
        }
    }
}
