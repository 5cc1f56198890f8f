/// Draining: the source is closed; what it holds has to be on the target, sequences included, before anything opens.
extension Visit {
    mutating func draining(_ plan: Plan) -> Decision {
        guard let fence = record.fence else { return rest(.stalled(.init(.stateLost, "Phase Draining without a fence on record."))) }
        guard case .value(let source) = observation.source, case .value(let forward) = observation.forward else { return unobservedLanes() }
        guard source.fence == .closed, source.epoch == fence.closedEpoch else {
            return abort(.init(.fenceLost, "the source fence no longer holds: \(source.evidence)"))
        }
        if let loss = forward.loss { return abort(.init(.laneLost, loss)) }
        guard let position = fence.position ?? source.position else { return wait(.draining, "Waiting for the source's position.", wake: 0) }
        record.fence?.position = position
        guard forward.isDrained(to: position) else {
            return wait(.draining, "Waiting until the target has everything before \(position)" + (forward.trouble.map { ": \($0)" } ?? "."), wake: 0)
        }
        guard forward.sequencesEpoch == fence.closedEpoch else {
            let align = Action.alignSequences(.forward, epoch: fence.closedEpoch, publisherEpoch: fence.closedEpoch)
            return act(align, "Setting the target's sequences.")
        }
        if let mismatch = forward.mismatch { return abort(.init(.verificationMismatch, "behind the fence both sides differ: \(mismatch)")) }
        notice(.normal, .succeeded, "The target has everything the source took before \(position).")
        return move(to: Phase.draining.next(in: plan), "The target has everything.")
    }
}
