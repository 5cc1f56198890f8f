import MigrationCore
import MigrationPorts

extension MigrationObserver {
    /// Adds to the lanes seen what the tables' shapes say of them: in the phases that wait or rest, never inside the write pause. Of a lane in
    /// trouble they are asked at once, because they are the likeliest cause.
    func addDrift(to observation: inout Observation, _ context: DatabaseContext, _ visit: VisitContext) async {
        guard context.plan.isLive, let record = visit.record else { return }
        let databases = adapters.databases
        switch record.phase {
        case .replicating, .verifying, .awaitingCutover:
            // Before the lanes run, the copy is still making the tables.
            guard case .value(var state) = observation.forward, state.stage == .running else { return }
            let isFresh = Self.isDecisive(observation, visit.desired.intent, record) || state.trouble != nil
            state.drift = await databases.observeDrift(context, .forward, isFresh: isFresh)
            observation.forward = .value(state)
        case .soaking, .promoted:
            guard case .value(var state) = observation.reverse, state.stage >= .connected else { return }
            state.drift = await databases.observeDrift(context, .reverse, isFresh: state.trouble != nil)
            observation.reverse = .value(state)
        default: return
        }
    }

    /// Whether this visit may begin the write pause, or judges a comparison that a change of the tables may have spoiled.
    private static func isDecisive(_ observation: Observation, _ intent: Intent, _ record: Record) -> Bool {
        if record.phase == .awaitingCutover { return intent.goal.asksForCutover && record.held == nil }
        if record.phase == .verifying, case .value(.failed) = observation.job { return true }
        return false
    }
}
