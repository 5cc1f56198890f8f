import ControllerRuntime
import KubernetesModel
import MigrationAPI
import MigrationCore

/// Two migrations may not own the same source database, target database or Secret at the same time: the second waits.
struct Ownership: Sendable {
    let store: ObjectStore<DatabaseMigration>

    /// The name of an older, started and unfinished migration that owns something of this plan.
    func conflictingOwner(of object: DatabaseMigration, plan: Plan?) -> Fact<String?> {
        guard let plan else { return .value(nil) }
        let mine = claims(plan, namespace: object.namespace ?? "")
        for other in store.objects where other.uid != object.uid && holds(other) {
            guard let theirs = planInForce(of: other) else { continue }
            if !mine.isDisjoint(with: claims(theirs, namespace: other.namespace ?? "")) { return .value("\(other.namespace ?? "")/\(other.name)") }
        }
        return .value(nil)
    }

    /// Whether a migration has left Pending and still stands for its things: a finished one, or one that went back, has let go.
    private func holds(_ other: DatabaseMigration) -> Bool {
        guard let record = record(of: other) else { return false }
        switch record.phase {
        case .pending, .rolledBack, .completed: return false
        default: return true
        }
    }

    private func planInForce(of other: DatabaseMigration) -> Plan? {
        if let record = record(of: other), let plan = record.frozen ?? record.accepted { return plan }
        return PlanBuilder.read(other).plan
    }

    private func record(of other: DatabaseMigration) -> Record? {
        if case .record(let record) = RecordCoding.read(other.status) { return record }
        return nil
    }

    private func claims(_ plan: Plan, namespace: String) -> Set<String> {
        var claims: Set<String> = []
        for database in plan.databases {
            claims.insert("\(plan.source.host.lowercased()):\(plan.source.port)/\(database.name)")
            claims.insert("\(plan.target.host.lowercased()):\(plan.target.port)/\(database.targetName)")
        }
        for connection in plan.cutover.connections { claims.insert("secret \(namespace)/\(connection.secret.name)/\(connection.secret.key)") }
        return claims
    }
}
