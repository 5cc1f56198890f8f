import MigrationCore

/// `docs/conditions.md`, made from the code so that it cannot fall behind.
public enum ConditionsDocument {
    public static func render() -> String {
        let conditions = ConditionType.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |" }
        let reasons = Reason.allCases.map { "| `\($0.rawValue)` | \($0.meaning) | \($0.remedy) |" }
        return """
            <!-- Generated from Sources/MigrationAPI/Documentation; rewrite with UPDATE_GOLDEN=1 and the tests of MigrationAPI. -->
            # Conditions and reasons

            Conditions are the contract of a `DatabaseMigration`; `status.phase` and `status.message` are for people. All are set on the first
            visit, follow kstatus, and carry the `observedGeneration` they speak of. `Reconciling`, `Stalled` and `StatusTrimmed` are absent
            rather than `False`, the first two never there together.

            ## Conditions

            | type | `True` means |
            |---|---|
            \(conditions.joined(separator: "\n"))

            ## Reasons

            Every reason of a condition and of an event is one of these.

            | reason | what it says | what to do |
            |---|---|---|
            \(reasons.joined(separator: "\n"))

            """
    }
}

extension ConditionType {
    /// What `True` means.
    public var meaning: String {
        switch self {
        case .ready: "The goal is reached, also goal `RolledBack`. `Unknown` while at work, `False` when stalled."
        case .reconciling: "The controller is at work, or waits for something or somebody. Absent otherwise."
        case .stalled: "Nothing goes on without a person: invalid spec, failed, rolled back without being asked, or a lost state. Absent otherwise."
        case .awaitingApproval: "A person is waited for; the message says for what."
        case .specValid: "The spec makes a plan. The message of a `False` lists every problem with its path."
        case .preflightPassed:
            "Both servers, the Secrets and the workloads are as needed. The message of a `False` lists every problem, that of a `True` the warnings."
        case .provisioned: "Roles and databases exist on the target, which is fenced."
        case .backedUp: "A backup was made. Backups are not implemented yet: `NotRequested`."
        case .copied: "All rows, indexes and sequences are on the target."
        case .caughtUp: "The target follows the source closely enough to cut over. Only the Live mode has it: `NotRequested`."
        case .verified: "Source and target were compared and are equal."
        case .cutOver: "The applications were restarted with connection strings of the target."
        case .healthy: "Every health check is good. `Unknown` until all have given an answer."
        case .promoted: "The checks stayed good for `spec.health.soakSeconds`."
        case .rollbackReady: "Going back now would lose nothing. `False` says why not; its reason is what `spec.rollback.acceptLoss` must name."
        case .rolledBack: "The applications are back on the source."
        case .cleanedUp: "Nothing of ours is left on the servers, and the way back is closed."
        case .statusTrimmed: "The status would have been too large: the message says what was left out. Absent otherwise."
        }
    }
}
