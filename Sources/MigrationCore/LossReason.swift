/// What going back now would cost: `nil` when no acknowledged write would be lost, otherwise the reason that `rollback.acceptLoss` must name.
///
/// The condition RollbackReady shows this reason and the rules ask for it, so that the two cannot differ. Lanes that cannot be observed count as
/// broken, never as fine.
public func lossReason(plan: Plan, record: Record, reverse: Fact<ReplicationState>) -> Reason? {
    guard record.firstClientWriteAt != nil, record.rollback?.isCarriedBack != true else { return nil }
    guard plan.keepsReverseLane else { return .noReverseLane }
    guard case .value(let state) = reverse else { return .reverseLaneBroken }
    // A lane that is not listed is missing like one that is listed as absent.
    let isConnected = plan.databases.allSatisfy { state.stage(of: $0.name) >= .connected }
    guard isConnected, state.loss == nil else { return .reverseLaneLost }
    // A disabled subscription has no worker, and what it tells of an earlier one is past.
    if state.lanes.contains(where: { $0.stage == .running && $0.trouble != nil }) { return .reverseLaneBroken }
    // Nothing is lost by it yet; but the next row that does not fit stops the lane, and what follows that row is not carried.
    return state.drift == nil ? nil : .reverseSchemaDrift
}
