import KubernetesModel
import MigrationCore

/// The conditions that follow from what the record has reached.
struct MilestoneConditions {
    let input: StatusInput
    var record: Record { input.record }

    init(_ input: StatusInput) { self.input = input }

    var conditions: [ConditionDraft] {
        [
            preflightPassed,
            step(.provisioned, .provisioned, in: [.provisioning], done: "Roles and databases exist on the target."),
            ConditionDraft(.backedUp, .false, .notRequested, "Backups are not implemented in this version; make one of the source yourself."),
            step(.copied, .copied, in: [.copying], done: "All databases are copied."),
            caughtUp, verified, cutOver, promoted, rolledBack, cleanedUp,
        ]
    }

    private var preflightPassed: ConditionDraft {
        if let first = input.observation.preflight.value?.first {
            let messages = input.observation.preflight.value?.map(\.message) ?? []
            return ConditionDraft(.preflightPassed, .false, first.reason, messages.joined(separator: "\n"))
        }
        if record.phase == .preflight, let why = input.observation.preflight.whyUnknown, why != Observation.notAsked {
            return ConditionDraft(.preflightPassed, .unknown, .observationFailed, "Preflight could not be done: \(why)")
        }
        return step(.preflightPassed, .preflightPassed, in: [.preflight], done: passedMessage)
    }

    /// With the warnings of the last look, which not every visit takes.
    private var passedMessage: String {
        if input.observation.warnings == nil, let last = input.previousOfAttempt?[.preflightPassed], last.status == "True",
            let said = last.message
        {
            return said
        }
        let warnings = (input.observation.warnings ?? []).map { "\nWarning: \($0.message)" }.joined()
        return "Both servers, the Secrets and the workloads are as needed.\(warnings)"
    }

    private var verified: ConditionDraft {
        if input.plan?.verification == Plan.Verification.none, !record.milestones.contains(.verified) {
            return ConditionDraft(.verified, .false, .notRequested, "spec.verification.mode is None.")
        }
        let compared = input.plan?.verification == .checksum ? "contents" : "row counts"
        return step(.verified, .verified, in: [.verifying], done: "The \(compared) of all tables are equal on both servers.")
    }

    private var cutOver: ConditionDraft {
        if let abort = record.abort { return ConditionDraft(.cutOver, .false, abort) }
        if record.phase == .awaitingCutover, let held = record.held {
            return ConditionDraft(.cutOver, .false, held.reason, "The last cutover was undone: \(held.message)")
        }
        var phases: Set<Phase> = [.fencing, .draining, .switching]
        if record.fence != nil { phases.formUnion([.copying, .verifying]) }
        return step(.cutOver, .cutOver, in: phases, done: "The applications run on the target.")
    }

    private var promoted: ConditionDraft { step(.promoted, .promoted, in: [.soaking], done: "All checks stayed good for the soak.") }

    private var rolledBack: ConditionDraft {
        step(.rolledBack, .rolledBack, in: [.rollingBack], done: "The applications are on the source. \(record.rollback?.cause.message ?? "")")
    }

    private var cleanedUp: ConditionDraft {
        if !record.milestones.contains(.cleanedUp), record.phase != .cleaningUp, input.reading.intent.goal != .completed {
            return ConditionDraft(
                .cleanedUp, .false, .notRequested, "Set spec.goal to Completed after the promotion to clean up; it closes the way back.")
        }
        return step(.cleanedUp, .cleanedUp, in: [.cleaningUp], done: "Nothing of this migration is left on the servers.")
    }

    /// True once reached; otherwise what its phases say now, or why they ended without it.
    func step(_ type: ConditionType, _ milestone: Milestone, in phases: Set<Phase>, done: String) -> ConditionDraft {
        if record.milestones.contains(milestone) { return ConditionDraft(type, .true, .succeeded, done) }
        if phases.contains(record.phase) { return running(type) }
        if let end, phases.contains(end.phase) { return ConditionDraft(type, .false, end.cause) }
        return ConditionDraft(type, .false, .notStarted, "")
    }

    private func running(_ type: ConditionType) -> ConditionDraft {
        switch input.decision.standing {
        case .progressing(let cause): ConditionDraft(type, .unknown, cause)
        case .stalled(let cause): ConditionDraft(type, .false, cause)
        case .awaitingApproval(let message): ConditionDraft(type, .unknown, .awaitingApproval, message)
        case .goalReached(let message): ConditionDraft(type, .unknown, .progressing, message)
        }
    }

    /// The phase in which the attempt took its turn for the worse, and why.
    private var end: (phase: Phase, cause: Record.Cause)? {
        switch record.phase {
        case .failed:
            guard let failure = record.failure, let phase = record.timeline.dropLast().last?.phase else { return nil }
            return (phase, failure)
        case .rollingBack, .rolledBack: return record.rollback.map { ($0.from, $0.cause) }
        default: return nil
        }
    }
}
