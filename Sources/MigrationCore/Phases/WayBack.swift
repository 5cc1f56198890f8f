/// When a rollback that carries everything back may close the target: as a cutover, only while the write pause is likely to be enough.
extension Visit {
    /// Why a rollback does not begin yet although nothing refuses it; `nil` when it may. The applications go on meanwhile, on the target.
    ///
    /// From Switching the first one does not wait: the target has not been open for long, and the lanes may run only once the applications have been
    /// moved to it. After a pause spent in vain the target has to be open again, and the source has to have what that pause waited for:
    /// lanes that do not get on would otherwise close the target again and again.
    func tooFarBehind(_ plan: Plan) -> String? {
        if let away = sourceAway(plan) { return away }
        guard isOnTarget, plan.keepsReverseLane, record.firstClientWriteAt != nil else { return nil }
        // Lanes that are lost or do not get on come no closer by waiting. Those whose tables changed still carry what fits.
        guard loss == nil || loss == .reverseSchemaDrift, let reverse = observation.reverse.value else { return nil }
        if record.phase == .switching {
            guard record.unreached != nil else { return nil }
            guard observation.target.value?.fence == .open else { return "the target is opened again first" }
        }
        if let position = record.unreached, !reverse.isDrained(to: position) {
            return "the source does not yet have everything before \(position), for which the last rollback closed the target in vain"
        }
        guard let lag = reverse.lagBytes else { return "how far the source is behind is not known yet" }
        let limit = desired.maxLagBytes(plan)
        return lag > limit ? "the source is \(reverse.lagText ?? "") behind; at most \(limit) let the write pause begin" : nil
    }

    /// The applications would lose their side for as long as the source is away. After Switching a Snapshot does not look at it any more; RollingBack does,
    /// before it closes the target.
    private func sourceAway(_ plan: Plan) -> String? {
        guard isOnTarget, plan.isLive || record.phase == .switching && record.fence?.hasOpenedTarget == true else { return nil }
        return observation.source.whyUnknown.map { "the source cannot be observed: \($0)" }
    }

    private var isOnTarget: Bool { [.switching, .soaking, .promoted].contains(record.phase) }

    /// The same for a rollback that failing health asks for, with an end to its first wait: users suffer already, writes that go on may keep the lag
    /// large for ever, and a closed target loses nothing. A pause spent in vain is proof that time is not enough, and each further one would
    /// only add to the failure: from then on a small lag alone counts.
    func tooFarBehind(_ plan: Plan, unhealthySince since: Timestamp?) -> String? {
        let isOver = record.unreached == nil && since.map { now >= $0.adding(seconds: plan.cutover.pauseSeconds) } == true
        return isOver ? sourceAway(plan) : tooFarBehind(plan)
    }

    /// Goal RolledBack in a phase with the applications on the target: what it waits for.
    func cannotGoBackYet(_ plan: Plan, wake: Int?) -> Decision {
        if !refusesLoss, let why = tooFarBehind(plan) {
            return wait(.catchingUp, "Going back begins when the source is close behind, the applications go on: \(why).", wake: 1)
        }
        let remedy = "set spec.rollback.acceptLoss to \((loss ?? .noReverseLane).rawValue) to go back without them"
        return rest(.awaitingApproval("Going back would lose what was written on the target; \(remedy)."), wake: wake)
    }

    /// Going back now would lose writes, and nobody accepted just that.
    var refusesLoss: Bool {
        guard let loss, record.rollback?.acceptsLoss != true else { return false }
        return intent.acceptedLoss != loss.rawValue
    }
}

extension Desired {
    /// From the live object, unlike the rest of the plan: raising the limit is the way out for who would rather risk a pause in vain than wait.
    fileprivate func maxLagBytes(_ inForce: Plan) -> Int64 {
        guard case .plan(let live) = plan else { return inForce.cutover.maxLagBytes }
        return live.cutover.maxLagBytes
    }
}
