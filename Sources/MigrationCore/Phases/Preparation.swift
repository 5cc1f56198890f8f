/// Pending, Preflight, Provisioning: nothing the applications could notice, and nothing on the source at all.
extension Visit {
    mutating func pending(_ plan: Plan) -> Decision {
        guard observation.hasFinalizer else { return act(.holdFinalizer, "Starting.") }
        switch observation.conflictingOwner {
        case .unknown(let why): return wait(.observationFailed, "Cannot see the other migrations: \(why)")
        case .value(let name?): return wait(.waitingForOwner, "Waiting: migration \(name) owns one of the same databases or Secrets.", wake: 30)
        case .value(nil):
            record.accepted = plan
            return move(to: .preflight, "Checking both servers, Secrets and workloads.")
        }
    }

    mutating func preflight(_ plan: Plan) -> Decision {
        switch observation.preflight {
        case .unknown(let why): return wait(.observationFailed, "Preflight could not be done: \(why)", wake: 10)
        case .value(let problems) where problems.isEmpty:
            record.milestones.insert(.preflightPassed)
            warn()
            return move(to: Phase.preflight.next(in: plan), "Preflight passed.")
        case .value(let problems):
            if let lost = problems.first(where: { $0.reason == .stateLost }) { return rest(.stalled(.init(.stateLost, lost.message)), wake: 60) }
            return wait(.progressingWithRetry, preflightMessage(problems), wake: 15)
        }
    }

    /// Once for a passage: when preflight is passed, and when the write pause begins.
    mutating func warn() {
        for warning in observation.warnings ?? [] { notice(.warning, warning.reason, warning.message) }
    }

    func preflightMessage(_ problems: [PreflightProblem]) -> String {
        "Preflight found \(problems.count == 1 ? "a problem" : "\(problems.count) problems"): " + problems.map(\.message).joined(separator: "\n")
    }

    mutating func provisioning(_ plan: Plan) -> Decision {
        switch observation.target {
        case .unknown(let why): return wait(.observationFailed, "The target cannot be observed: \(why)")
        case .value(let target) where target.isPrepared:
            record.milestones.insert(.provisioned)
            return move(to: Phase.provisioning.next(in: plan), "Roles and databases exist on the target.")
        case .value: return act(.prepareTarget, "Creating roles and databases on the target.")
        }
    }
}
