/// How far the user wants the migration to go (`spec.goal`).
public enum Goal: String, Sendable, Hashable, Codable, CaseIterable {
    /// Prepare and wait before the write pause.
    case ready = "Ready"
    /// Cut over, watch health, promote.
    case promoted = "Promoted"
    /// Clean up; the point of no return.
    case completed = "Completed"
    /// Go back to the source.
    case rolledBack = "RolledBack"

    /// Whether this goal asks for the cutover.
    public var asksForCutover: Bool { self == .promoted || self == .completed }
}

/// What the user wants now: always read from the live object, even where the plan is frozen.
public struct Intent: Sendable, Hashable {
    public var goal: Goal
    /// Only grows; a higher number starts again after RolledBack or Failed.
    public var attempt: Int
    public var isSuspended: Bool
    /// The object carries a deletion timestamp.
    public var isDeleted: Bool
    /// `rollback.acceptLoss`: must equal the reason of a false `RollbackReady` to let a manual rollback lose writes.
    public var acceptedLoss: String
    /// Steps that wait for a person.
    public var gates: [NamedGate]
    /// What somebody wants to be notified of.
    public var notifies: Set<Occasion>

    public init(
        goal: Goal, attempt: Int = 1, isSuspended: Bool = false, isDeleted: Bool = false, acceptedLoss: String = "", gates: [NamedGate] = [],
        notifies: Set<Occasion> = []
    ) {
        self.gates = gates
        self.notifies = notifies
        self.goal = goal
        self.attempt = attempt
        self.isSuspended = isSuspended
        self.isDeleted = isDeleted
        self.acceptedLoss = acceptedLoss
    }
}

/// The spec as the core sees it: intent, and the plan or why there is none.
public struct Desired: Sendable, Hashable {
    public var intent: Intent
    public var plan: Result

    public enum Result: Sendable, Hashable {
        case plan(Plan)
        /// Every problem of the spec, one line each with its field path.
        case invalid([String])
    }

    public init(intent: Intent, plan: Result) {
        self.intent = intent
        self.plan = plan
    }

    /// The plan to act by: frozen from Fencing on.
    public func planInForce(_ record: Record?) -> Plan? {
        if let frozen = record?.frozen { return frozen }
        if case .plan(let plan) = plan { return plan }
        return nil
    }
}
