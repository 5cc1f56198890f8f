import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("All connection strings of a plan together")
struct ConnectionSnapshotTests {
    private let plan = Fixtures.plan(connections: [Fixtures.connection("publisher"), Fixtures.connection("chain", database: "chain_db")])
    private let publisher = Fixtures.secret("publisher", ["url": Fixtures.original, "other": "kept as it is"])
    private let chain = Fixtures.secret("chain", ["url": "host=old-psql user=chain password=c dbname=chain_db"])

    private func snapshot(_ secrets: [Secret], plan: Plan? = nil, kept: [String: Secret] = [:]) -> ConnectionSnapshot {
        let kept = Dictionary(uniqueKeysWithValues: kept.map { (ConnectionHolder.ID(.secret, $0.key), $0.value) })
        return ConnectionSnapshot(plan: plan ?? self.plan, holders: Fixtures.byName(secrets), kept: kept)
    }

    /// The Secrets after a change was written, as the API server would have them.
    private func applying(_ changes: [HolderChange], to secrets: [Secret]) -> [Secret] {
        secrets.map { secret in
            let values = changes.first { $0.holder.id.name == secret.name }?.values ?? [:]
            var secret = secret
            secret.data?.merge(values) { $1 }
            return secret
        }
    }

    @Test("where they point: source, mixed, target")
    func state() throws {
        let before = snapshot([publisher, chain])
        #expect(try before.state() == .source)
        let changes = try before.changes(to: .target)
        #expect(changes.map(\.holder.id.name) == ["chain", "publisher"])
        #expect(try snapshot(applying([changes[0]], to: [publisher, chain])).state() == .mixed)
        let after = snapshot(applying(changes, to: [publisher, chain]))
        #expect(try after.state() == .target)
        #expect(try after.changes(to: .target).isEmpty)
    }

    @Test("there and back gives the same bytes, also when only half of it was written")
    func thereAndBack() throws {
        let changes = try snapshot([publisher, chain]).changes(to: .target)
        var kept: [String: Secret] = [:]
        for change in changes {
            guard case .create(let secret) = Originals.step(for: change, to: .target, kept: nil, Fixtures.migration) else {
                Issue.record("not kept"); return
            }
            kept[change.holder.id.name] = secret
        }
        for written in [changes, [changes[0]], []] {
            let there = applying(written, to: [publisher, chain])
            let back = applying(try snapshot(there, kept: kept).changes(to: .source), to: there)
            #expect(back.map(\.data) == [publisher.data, chain.data])
        }
    }

    @Test("a patch names our keys only")
    func patch() throws {
        let change = try #require(try snapshot([publisher, chain]).changes(to: .target).last)
        #expect(change.patch == ["data": ["url": .string(Data(Fixtures.switched.utf8).base64EncodedString())]])
        #expect(change.originals == ["url": Data(Fixtures.original.utf8)])
    }

    @Test("nothing is planned when one of them cannot be turned")
    func allOrNothing() {
        let elsewhere = Fixtures.secret("chain", ["url": "host=third user=chain dbname=chain_db"])
        #expect(reason { try snapshot([publisher, elsewhere]).changes(to: .target) } == .connectionElsewhere)
        #expect(reason { try snapshot([publisher]).changes(to: .target) } == .secretMissing)
        #expect(reason { try snapshot([publisher]).state() } == .secretMissing)
    }

    @Test("roles come from the connection strings, before and after the switch")
    func roles() throws {
        let before = snapshot([publisher, chain])
        let expected = [
            ApplicationRole(name: "publisher", password: Redacted("s@cret"), database: "publisher_db"),
            ApplicationRole(name: "chain", password: Redacted("c"), database: "chain_db"),
        ]
        #expect(before.roles().problems.isEmpty)
        #expect(before.roles().roles == expected)
        #expect(snapshot(applying(try before.changes(to: .target), to: [publisher, chain])).roles().roles == expected)
    }

    @Test("other credentials come from their Secret")
    func otherCredentials() throws {
        let reference = Plan.CredentialsReference(name: "app-login")
        let plan = Fixtures.plan(connections: [Fixtures.connection("publisher", credentials: reference)])
        let login = Fixtures.secret("app-login", ["username": "publisher2", "password": "p2"])
        let with = snapshot([publisher, login], plan: plan)
        #expect(with.roles().roles == [ApplicationRole(name: "publisher2", password: Redacted("p2"), database: "publisher_db")])
        #expect(try with.changes(to: .target).first?.values["url"]?.text == Fixtures.switched.replacing("publisher:s%40cret", with: "publisher2:p2"))
        #expect(snapshot([publisher], plan: plan).roles().problems.map(\.reason) == [.secretMissing])
        #expect(reason { try snapshot([publisher], plan: plan).changes(to: .target) } == .secretMissing)
    }

    @Test("others who lead a string to the target and forget its login have not led it there")
    func loginForgotten() throws {
        var plan = Fixtures.plan(connections: [Fixtures.connection("publisher", credentials: Plan.CredentialsReference(name: "app-login"))])
        plan.cutover.secretWriter = .external
        let login = Fixtures.secret("app-login", ["username": "app", "password": "new"])
        let hostOnly = Fixtures.secret("publisher", ["url": Fixtures.switched])
        #expect(try snapshot([hostOnly, login], plan: plan).state() == .mixed, "neither there nor back")
        let changes = try snapshot([hostOnly, login], plan: plan).changes(to: .target)
        #expect(changes.first?.values["url"]?.text.contains("app:new@") == true)
        #expect(try snapshot(applying(changes, to: [hostOnly, login]), plan: plan).state() == .target)
        // Where the controller writes, it has written both.
        plan.cutover.secretWriter = .controller
        #expect(try snapshot([hostOnly, login], plan: plan).state() == .target)
    }

    @Test("going back does not need the other credentials any more")
    func backWithoutCredentials() throws {
        let plan = Fixtures.plan(connections: [Fixtures.connection("publisher", credentials: Plan.CredentialsReference(name: "app-login"))])
        let switched = Fixtures.secret("publisher", ["url": Fixtures.switched])
        let back = try snapshot([switched], plan: plan, kept: ["publisher": publisher]).changes(to: .source)
        #expect(back.first?.values["url"]?.text == Fixtures.original)
    }

    @Test("one role with two passwords is a contradiction; with one password it is not")
    func contradiction() {
        let same = Fixtures.secret("chain", ["url": "host=old-psql user=publisher password=s@cret dbname=chain_db"])
        #expect(snapshot([publisher, same]).roles().problems.isEmpty)
        let other = Fixtures.secret("chain", ["url": "host=old-psql user=publisher password=hunter2 dbname=chain_db"])
        let problems = snapshot([publisher, other]).roles().problems
        #expect(problems.map(\.reason) == [.connectionStringInvalid])
        #expect(problems.allSatisfy { $0.message.contains("role publisher") && !$0.message.contains("hunter2") })
    }

    @Test("every problem is reported at once, with its object and without its value")
    func problems() {
        let plan = Fixtures.plan(connections: [
            Fixtures.connection("absent"), Fixtures.connection("publisher", key: "absent"), Fixtures.connection("publisher", key: "text"),
            Fixtures.connection("publisher", key: "third"), Fixtures.connection("publisher", key: "loginless"),
        ])
        var secret = Fixtures.secret(
            "publisher", ["text": "hunter2", "third": "postgres://u:hunter2@third/publisher_db", "loginless": "postgres://u@old-psql/publisher_db"])
        secret.immutable = true
        let problems = snapshot([secret], plan: plan).roles().problems
        #expect(
            problems.map(\.reason) == [
                .secretMissing, .secretMissing, .connectionStringInvalid, .connectionElsewhere, .connectionStringInvalid, .unsupportedObject,
            ])
        #expect(problems[0].message.contains("Secret absent"))
        #expect(problems[1].message.contains("key absent"))
        #expect(problems[3].message.contains("third:5432"))
        #expect(problems.allSatisfy { !$0.message.contains("hunter2") })
    }
}

@Suite("Originals of Secrets")
struct OriginalsTests {
    private let change: HolderChange = {
        var change = HolderChange(holder: ConnectionHolder(Fixtures.secret("publisher", ["url": Fixtures.original, "second": "two", "other": "o"])))
        change.values = ["url": Data(Fixtures.switched.utf8), "second": Data("2".utf8)]
        return change
    }()

    @Test("the first change keeps exactly what it replaces, in a Secret nobody else owns")
    func first() throws {
        guard case .create(let kept) = Originals.step(for: change, to: .target, kept: nil, Fixtures.migration) else {
            Issue.record("not created"); return
        }
        #expect(kept.data?.mapValues(\.text) == ["url": Fixtures.original, "second": "two"])
        #expect(kept.name == "dbmigration-3f2a9c10-0000-4000-8000-00000000abcd-publisher")
        #expect(kept.type == "Opaque")
        #expect(kept.metadata.finalizers == ["migrations.mystira.app/originals"])
        #expect(kept.metadata.ownerReferences == nil)
        #expect(kept.metadata.labels?["migrations.mystira.app/uid"] == Fixtures.migration.uid)
        #expect(Originals.byOriginal([kept]).keys.sorted() == [ConnectionHolder.ID(.secret, "publisher")])
    }

    @Test("what is kept is never overwritten; a new key is added")
    func later() {
        let full = Fixtures.secret("kept", ["url": "first", "second": "first"])
        #expect(Originals.step(for: change, to: .target, kept: full, Fixtures.migration) == nil)
        let partial = Fixtures.secret("kept", ["url": "first"])
        let patch: JSONValue = ["data": ["second": .string(Data("two".utf8).base64EncodedString())]]
        #expect(Originals.step(for: change, to: .target, kept: partial, Fixtures.migration) == .add(name: "kept", patch: patch, resourceVersion: "7"))
    }

    @Test("letting go keeps others' finalizers")
    func release() {
        var secret = Fixtures.secret("kept", [:])
        #expect(Originals.release(secret) == nil)
        secret.metadata.finalizers = ["example.com/other", "migrations.mystira.app/originals"]
        #expect(Originals.release(secret) == ["metadata": ["finalizers": ["example.com/other"]]])
    }
}
