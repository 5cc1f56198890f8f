/// A rollback whose loss was accepted still loses no more than it has to.
extension Visit {
    /// What lanes still carry is carried, for at most half a write pause; then the source's sequences are set, for at most the whole of it. They are
    /// set even when rows are missing: those that came back before have numbers that the source would give once more.
    mutating func carriesWhatItCan(_ plan: Plan, _ source: SourceState, _ target: TargetState, _ reverse: ReplicationState) -> Decision? {
        guard plan.keepsReverseLane, record.firstClientWriteAt != nil else { return nil }
        if let decision = drainsWhatItCan(plan, source, target, reverse) { return decision }
        if reverse.sequencesEpoch != target.epoch, secondsPaused < Int64(plan.cutover.pauseSeconds) {
            // Nothing is waited for any more.
            let align = Action.drainLanes(.reverse, to: WALPosition(bytes: 0), epoch: source.epoch, publisherEpoch: target.epoch)
            return act(align, "Setting the source's sequences.")
        }
        return nil
    }

    private mutating func drainsWhatItCan(
        _ plan: Plan, _ source: SourceState, _ target: TargetState, _ reverse: ReplicationState
    ) -> Decision? {
        guard secondsPaused < Int64(plan.cutover.pauseSeconds) / 2 else { return nil }
        if reverse.stage == .connected, reverse.loss == nil {
            return act(.connectLanes(.reverse, epoch: source.epoch), "Connecting the way back.")
        }
        // A lost lane brings nothing more; the others of the migration do.
        let whole = ReplicationState(lanes: reverse.lanes.filter { $0.stage == .running && $0.loss == nil })
        guard !whole.lanes.isEmpty else { return nil }
        guard let position = record.rollback?.position ?? target.position else {
            return wait(.draining, "Waiting for the target's position.", wake: 0)
        }
        record.rollback?.position = position
        guard !whole.isDrained(to: position) else { return nil }
        let left = "Waiting until the source has what the lanes can still carry before \(position)"
        return wait(.draining, left + (whole.trouble.map { ": \($0)" } ?? "."), wake: 0)
    }
}
