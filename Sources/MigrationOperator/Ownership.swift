import ControllerRuntime
import KubernetesModel
import MigrationAPI
import MigrationCore
import Synchronization

/// Two migrations may not own the same source database, target database or Secret at the same time: the second waits.
///
/// A migration told that nobody owns its things leaves Pending only with its next status write. Until the store shows that, a reservation
/// stands for it: without one, two migrations visited at the same moment would both be told to go on.
final class Ownership: Sendable {
    private let store: ObjectStore<DatabaseMigration>
    /// By `metadata.uid`.
    private let reservations = Mutex<[String: Set<String>]>([:])

    init(store: ObjectStore<DatabaseMigration>) { self.store = store }

    /// The name of another migration that owns something of this plan; when there is none, this one has reserved what it claims.
    func conflictingOwner(of object: DatabaseMigration, plan: Plan?) -> Fact<String?> {
        let uid = object.uid ?? ""
        return reservations.withLock { reserved in
            // Read under the lock: whose reservation is gone has been seen to hold, or to have let go.
            let others = store.objects.filter { $0.uid != object.uid }
            let waiting = Set(others.filter(mayStart).compactMap(\.uid))
            reserved = reserved.filter { waiting.contains($0.key) }
            guard let plan else { return .value(nil) }
            let mine = claims(plan, namespace: object.namespace ?? "")
            for other in others {
                let theirs = holds(other) ? planInForce(of: other).map { claims($0, namespace: other.namespace ?? "") } : reserved[other.uid ?? ""]
                if let theirs, !mine.isDisjoint(with: theirs) { return .value("\(other.namespace ?? "")/\(other.name)") }
            }
            reserved[uid] = mine
            return .value(nil)
        }
    }

    /// Whether a migration is still in Pending and nothing keeps it there; only then a reservation of its own means anything.
    private func mayStart(_ other: DatabaseMigration) -> Bool {
        guard !other.isBeingDeleted, !other.spec.suspend else { return false }
        return (record(of: other)?.phase ?? .pending) == .pending
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
