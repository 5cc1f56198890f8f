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
        guard forward.isDrained(to: position), forward.sequencesEpoch == fence.closedEpoch else {
            return drain(.forward, forward, to: position, epoch: fence.closedEpoch, publisherEpoch: fence.closedEpoch)
        }
        if let mismatch = forward.mismatch { return abort(.init(.verificationMismatch, "behind the fence both sides differ: \(mismatch)")) }
        notice(.normal, .succeeded, "The target has everything the source took before \(position).")
        return move(to: Phase.draining.next(in: plan), "The target has everything.")
    }

    func drain(_ direction: Direction, _ lanes: ReplicationState, to position: WALPosition, epoch: Int64, publisherEpoch: Int64) -> Decision {
        let message = "Waiting until the \(direction.subscriber.rawValue) has everything before \(position)"
        let action = Action.drainLanes(direction, to: position, epoch: epoch, publisherEpoch: publisherEpoch)
        return act(action, message + (lanes.trouble.map { ": \($0)" } ?? "."), .draining)
    }
}
