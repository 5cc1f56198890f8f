/// What people can be told about a migration (`spec.notifications[].on`).
public enum Occasion: String, Sendable, Hashable, Codable, CaseIterable {
    /// It waits for a person.
    case approvalNeeded = "ApprovalNeeded"
    /// It rests before the write pause, because `spec.goal` is Ready.
    case readyForCutover = "ReadyForCutover"
    case cutoverStarted = "CutoverStarted"
    /// The write pause was undone; the source takes writes again.
    case cutoverAborted = "CutoverAborted"
    /// The applications were sent to the target.
    case cutOver = "CutOver"
    case promoted = "Promoted"
    case rollbackStarted = "RollbackStarted"
    case rolledBack = "RolledBack"
    case failed = "Failed"
    /// It does not go on by itself, for another reason than those above.
    case stalled = "Stalled"
    case completed = "Completed"
    /// Nothing happened: somebody tries whether a message arrives.
    case test = "Test"

    /// What can be asked for.
    public static let selectable = allCases.filter { $0 != .test }

    /// What entering a phase tells.
    init?(entering phase: Phase) {
        switch phase {
        case .fencing: self = .cutoverStarted
        case .soaking: self = .cutOver
        case .promoted: self = .promoted
        case .rollingBack: self = .rollbackStarted
        case .rolledBack: self = .rolledBack
        case .failed: self = .failed
        case .completed: self = .completed
        default: return nil
        }
    }

    /// What resting where it is tells.
    init?(_ standing: Standing, in phase: Phase) {
        switch standing {
        case _ where standing.awaited != nil: self = .approvalNeeded
        case .goalReached where phase == .awaitingCutover: self = .readyForCutover
        // Those two phases tell by themselves.
        case .stalled where phase != .failed && phase != .rolledBack: self = .stalled
        default: return nil
        }
    }
}
