import MigrationCore

extension MilestoneConditions {
    /// `CaughtUp`: whether the target follows the source closely enough to cut over. While it follows, its lag says so; before and after, the record.
    var caughtUp: ConditionDraft {
        if let plan = input.plan, !plan.isLive {
            return ConditionDraft(
                .caughtUp, .false, .notRequested, "A Snapshot is copied while the source is fenced; there is nothing to catch up with.")
        }
        if let cause = record.dropped { return ConditionDraft(.caughtUp, .false, cause) }
        let following: Set<Phase> = [.replicating, .verifying, .awaitingCutover, .draining]
        if following.contains(record.phase), let plan = input.plan {
            switch input.observation.forward {
            case .value(let forward): return judged(forward, atMost: plan.cutover.maxLagBytes)
            case .unknown(let why) where why != Observation.notAsked:
                return ConditionDraft(.caughtUp, .unknown, .observationFailed, "How far the target is behind is not known: \(why)")
            case .unknown: break
            }
        }
        return step(.caughtUp, .caughtUp, in: [.replicating], done: "The target caught up with the source.")
    }

    private func judged(_ forward: ReplicationState, atMost limit: Int64) -> ConditionDraft {
        if let loss = forward.loss { return ConditionDraft(.caughtUp, .false, .laneLost, "Changes are lost and everything is copied again: \(loss)") }
        if let drift = forward.drift { return ConditionDraft(.caughtUp, .false, .schemaDrift, "The tables changed: \(drift)") }
        if let trouble = forward.trouble {
            return ConditionDraft(.caughtUp, .false, .laneBroken, "Changes do not arrive on the target: \(trouble)")
        }
        guard forward.stage == .running, let lag = forward.lagBytes else {
            return ConditionDraft(.caughtUp, .unknown, .catchingUp, "The lanes are being connected.")
        }
        let time = forward.lagMilliseconds.map { " (\($0 / 1000).\($0 % 1000 / 100) s)" } ?? ""
        let text = "The target is \(lag) bytes\(time) behind; spec.cutover.maxLagBytes is \(limit)."
        return lag > limit ? ConditionDraft(.caughtUp, .false, .catchingUp, text) : ConditionDraft(.caughtUp, .true, .succeeded, text)
    }
}
