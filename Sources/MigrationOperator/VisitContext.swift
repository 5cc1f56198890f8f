import MigrationAPI
import MigrationCore
import MigrationPorts

/// What one visit of the reconciler works on.
struct VisitContext: Sendable {
    var reference: MigrationReference
    var desired: Desired
    var record: Record?
    var facts: Set<FactKind>

    /// The plan in force: frozen from Fencing on, else the spec's. With an invalid spec, what is deleted is tidied up and what is paused resumed by the
    /// plan it ran with.
    var plan: Plan? {
        let isNeeded = desired.intent.isDeleted || record?.accepted?.hasPoolers == true
        return desired.planInForce(record) ?? (isNeeded ? record?.accepted : nil)
    }
}
