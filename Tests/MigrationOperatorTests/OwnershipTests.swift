import ControllerRuntime
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import MigrationOperator

@Suite("Two migrations never own the same things")
struct OwnershipTests {
    private let store = ObjectStore<DatabaseMigration>()

    @Test("of two visited at the same moment, before either has left Pending, only the first goes on")
    func race() throws {
        let (first, second) = (try migration("a"), try migration("b"))
        store.replace(with: [first, second])
        let ownership = Ownership(store: store)
        #expect(owner(ownership, first) == .value(nil))
        #expect(owner(ownership, second) == .value("team/a"))
        #expect(owner(ownership, first) == .value(nil))
    }

    @Test("a reservation ends with its object, its deletion or its suspension")
    func letsGo() throws {
        let (first, second) = (try migration("a"), try migration("b"))
        var (deleted, suspended) = (first, first)
        deleted.metadata.deletionTimestamp = Time(secondsSince1970: 0)
        suspended.spec.suspend = true
        deleted.metadata.resourceVersion = "a2"
        suspended.metadata.resourceVersion = "a3"
        for others in [[], [deleted], [suspended]] {
            store.replace(with: [first, second])
            let ownership = Ownership(store: store)
            #expect(owner(ownership, first) == .value(nil))
            store.replace(with: others + [second])
            #expect(owner(ownership, second) == .value(nil))
        }
    }

    @Test("from Preflight on the store speaks: started is an owner, rolled back is none")
    func started() throws {
        let second = try migration("b")
        for (phase, expected) in [(Phase.preflight, "team/a"), (.failed, "team/a"), (.rolledBack, nil), (.completed, nil)] {
            var first = try migration("a")
            first.metadata.resourceVersion = "in \(phase)"
            first.status = DatabaseMigrationStatus()
            first.status?.record = try RecordCoding.encode(Record(attempt: 1, phase: phase, at: Timestamp(milliseconds: 0)))
            store.replace(with: [first, second])
            #expect(owner(Ownership(store: store), second) == .value(expected), "\(phase)")
        }
    }

    @Test("the index follows the store, whichever way it changes")
    func follows() throws {
        let ownership = Ownership(store: store)
        let (first, second) = (try migration("a"), try migration("b"))
        func started(_ phase: Phase, version: String) throws -> DatabaseMigration {
            var object = first
            object.metadata.resourceVersion = version
            object.status = DatabaseMigrationStatus()
            object.status?.record = try RecordCoding.encode(Record(attempt: 1, phase: phase, at: Timestamp(milliseconds: 0)))
            return object
        }
        store.apply(first)
        store.apply(second)
        store.observe(try started(.preflight, version: "2"))
        #expect(owner(ownership, second) == .value("team/a"))
        store.apply(try started(.rolledBack, version: "3"))
        #expect(owner(ownership, second) == .value(nil))
        #expect(owner(ownership, first) == .value("team/b"))
        store.remove(second)
        #expect(owner(ownership, first) == .value(nil))
        store.remove(try started(.rolledBack, version: "3"))
        var again = first
        again.metadata.uid = "uid-again"
        store.apply(again)
        #expect(owner(ownership, second) == .value(nil))
    }

    private func owner(_ ownership: Ownership, _ object: DatabaseMigration) -> Fact<String?> {
        ownership.conflictingOwner(of: object, plan: PlanBuilder.read(object).plan)
    }

    private func migration(_ name: String) throws -> DatabaseMigration { try Fixture.migration(name) }
}

@Suite("What one visit works on")
struct VisitContextTests {
    @Test("an object deleted with an invalid spec is tidied up by the plan it ran with; one that lives on has none")
    func deletedWhileInvalid() throws {
        let plan = try #require(PlanBuilder.read(try Fixture.migration("a")).plan)
        var record = Record(attempt: 1, phase: .preflight, at: Timestamp(milliseconds: 0))
        record.accepted = plan
        for isDeleted in [true, false] {
            let visit = VisitContext(
                reference: .init(namespace: "team", name: "a", uid: "uid-a"),
                desired: Desired(intent: Intent(goal: .promoted, isDeleted: isDeleted), plan: .invalid(["spec.source: is immutable"])),
                record: record, facts: [])
            #expect((visit.plan == plan) == isDeleted)
        }
    }
}

enum Fixture {
    static func migration(_ name: String) throws -> DatabaseMigration {
        try JSON.decode(
            DatabaseMigration.self,
            from: """
                {"apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration",
                 "metadata": {"name": "\(name)", "namespace": "team", "uid": "uid-\(name)", "resourceVersion": "\(name)1"},
                 "spec": {
                   "source": {"host": "old.example.com", "credentialsSecretRef": {"name": "old-admin"}, "caSecretRef": {"name": "ca"}},
                   "target": {"host": "new.example.com", "credentialsSecretRef": {"name": "new-admin"}, "caSecretRef": {"name": "ca"}},
                   "databases": [{"name": "chain_db"}], "copy": {"mode": "Snapshot"},
                   "cutover": {"snapshotPauseSeconds": 60, "connections": [{"secretRef": {"name": "chain", "key": "url"}, "database": "chain_db"}],
                     "workloads": [{"selector": {"matchLabels": {"app": "chain"}}}]},
                   "health": {"http": [{"name": "chain", "service": {"name": "chain", "port": "http"}}]},
                   "verification": {"mode": "RowCount"}, "goal": "Promoted"}}
                """)
    }
}
