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
        #expect(plan.copy == Plan.Copy(mode: .snapshot, jobs: 3, maxRetainedWALMiB: 1024, indexJobs: 3, splitAboveMiB: 64))
        #expect(plan.verification == .none)
        #expect(plan.cutover.pauseSeconds == 60)
        #expect(plan.cutover.connections.first?.credentials == Plan.CredentialsReference(name: "chain-new", usernameKey: "user"))
        #expect(plan.cutover.connections.last?.credentials == nil)
        #expect(plan.cutover.workloads == [Plan.WorkloadSelection(matchLabels: ["part-of": "mys"], kinds: [.deployment], rolloutSeconds: 30)])
        let limits = Plan.CheckLimits(failureLimit: 2, totalFailureLimit: 20, inconclusiveLimit: 30, successThreshold: 2, initialDelaySeconds: 5)
        #expect(
            plan.health.http.first
                == Plan.HTTPCheck(
                    name: "chain", address: .url("https://chain.example.com/health"), expectStatus: [200, 204], timeoutSeconds: 3, limits: limits,
                    bodyPattern: #""status": *"(ok|up)""#, headersSecret: "chain-headers",
                    certificateAuthority: .init(name: "chain-ca", key: "tls.crt")))
        #expect(plan.health.http.last?.address == .service(name: "publisher", port: "8080", path: "/health"))
        #expect(
            plan.health.prometheus == [
                Plan.PrometheusCheck(
                    name: "errors", address: "https://prometheus.example.com/tenant", query: "sum(rate(errors_total[5m]))", max: 0.01, min: -1,
                    maxIncreasePercent: 50, maxDecreasePercent: 20, timeoutSeconds: 4, limits: limits, headersSecret: "prometheus-headers",
                    certificateAuthority: .init(name: "prometheus-ca", key: "tls.crt"))
            ])
        #expect(plan.rollback == Plan.Rollback(automatic: false, keepReverseReplication: false))
        #expect(!plan.isLive)
        #expect(
            reading.intent
                == Intent(
                    goal: .promoted, attempt: 2, acceptedLoss: "NoReverseLane",
                    gates: [.init(name: "uat", before: .promoted, approvedBy: "jane"), .init(name: "change-board", before: .cutover)],
                    notifies: [.approvalNeeded, .promoted, .failed]))
        #expect(reading.desired.plan == .plan(plan))
    }

    @Test("Live mode has its own limits, roles and ways between the servers")
    func live() throws {
        let reading = try PlanBuilder.read(Fixtures.live())
        #expect(reading.problems == [])
        let plan = try #require(reading.plan)
        #expect(plan.isLive && plan.keepsReverseLane)
        #expect(plan.copy == Plan.Copy(mode: .live, jobs: 3, maxRetainedWALMiB: 1024, indexJobs: 3, splitAboveMiB: 64))
        #expect(plan.cutover.pauseSeconds == 45)
        #expect(plan.cutover.maxLagBytes == 4096)
        #expect(plan.cutover.verifySeconds == 5)
        #expect(plan.cutover.window == Plan.Window(schedule: "0 2 * * SUN", durationMinutes: 120, timeZone: "Africa/Johannesburg"))
        #expect(plan.source.subscriber == Plan.CredentialsReference(name: "old-super", usernameKey: "user", passwordKey: "pass"))
        let replicator = Plan.CredentialsReference(name: "old-replicator", usernameKey: "user", passwordKey: "pass")
        #expect(plan.source.replication == Plan.Replication(host: "old.internal", port: 6432, sslMode: "disable", credentials: replicator))
        #expect(plan.target.subscriber == Plan.CredentialsReference(name: "new-super"))
        #expect(plan.target.replication?.host == "new.internal" && plan.target.replication?.credentials?.name == "new-replicator")
        #expect(try PlanBuilder.read(Fixtures.live("{rollback: {keepReverseReplication: false}}")).plan?.keepsReverseLane == false)
    }

    @Test("Live is the default, and so are its limits")
    func liveDefaults() throws {
        var spec = try Fixtures.json(Fixtures.complete)
        for member in ["subscriptionCredentialsSecretRef", "replication"] { spec = spec.setting(nil, at: [.key("source"), .key(member)]) }
        for member in ["mode", "maxRetainedWALMiB"] { spec = spec.setting(nil, at: [.key("copy"), .key(member)]) }
        for member in ["snapshotPauseSeconds", "maxPauseSeconds", "maxLagBytes", "verifySeconds"] {
            spec = spec.setting(nil, at: [.key("cutover"), .key(member)])
        }
        let plan = try #require(PlanBuilder.read(Fixtures.migration(spec.setting(nil, at: [.key("rollback")]))).plan)
        #expect(plan.isLive && plan.keepsReverseLane)
        #expect(plan.source.subscriber == nil && plan.source.replication == nil)
        #expect(plan.copy.maxRetainedWALMiB == 20_480)
        #expect(plan.cutover.pauseSeconds == 300)
        #expect(plan.cutover.maxLagBytes == 1_048_576)
        #expect(plan.cutover.verifySeconds == 20)
    }

    @Test(
        "the other server takes over how lax TLS is, never a CA it has not",
        arguments: [
            ("prefer", nil, "prefer"), ("disable", nil, "disable"), ("require", nil, "require"), ("verify-full", nil, "require"),
            ("verify-ca", "verify-full", "verify-full"), ("disable", "require", "require"),
        ] as [(String, String?, String)])
    func replicationSSL(own: String, given: String?, expected: String) throws {
        let word = given.map { JSONValue.string($0) }
        let spec = try Fixtures.json(Fixtures.complete).setting(.string(own), at: [.key("target"), .key("sslMode")])
            .setting(word, at: [.key("target"), .key("replication"), .key("sslMode")])
        let plan = try PlanBuilder.read(Fixtures.migration(spec)).plan
        #expect(plan?.target.replication?.sslMode == expected)
    }

    @Test("what only the database can say is not refused here", arguments: ["None", "RowCount", "Checksum"])
    func verification(mode: String) throws {
        for migration in [try Fixtures.migration("{verification: {mode: \(mode)}}"), try Fixtures.live("{verification: {mode: \(mode)}}")] {
            #expect(PlanBuilder.read(migration).plan?.verification.rawValue == mode)
        }
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
            ("{target: {port: 70000}}", "spec.target.port"), ("{source: {storageGiB: 0}}", "spec.source.storageGiB"),
            ("{target: {storageGiB: 1048577}}", "spec.target.storageGiB"),
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
            ("{copy: {onExisting: Drop}}", "spec.copy.onExisting"), ("{copy: {roles: Create}}", "spec.copy.roles"),
            ("{copy: {mode: Live}}", "spec.cutover.snapshotPauseSeconds"),
            ("{copy: {maxRetainedWALMiB: 63}}", "spec.copy.maxRetainedWALMiB"),
            ("{copy: {lanes: 0}}", "spec.copy.lanes"), ("{copy: {lanes: 33}}", "spec.copy.lanes"),
            ("{copy: {indexJobs: 0}}", "spec.copy.indexJobs"), ("{copy: {splitAboveMiB: 0}}", "spec.copy.splitAboveMiB"),
            ("{cutover: {maxPauseSeconds: 4}}", "spec.cutover.maxPauseSeconds"),
            ("{cutover: {verifySeconds: 601}}", "spec.cutover.verifySeconds"),
            ("{cutover: {maxLagBytes: -1}}", "spec.cutover.maxLagBytes"),
            ("{source: {subscriptionCredentialsSecretRef: {name: A_B}}}", "spec.source.subscriptionCredentialsSecretRef.name"),
            ("{source: {replication: {host: 'a,b'}}}", "spec.source.replication.host"),
            ("{target: {replication: {port: 0}}}", "spec.target.replication.port"),
            ("{target: {replication: {sslMode: sometimes}}}", "spec.target.replication.sslMode"),
            ("{target: {replication: {credentialsSecretRef: {name: ''}}}}", "spec.target.replication.credentialsSecretRef.name"),
            ("{cutover: {snapshotPauseSeconds: 1}}", "spec.cutover.snapshotPauseSeconds"),
            ("{cutover: {connections: [{database: other}]}}", "spec.cutover.connections[0].database"),
            ("{cutover: {connections: [{}, {secretRef: {name: chain}}]}}", "spec.cutover.connections[1].secretRef"),
            ("{cutover: {connections: [{}, {credentials: Other}]}}", "spec.cutover.connections[1].credentials"),
            ("{cutover: {connections: [{credentials: {extra: 1}}]}}", "spec.cutover.connections[0].credentials"),
            ("{cutover: {connections: [{}, {}, {secretRef: {name: a, parts: {host: b}}}]}}", "spec.cutover.connections[2].database"),
            ("{cutover: {connections: [{}, {}, {database: chain_db}]}}", "spec.cutover.connections[2]"),
            ("{cutover: {connections: [{configMapRef: {name: a, key: b}}]}}", "spec.cutover.connections[0]"),
            ("{cutover: {connections: [{secretRef: {keys: [a]}}]}}", "spec.cutover.connections[0].secretRef"),
            ("{cutover: {connections: [{}, {}, {secretRef: {name: a}}]}}", "spec.cutover.connections[2].secretRef"),
            ("{cutover: {connections: [{}, {}, {secretRef: {name: a, keys: []}}]}}", "spec.cutover.connections[2].secretRef.keys"),
            ("{cutover: {connections: [{}, {}, {secretRef: {name: a, keys: [b, 'a b']}}]}}", "spec.cutover.connections[2].secretRef.keys[1]"),
            ("{cutover: {connections: [{}, {}, {configMapRef: {name: A, key: '*_URL'}}]}}", "spec.cutover.connections[2].configMapRef.name"),
            (
                "{cutover: {connections: [{}, {}, {secretRef: {name: a, parts: {host: b, port: b, database: c}}}]}}",
                "spec.cutover.connections[2].secretRef.parts.port"
            ),
            (
                "{cutover: {connections: [{}, {}, {secretRef: {name: a, key: b}, redis: {host: 'a,b'}}]}}",
                "spec.cutover.connections[2].redis.host"
            ),
            (
                "{cutover: {connections: [{}, {}, {secretRef: {name: a, key: b}, database: chain_db, redis: {host: r}}]}}",
                "spec.cutover.connections[2].database"
            ),
            (
                "{cutover: {connections: [{}, {}, {configMapRef: {name: a, key: b}, redis: {host: r, passwordSecretRef: {name: p, key: q}}}]}}",
                "spec.cutover.connections[2].redis.passwordSecretRef"
            ),
            ("{cutover: {secretWriter: Nobody}}", "spec.cutover.secretWriter"),
            ("{cutover: {workloads: [{}, {selector: {}}]}}", "spec.cutover.workloads[1].selector.matchLabels"),
            ("{cutover: {workloads: [{kinds: [ReplicaSet]}]}}", "spec.cutover.workloads[0].kinds[0]"),
            ("{cutover: {workloads: [{order: 101}]}}", "spec.cutover.workloads[0].order"),
            ("{cutover: {workloads: [{kinds: [Deployment, DaemonSet], scaleToZero: true}]}}", "spec.cutover.workloads[0].scaleToZero"),
            (
                "{cutover: {workloads: [{kinds: [CronJob], scaleToZero: true}, {selector: {matchLabels: {part-of: mys}}}]}}",
                "spec.cutover.workloads[0].scaleToZero"
            ),
            ("{health: {http: [{url: 'ftp://a/'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{url: 'https://'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{url: 'https://me:pw@a/'}]}}", "spec.health.http[0].url"),
            ("{health: {http: [{}, {name: chain}]}}", "spec.health.http[1].name"),
            ("{health: {http: [{service: {name: a, port: b}}]}}", "spec.health.http[0]"),
            ("{health: {http: [{}, {}, {name: none}]}}", "spec.health.http[2]"),
            ("{health: {http: [{}, {service: {port: 0}}]}}", "spec.health.http[1].service.port"),
            ("{health: {http: [{}, {service: {path: health}}]}}", "spec.health.http[1].service.path"),
            ("{health: {soakSeconds: -1}}", "spec.health.soakSeconds"),
            ("{health: {http: [{bodyPattern: '(ok'}]}}", "spec.health.http[0].bodyPattern"),
            ("{health: {http: [{bodyPattern: '(a)\\1'}]}}", "spec.health.http[0].bodyPattern"),
            ("{health: {http: [{bodyPattern: '(a{99}){99}'}]}}", "spec.health.http[0].bodyPattern"),
            ("{health: {http: [{followRedirects: true}]}}", "spec.health.http[0].followRedirects"),
            ("{health: {http: [{url: 'http://a/'}]}}", "spec.health.http[0].caSecretRef"),
            ("{health: {http: [{headersSecretRef: {name: A_B}}]}}", "spec.health.http[0].headersSecretRef.name"),
            ("{health: {http: [{}, {totalFailureLimit: 0}]}}", "spec.health.http[1].totalFailureLimit"),
            ("{health: {http: [{}, {inconclusiveLimit: 0}]}}", "spec.health.http[1].inconclusiveLimit"),
            ("{health: {http: [{}, {successThreshold: 0}]}}", "spec.health.http[1].successThreshold"),
            ("{health: {prometheus: [{address: 'ftp://a/'}]}}", "spec.health.prometheus[0].address"),
            ("{health: {prometheus: [{address: 'https://me:pw@a/'}]}}", "spec.health.prometheus[0].address"),
            ("{health: {prometheus: [{address: 'https://a/?query=up'}]}}", "spec.health.prometheus[0].address"),
            ("{health: {prometheus: [{address: 'http://a/'}]}}", "spec.health.prometheus[0].caSecretRef"),
            ("{health: {prometheus: [{query: ' '}]}}", "spec.health.prometheus[0].query"),
            ("{health: {prometheus: [{max: a lot}]}}", "spec.health.prometheus[0].max"),
            ("{health: {prometheus: [{max: NaN}]}}", "spec.health.prometheus[0].max"),
            ("{health: {prometheus: [{min: '1.'}]}}", "spec.health.prometheus[0].min"),
            ("{health: {prometheus: [{min: '0.02'}]}}", "spec.health.prometheus[0].min"),
            ("{health: {prometheus: [{maxIncreasePercent: -1}]}}", "spec.health.prometheus[0].maxIncreasePercent"),
            ("{health: {prometheus: [{maxDecreasePercent: 101}]}}", "spec.health.prometheus[0].maxDecreasePercent"),
            ("{health: {prometheus: [{name: chain}]}}", "spec.health.prometheus[0].name"),
            ("{health: {prometheus: [{name: rollout}]}}", "spec.health.prometheus[0].name"),
            ("{health: {prometheus: [{headersSecretRef: {name: A_B}}]}}", "spec.health.prometheus[0].headersSecretRef.name"),
            ("{health: {prometheus: [{}, {name: none, address: 'http://a', query: up}]}}", "spec.health.prometheus[1]"),
            ("{health: {prometheus: [{}, {name: errors, address: 'http://a', query: up, max: 1}]}}", "spec.health.prometheus[1].name"),
            ("{health: {http: [{name: source-sessions}]}}", "spec.health.http[0].name"),
            ("{health: {prometheus: [{name: logs}]}}", "spec.health.prometheus[0].name"),
            ("{health: {logs: {errorPattern: '('}}}", "spec.health.logs.errorPattern"),
            ("{health: {logs: {errorPattern: '(a{99}){99}'}}}", "spec.health.logs.errorPattern"),
            ("{health: {logs: {errorPattern: ''}}}", "spec.health.logs.errorPattern"),
            ("{health: {workloads: {minAvailablePercent: 0}}}", "spec.health.workloads.minAvailablePercent"),
            ("{health: {sessions: {maxDecreasePercent: 101}}}", "spec.health.sessions.maxDecreasePercent"),
            ("{notifications: [{}, {name: ops}]}", "spec.notifications[1].name"),
            ("{notifications: [{events: [Promote]}]}", "spec.notifications[0].events[0]"),
            ("{notifications: [{events: [Test]}]}", "spec.notifications[0].events[0]"),
            ("{notifications: [{events: [Failed, Failed]}]}", "spec.notifications[0].events[1]"),
            ("{notifications: [{format: Email}]}", "spec.notifications[0].format"),
            ("{notifications: [{template: '{password}'}]}", "spec.notifications[0].template"),
            ("{notifications: [{template: '{event'}]}", "spec.notifications[0].template"),
            ("{notifications: [{template: '  '}]}", "spec.notifications[0].template"),
            ("{gates: [{before: Copied}]}", "spec.gates[0].before"),
            ("{gates: [{approval: Automatic}]}", "spec.gates[0].approval"),
            ("{gates: [{approvedBy: ' '}]}", "spec.gates[0].approvedBy"),
            ("{gates: [{name: UAT}]}", "spec.gates[0].name"),
            ("{gates: [{name: uat}, {name: uat}]}", "spec.gates[1].name"),
            ("{verification: {mode: RowCount, maxAgeSeconds: 3600}}", "spec.verification.maxAgeSeconds"),
            ("{cutover: {window: {schedule: '0 2 * *'}}}", "spec.cutover.window.schedule"),
            ("{cutover: {window: {schedule: '0 25 * * *'}}}", "spec.cutover.window.schedule"),
            ("{cutover: {window: {schedule: '0 0 31 2 *'}}}", "spec.cutover.window.schedule"),
            ("{cutover: {window: {durationMinutes: 0}}}", "spec.cutover.window.durationMinutes"),
            ("{cutover: {window: {timeZone: Africa/Nowhere}}}", "spec.cutover.window.timeZone"),
            ("{cutover: {window: {timeZone: ../../../etc/passwd}}}", "spec.cutover.window.timeZone"),
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
            ("{backup: {formats: [Plain]}}", "spec.backup"),
        ])
    func later(changes: String, path: String) throws {
        let reading = try PlanBuilder.read(Fixtures.migration(changes))
        #expect(reading.plan == nil)
        #expect(reading.problems.map(\.path) == [path])
        #expect(reading.problems.map(\.reason) == [.notImplemented])
        #expect(reading.problemReason == .notImplemented)
    }

    @Test(
        "one comparison is enough of a limit; a fraction has quotes",
        arguments: ["max", "min", "maxIncreasePercent"])
    func prometheus(field: String) throws {
        let check = "{name: errors, address: 'http://a', query: up, \(field): 0}"
        let spec = try Fixtures.json(Fixtures.complete).setting(Fixtures.json(check), at: [.key("health"), .key("prometheus"), .index(0)])
        let plan = try #require(PlanBuilder.read(Fixtures.migration(spec)).plan)
        #expect(plan.health.prometheus.map(\.measured.wantsBaseline) == [field == "maxIncreasePercent"])
        guard field != "maxIncreasePercent" else { return }
        let fraction = Fixtures.document(spec: spec).setting(
            .number(0.5), at: [.key("spec"), .key("health"), .key("prometheus"), .index(0), .key(field)])
        #expect(PlanBuilder.lint(fraction).map(\.path) == ["spec.health.prometheus[0].\(field)"])
    }

    @Test("a log check needs a limit; the names of checks that are not there are free")
    func ownChecks() throws {
        let spec = try Fixtures.json(Fixtures.complete)
        let logs: [StructuralSchema.Step] = [.key("health"), .key("logs")]
        let bare = spec.setting(["errorPattern": "x"], at: logs[...])
        #expect(try PlanBuilder.read(Fixtures.migration(bare)).problems.map(\.path) == ["spec.health.logs"])
        let free = spec.setting(nil, at: logs[...]).setting("logs", at: [.key("health"), .key("http"), .index(0), .key("name")])
        #expect(try PlanBuilder.read(Fixtures.migration(free)).problems == [])
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

    @Test("a Snapshot needs its pause, and Live refuses it by name")
    func pause() throws {
        let both = try PlanBuilder.read(Fixtures.live("{cutover: {snapshotPauseSeconds: 7200}}")).problems
        #expect(both.map(\.path) == ["spec.cutover.snapshotPauseSeconds"])
        #expect(both.first?.message.contains("spec.cutover.maxPauseSeconds (45) bounds") == true)
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

    @Test("copy.roles says what becomes of the source's roles; a plan that was frozen before creates them")
    func roles() throws {
        #expect(try PlanBuilder.read(Fixtures.migration()).plan?.copy.roles == .createMissing)
        let skipping = try #require(PlanBuilder.read(Fixtures.migration("{copy: {roles: Skip}}")).plan?.copy)
        #expect(skipping.roles == .skip)
        #expect(try JSON.decode(Plan.Copy.self, from: JSON.text(skipping)) == skipping)
        #expect(try JSON.decode(Plan.Copy.self, from: #"{"mode": "Live", "jobs": 4, "maxRetainedWALMiB": 64}"#).roles == .createMissing)
    }

    @Test("a health check that was frozen before there were other limits keeps its own")
    func formerCheck() throws {
        let text = #"{"name": "a", "address": {"url": {"_0": "http://a/"}}, "expectStatus": [200], "timeoutSeconds": 5, "failureLimit": 7}"#
        let check = try JSON.decode(Plan.HTTPCheck.self, from: text)
        #expect(check == Plan.HTTPCheck(name: "a", address: .url("http://a/"), limits: .init(failureLimit: 7)))
        #expect(try JSON.decode(Plan.HTTPCheck.self, from: JSON.text(check)) == check)
    }

    @Test("source, target, databases and copy mode stay those of the accepted plan")
    func immutability() throws {
        let accepted = try #require(PlanBuilder.read(Fixtures.migration()).plan)
        #expect(try PlanBuilder.read(Fixtures.migration("{goal: Completed, health: {soakSeconds: 1}}"), accepted: accepted).problems == [])
        let changed = try Fixtures.migration("{source: {port: 5000}, target: {sslMode: prefer}, databases: [{}, {}, {name: more}]}")
        #expect(PlanBuilder.read(changed, accepted: accepted).problems.map(\.path) == ["spec.source", "spec.target", "spec.databases"])
        #expect(try PlanBuilder.read(Fixtures.live(), accepted: accepted).problems.map(\.path) == ["spec.copy.mode"])
        #expect(try PlanBuilder.read(Fixtures.migration("{source: {storageGiB: 64}, target: {storageGiB: 64}}"), accepted: accepted).problems == [])
        let replication = try Fixtures.migration("{source: {replication: {host: other}}, target: {subscriptionCredentialsSecretRef: {name: a}}}")
        #expect(PlanBuilder.read(replication, accepted: accepted).problems.map(\.path) == ["spec.source", "spec.target"])
    }

    @Test("lint finds unknown fields, wrong types and foreign kinds")
    func lint() throws {
        let good = try Fixtures.document(spec: Fixtures.json(Fixtures.complete))
        #expect(PlanBuilder.lint(good) == [])
        let unknown = good.merged(["specs": [:], "spec": ["copy": ["job": 3], "databases": [["name": "x", "nmae": "x"]]]])
        let paths = Set(PlanBuilder.lint(unknown).filter { $0.message.contains("is no field") }.map(\.path))
        #expect(paths == ["specs", "spec.copy.job", "spec.databases[0].nmae"])
        #expect(PlanBuilder.lint(good.merged(["spec": ["copy": ["jobs": "four"]]])).map(\.path) == ["spec.copy.jobs"])
        #expect(
            PlanBuilder.lint(good.setting(nil, at: [.key("spec"), .key("source"), .key("host")])).map(\.description) == [
                "spec.source.host: is missing"
            ])
        #expect(PlanBuilder.lint(["kind": "Pod", "apiVersion": "v1"]).map(\.path) == ["apiVersion, kind"])
    }
}
