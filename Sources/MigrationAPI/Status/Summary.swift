import MigrationCore

/// The conditions kstatus reads, and `SpecValid`.
struct Summary {
    private let input: StatusInput

    init(_ input: StatusInput) { self.input = input }

    var message: String {
        switch input.decision.standing {
        case .progressing(let cause), .stalled(let cause): cause.message
        case .awaitingApproval(let message), .goalReached(let message): message
        }
    }

    var conditions: [ConditionDraft] { standing + [awaitingApproval, specValid] }

    private var standing: [ConditionDraft] {
        switch input.decision.standing {
        case .progressing(let cause): [ConditionDraft(.ready, .unknown, cause), ConditionDraft(.reconciling, .true, cause)]
        case .awaitingApproval(let message):
            [ConditionDraft(.ready, .unknown, .awaitingApproval, message), ConditionDraft(.reconciling, .true, .awaitingApproval, message)]
        case .goalReached(let message): [ConditionDraft(.ready, .true, .goalReached, message)]
        case .stalled(let cause):
            [ConditionDraft(.ready, .false, refined(cause)), ConditionDraft(.stalled, .true, refined(cause))]
        }
    }

    /// What `kubectl wait` waits for on behalf of people.
    private var awaitingApproval: ConditionDraft {
        input.decision.standing.awaited.map { ConditionDraft(.awaitingApproval, .true, $0) }
            ?? ConditionDraft(.awaitingApproval, .false, .notRequested, "Nobody is waited for.")
    }

    /// The core knows of an invalid spec only that it is; what kind of problem it has is known here.
    private func refined(_ cause: Record.Cause) -> Record.Cause {
        cause.reason == .invalidSpec && !input.reading.problems.isEmpty ? .init(input.reading.problemReason, cause.message) : cause
    }

    private var specValid: ConditionDraft {
        let problems = input.reading.problems
        guard !problems.isEmpty else { return ConditionDraft(.specValid, .true, .succeeded, "The spec is valid.") }
        return ConditionDraft(.specValid, .false, input.reading.problemReason, problems.map(\.description).joined(separator: "\n"))
    }
}
