import ControllerRuntime
import KubernetesModel
import MigrationAPI
import MigrationCore
import Synchronization

/// Two migrations may not own the same source database, target database or Secret at the same time: the second waits.
///
/// A migration told that nobody owns its things leaves Pending only with its next status write. Until the store shows that, a reservation
/// stands for it: without one, two migrations visited at the same moment would both be told to go on.
///
/// An index that follows the store: with thousands of migrations, looking through all of them for each would take longer than all else.
final class Ownership: Sendable {
    private let store: ObjectStore<DatabaseMigration>
    private let index = Mutex(Index())

    init(store: ObjectStore<DatabaseMigration>) {
        self.store = store
        store.tell { [weak self] in self?.note($0) }
        note(store.keys)
    }

    /// The name of another migration that owns something of this plan; when there is none, this one has reserved what it claims.
    func conflictingOwner(of object: DatabaseMigration, plan: Plan?) -> Fact<String?> {
        guard let plan else { return .value(nil) }
        let key = ObjectKey(object)
        let claims = Self.claims(plan, namespace: key.namespace)
        return index.withLock { index in
            if let owner = index.owner(of: claims, besides: key) { return .value("\(owner.namespace)/\(owner.name)") }
            index.set(key, Index.Entry(uid: object.uid, claims: claims))
            return .value(nil)
        }
    }

    /// Takes what the store says of these objects now.
    private func note(_ keys: [ObjectKey]) {
        index.withLock { index in
            for key in keys {
                // Read under the lock, so that of two changes the later one is what stays.
                let object = store[key]
                switch object.map(Self.standing) ?? .outside {
                case .owner(let claims): index.set(key, Index.Entry(uid: object?.uid, claims: claims))
                // A reservation belongs to the object that made it, not to one of the same name.
                case .mayStart: if index[key]?.uid != object?.uid { index.set(key, nil) }
                case .outside: index.set(key, nil)
                }
            }
        }
    }

    /// How a migration stands to what it claims.
    private enum Standing {
        /// It has left Pending: the things are its own until it has let go.
        case owner(Set<String>)
        /// It is in Pending and nothing keeps it there; only then a reservation means anything.
        case mayStart
        /// It is suspended or being deleted before it began, has finished, or went back.
        case outside
    }

    private static func standing(of object: DatabaseMigration) -> Standing {
        var record: Record?
        if case .record(let read) = RecordCoding.read(object.status) { record = read }
        switch record?.phase ?? .pending {
        case .pending: return object.isBeingDeleted || object.spec.suspend ? .outside : .mayStart
        case .rolledBack, .completed: return .outside
        default:
            let plan = record?.frozen ?? record?.accepted ?? PlanBuilder.read(object).plan
            return plan.map { .owner(claims($0, namespace: object.namespace ?? "")) } ?? .outside
        }
    }

    private static func claims(_ plan: Plan, namespace: String) -> Set<String> {
        var claims: Set<String> = []
        for database in plan.databases {
            claims.insert("\(plan.source.host.lowercased()):\(plan.source.port)/\(database.name)")
            claims.insert("\(plan.target.host.lowercased()):\(plan.target.port)/\(database.targetName)")
        }
        for file in plan.cutover.poolers?.map(\.file) ?? [] { claims.insert("\(file.kind.rawValue) \(namespace)/\(file.name)/\(file.key)") }
        for connection in plan.cutover.connections {
            let system = connection.redis == nil ? "" : " redis"
            for key in connection.keys { claims.insert("\(connection.kind.rawValue) \(namespace)/\(connection.name)/\(key)\(system)") }
        }
        return claims
    }
}

/// Who owns or has reserved what.
private struct Index {
    struct Entry {
        var uid: String?
        var claims: Set<String>
    }

    private var entries: [ObjectKey: Entry] = [:]
    private var owners: [String: Set<ObjectKey>] = [:]

    subscript(_ key: ObjectKey) -> Entry? { entries[key] }

    /// The first by name.
    func owner(of claims: Set<String>, besides key: ObjectKey) -> ObjectKey? {
        claims.flatMap { owners[$0] ?? [] }.filter { $0 != key }.min { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    mutating func set(_ key: ObjectKey, _ entry: Entry?) {
        for claim in entries[key]?.claims ?? [] {
            owners[claim]?.remove(key)
            if owners[claim]?.isEmpty == true { owners[claim] = nil }
        }
        entries[key] = entry
        for claim in entry?.claims ?? [] { owners[claim, default: []].insert(key) }
    }
}
