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
        if let moment = record.firstClientWriteAt ?? writeSeen { return lossy(since: moment) }
        let mayWrite = record.switchedAt != nil || record.phase == .switching
        if mayWrite, let why = input.observation.target.whyUnknown {
            return ConditionDraft(.rollbackReady, .unknown, .observationFailed, "Whether the target took client writes is not known: \(why)")
        }
        return ConditionDraft(.rollbackReady, .true, .lossless, "Going back loses nothing. Set spec.goal to RolledBack to do so.")
    }

    private var writeSeen: Timestamp? {
        guard let target = input.observation.target.value, target.tookClientWrite, input.record.fence != nil else { return nil }
        return target.firstClientWriteAt ?? input.now
    }

    private func lossy(since moment: Timestamp) -> ConditionDraft {
        ConditionDraft(
            .rollbackReady, .false, .noReverseLane,
            "Clients write on the target since \(moment.time), and a Snapshot has nothing that carries this back. To go back and lose it, set "
                + "spec.rollback.acceptLoss to \(Reason.noReverseLane.rawValue) and spec.goal to RolledBack.")
    }
}
