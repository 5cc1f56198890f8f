import MigrationAPI
import MigrationCore
import MigrationPorts

/// What one visit of the reconciler works on.
struct VisitContext: Sendable {
    var reference: MigrationReference
    var desired: Desired
    var record: Record?
    var facts: Set<FactKind>

    /// The plan in force: frozen from Fencing on, else the spec's. An object that is deleted with an invalid spec is tidied up by the plan it ran with.
    var plan: Plan? { desired.planInForce(record) ?? (desired.intent.isDeleted ? record?.accepted : nil) }
}
