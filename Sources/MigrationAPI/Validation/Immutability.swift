import MigrationCore

/// What may no longer change once a migration has left Pending. Newer servers refuse the edit itself (CEL rules of the schema);
/// on older ones it arrives here.
enum Immutability {
    static func check(_ plan: Plan, against accepted: Plan, _ findings: inout Findings) {
        let advice = "is immutable once the migration has left Pending; restore it, or create another DatabaseMigration"
        if !isSame(plan.source, accepted.source) { findings.add("spec.source", "\(advice) (it was \(accepted.source.host):\(accepted.source.port))") }
        if !isSame(plan.target, accepted.target) { findings.add("spec.target", "\(advice) (it was \(accepted.target.host):\(accepted.target.port))") }
        if plan.databases != accepted.databases {
            findings.add("spec.databases", "\(advice) (it was \(accepted.databases.map(\.name).joined(separator: ", ").bounded(512)))")
        }
        if plan.copy.mode != accepted.copy.mode { findings.add("spec.copy.mode", "\(advice) (it was \(accepted.copy.mode.rawValue))") }
    }

    /// A disk may grow at any time.
    private static func isSame(_ server: Plan.Server, _ accepted: Plan.Server) -> Bool {
        var server = server
        server.storageGiB = accepted.storageGiB
        return server == accepted
    }
}
