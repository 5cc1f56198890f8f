/// A step that a person approves by name, beyond what `spec.goal` says. Always read from the live object, so that approving is a commit.
public struct NamedGate: Sendable, Hashable {
    /// What is held.
    public enum Step: String, Sendable, Hashable, CaseIterable {
        /// The write pause.
        case cutover = "Cutover"
        /// The end of the soak; health is watched meanwhile, and may still go back.
        case promoted = "Promoted"
        /// Clean-up, the point of no return.
        case completed = "Completed"
    }

    /// Unique within the migration.
    public var name: String
    public var before: Step
    /// Who approved it; `nil` while nobody has.
    public var approvedBy: String?

    public init(name: String, before: Step, approvedBy: String? = nil) {
        self.name = name
        self.before = before
        self.approvedBy = approvedBy
    }
}

extension Visit {
    /// The wait for a person's approval of a step; `nil` when nothing is to be approved any more.
    func unapproved(_ step: NamedGate.Step, wake: Int?) -> Decision? {
        let waiting = intent.gates.filter { $0.before == step && $0.approvedBy == nil }.map(\.name)
        guard !waiting.isEmpty else { return nil }
        let gates = waiting.count == 1 ? "gate \(waiting[0])" : "gates \(waiting.joined(separator: ", "))"
        return rest(
            .awaitingApproval("\(step.waits) waits for \(gates): set approvedBy of \(waiting.count == 1 ? "it" : "each") in spec.gates."), wake: wake)
    }
}

extension NamedGate.Step {
    fileprivate var waits: String {
        switch self {
        case .cutover: "Everything is ready; the write pause"
        case .promoted: "All checks stayed good for the soak; the promotion"
        case .completed: "Cleaning up, which closes the rollback window,"
        }
    }
}
