import KubernetesModel
import MigrationCore
import StructuredData
import Testing

@testable import MigrationAPI

@Suite("From spec to plan")
struct PlanBuilderTests {
    @Test("a complete spec becomes a plan")
    func complete() throws {
        let reading = try PlanBuilder.read(Fixtures.migration())
        #expect(reading.problems == [])
        let plan = try #require(reading.plan)
        #expect(plan.source.port == 5433)
        #expect(plan.target.certificateAuthority == Plan.SecretKey(name: "new-ca", key: "tls.crt"))
        #expect(
            plan.databases == [
                Plan.Database(name: "chain_db", targetName: "chain_two", createIfMissing: false), Plan.Database(name: "publisher_db"),
            ])
        #expect(plan.copy == Plan.Copy(mode: .snapshot, jobs: 3))
        #expect(plan.verification == .none)
        #expect(plan.cutover.pauseSeconds == 60)
        #expect(plan.cutover.connections.first?.credentials == Plan.CredentialsReference(name: "chain-new", usernameKey: "user"))
        #expect(plan.cutover.connections.last?.credentials == nil)
        #expect(plan.cutover.workloads == [Plan.WorkloadSelection(matchLabels: ["part-of": "mys"], rolloutSeconds: 30)])
        #expect(plan.health.http.last?.address == .service(name: "publisher", port: "8080", path: "/health"))
        #expect(plan.rollback.automatic == false)
        #expect(reading.intent == Intent(goal: .promoted, attempt: 2, acceptedLoss: "NoReverseLane"))
        #expect(reading.desired.plan == .plan(plan))
    }

    @Test("a deletion timestamp is an intent")
    func deletion() throws {
        var migration = try Fixtures.migration("{suspend: true, goal: RolledBack}")
        migration.metadata.deletionTimestamp = Time(secondsSince1970: 1)
        let intent = PlanBuilder.read(migration).intent
        #expect(intent.isDeleted && intent.isSuspended && intent.goal == .rolledBack)
    }

    @Test(
        "a mistake is reported with its path",
        arguments: [
            ("{goal: Sometime}", "spec.goal"),
            ("{attempt: 0}", "spec.attempt"),
            ("{source: {host: /var/run/postgresql}}", "spec.source.host"),
            ("{source: {host: 'a,b'}}", "spec.source.host"),
            ("{source: {sslMode: sometimes}}", "spec.source.sslMode"),
            ("{target: {port: 70000}}", "spec.target.port"),
            ("{target: {credentialsSecretRef: {name: Not_A_Name}}}", "spec.target.credentialsSecretRef.name"),
            ("{target: {host: OLD.example.com, port: 5433}}", "spec.target.host"),
            ("{source: {maintenanceDatabase: publisher_db}}", "spec.databases[1].name"),
            ("{target: {maintenanceDatabase: chain_two}}", "spec.databases[0].targetName"),
            ("{databases: [{}, {}, {name: chain_db}]}", "spec.databases[2].name"),
            ("{databases: [{}, {targetName: chain_two}]}", "spec.databases[1].targetName"),
            ("{databases: [{}, {}, {name: template1}]}", "spec.databases[2].name"),
            ("{databases: [{}, {}, {name: ''}]}", "spec.databases[2].name"),
            ("{databases: [{create: Always}]}", "spec.databases[0].create"),
            ("{copy: {jobs: 33}}", "spec.copy.jobs"),
            ("{copy: {onExisting: Drop}}", "spec.copy.onExisting"),
            ("{cutover: {snapshotPauseSeconds: 1}}", "spec.cutover.snapshotPauseSeconds"),
            ("{cutover: {connections: [{database: other}]}}", "spec.cutover.connections[0].database"),
            ("{cutover: {connections: [{}, {secretRef: {name: chain}}]}}", "spec.cutover.connections[1].secretRef"),
            ("{cutover: {connections: [{}, {credentials: Other}]}}", "spec.cutover.connections[1].credentials"),
            ("{cutover: {connections: [{credentials: {extra: 1}}]}}", "spec.cutover.connections[0].credentials"),
            ("{cutover: {connections: [{}, {}, {secretRef: {name: a, key: b}}]}}", "spec.cutover.connections[2].database"),
            ("{cutover: {workloads: [{}, {selector: {}}]}}", "spec.cutover.workloads[1].selector.matchLabels"),
            ("{health: {http: [{url: 'ftp://a/'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{url: 'http://'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{url: 'http://me:pw@a/'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{}, {name: chain}]}}", "spec.health.http[1].name"),
            ("{health: {http: [{service: {name: a, port: b}}]}}", "spec.health.http[0]"),
            ("{health: {http: [{}, {}, {name: none}]}}", "spec.health.http[2]"),
            ("{health: {http: [{}, {service: {port: 0}}]}}", "spec.health.http[1].service.port"),
            ("{health: {http: [{}, {service: {path: health}}]}}", "spec.health.http[1].service.path"),
            ("{health: {soakSeconds: -1}}", "spec.health.soakSeconds"),
            ("{rollback: {acceptLoss: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}", "spec.rollback.acceptLoss"),
        ])
    func mistakes(changes: String, path: String) throws {
        let reading = try PlanBuilder.read(Fixtures.migration(changes))
        #expect(reading.plan == nil)
        #expect(reading.problems.map(\.path) == [path])
        #expect(reading.problems.allSatisfy { $0.reason != .notImplemented && !$0.description.contains("me:pw") })
    }

    @Test(
        "what later versions bring is refused by name",
        arguments: [
            ("{strategy: Fresh}", "spec.strategy"), ("{strategy: InPlace}", "spec.strategy"), ("{criticality: Critical}", "spec.criticality"),
            ("{copy: {mode: Live}}", "spec.copy.mode"), ("{verification: {mode: Checksum}}", "spec.verification.mode"),
            ("{cutover: {traffic: PgBouncer}}", "spec.cutover.traffic"), ("{cutover: {secretWriter: External}}", "spec.cutover.secretWriter"),
            ("{cutover: {workloads: [{kinds: [StatefulSet]}]}}", "spec.cutover.workloads[0].kinds[0]"),
            ("{backup: {formats: [Plain]}}", "spec.backup"), ("{cutover: {window: {}}}", "spec.cutover.window"),
        ])
    func later(changes: String, path: String) throws {
        let reading = try PlanBuilder.read(Fixtures.migration(changes))
        #expect(reading.plan == nil)
        #expect(reading.problems.map(\.path) == [path])
        #expect(reading.problems.map(\.reason) == [.notImplemented])
        #expect(reading.problemReason == .notImplemented)
    }

    @Test("all problems come at once")
    func everything() throws {
        let all = try Fixtures.json(Fixtures.later)
        let problems = try PlanBuilder.read(Fixtures.migration(Fixtures.json(Fixtures.complete).merged(all))).problems
        let schema = try #require(Repository.schema()["properties"]?["spec"])
        let leaves = StructuralSchema.places(all, schema, "spec")
            .filter { $0.schema["description"]?.string == "Not implemented." }.map(\.path)
        #expect(Set(problems.map(\.path)) == Set(leaves))
        #expect(problems.count == leaves.count)
    }

    @Test("an absent mode is Live, and the message says what works today")
    func absentMode() throws {
        let spec = try Fixtures.json(Fixtures.complete).setting(nil, at: [.key("copy"), .key("mode")])
        let problems = try PlanBuilder.read(Fixtures.migration(spec)).problems
        #expect(problems.map(\.path) == ["spec.copy.mode"])
        #expect(problems.first?.message.contains("set spec.copy.mode: Snapshot") == true)
    }

    @Test("a Snapshot needs its pause")
    func pause() throws {
        let spec = try Fixtures.json(Fixtures.complete).setting(nil, at: [.key("cutover"), .key("snapshotPauseSeconds")])
        #expect(try PlanBuilder.read(Fixtures.migration(spec)).problems.map(\.path) == ["spec.cutover.snapshotPauseSeconds"])
    }

    @Test("the bounds of the schema are enforced here too")
    func bounds() throws {
        let spec = try Fixtures.json(Fixtures.complete)
        let schema = try #require(Repository.schema()["properties"]?["spec"])
        var tried = 0
        for place in StructuralSchema.places(spec, schema, "spec") {
            for violation in violations(of: place.schema) {
                tried += 1
                let problems = try PlanBuilder.read(Fixtures.migration(spec.setting(violation, at: place.steps[...]))).problems
                let path = place.path.replacing(#/\[\d+\]$/#, with: "")
                #expect(problems.contains { $0.path.hasPrefix(path) || path.hasPrefix($0.path) }, "\(place.path) = \(violation)")
            }
        }
        #expect(tried > 80)
    }

    private func violations(of schema: JSONValue) -> [JSONValue] {
        switch schema["type"]?.string {
        case "integer":
            return [schema["minimum"]?.integer.map { .integer($0 - 1) }, schema["maximum"]?.integer.map { .integer($0 + 1) }].compactMap(\.self)
        case "string":
            if schema["enum"] != nil { return ["Bogus"] }
            let long = schema["maxLength"]?.integer.map { JSONValue.string(String(repeating: "a", count: Int($0) + 1)) }
            return [long, schema["pattern"].map { _ in "!!" }, schema["minLength"].map { _ in "" }].compactMap(\.self)
        default: return []
        }
    }

    @Test("a plan too large for the record is refused")
    func size() throws {
        let name = String(repeating: "a", count: 240)
        let entries = (0..<64).map { "{secretRef: {name: \(name)\($0), key: \(name)}, database: chain_db}" }
        let problems = try PlanBuilder.read(Fixtures.migration("{cutover: {connections: [\(entries.joined(separator: ", "))]}}")).problems
        #expect(problems.map(\.path) == ["spec"])
    }

    @Test("source, target and databases stay those of the accepted plan")
    func immutability() throws {
        let accepted = try #require(PlanBuilder.read(Fixtures.migration()).plan)
        #expect(try PlanBuilder.read(Fixtures.migration("{goal: Completed, health: {soakSeconds: 1}}"), accepted: accepted).problems == [])
        let changed = try Fixtures.migration("{source: {port: 5000}, target: {sslMode: prefer}, databases: [{}, {}, {name: more}]}")
        #expect(PlanBuilder.read(changed, accepted: accepted).problems.map(\.path) == ["spec.source", "spec.target", "spec.databases"])
    }

    @Test("lint finds unknown fields, wrong types and foreign kinds")
    func lint() throws {
        let schema = try Repository.schema()
        let good = try Fixtures.document(spec: Fixtures.json(Fixtures.complete))
        #expect(PlanBuilder.lint(good, schema: schema) == [])
        let unknown = good.merged(["spec": ["copy": ["job": 3], "databases": [["nmae": "x"]]]])
        #expect(PlanBuilder.lint(unknown, schema: schema).map(\.path) == ["spec.copy.job", "spec.databases[0].nmae"])
        #expect(PlanBuilder.lint(good.merged(["spec": ["copy": ["jobs": "four"]]])).map(\.path) == ["spec.copy.jobs"])
        #expect(
            PlanBuilder.lint(good.setting(nil, at: [.key("spec"), .key("source"), .key("host")])).map(\.description) == [
                "spec.source.host: is missing"
            ])
        #expect(PlanBuilder.lint(["kind": "Pod", "apiVersion": "v1"]).map(\.path) == ["apiVersion, kind"])
    }
}
