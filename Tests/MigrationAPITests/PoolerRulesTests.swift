import MigrationCore
import StructuredData
import Testing

@testable import MigrationAPI

@Suite("Poolers of a spec")
struct PoolerRulesTests {
    private static let pooler = """
        {name: pgbouncer, service: {name: pgbouncer, port: 6432}, adminSecretRef: {name: pgb-admin}, file: {configMapRef: {name: pgb, key: pgbouncer.ini}}}
        """

    private static func reading(_ poolers: String, _ changes: [([String], String?)] = []) throws -> SpecReading {
        let pooled: [([String], String?)] = [
            (["cutover", "traffic"], "PgBouncer"), (["cutover", "poolers"], poolers), (["cutover", "connections"], "[]"),
            (["cutover", "workloads"], "[]"), (["copy", "mode"], "Live"), (["cutover", "snapshotPauseSeconds"], nil),
            (["health", "workloads"], nil), (["health", "logs"], nil),
        ]
        var spec = try Fixtures.json(Fixtures.complete)
        for (path, text) in pooled + changes {
            let value = try text.map { try Fixtures.json($0) }
            spec = spec.setting(value, at: path.map { StructuralSchema.Step.key($0) }[...])
        }
        return PlanBuilder.read(try Fixtures.migration(spec))
    }

    @Test("a pooler with its defaults; nobody reads connection strings behind it")
    func plain() throws {
        let reading = try Self.reading("[\(Self.pooler)]")
        #expect(reading.problems == [])
        let plan = try #require(reading.plan)
        #expect(plan.cutover.connections.isEmpty && plan.cutover.workloads.isEmpty)
        #expect(
            plan.cutover.poolers == [
                .init(
                    name: "pgbouncer", consoles: .service(name: "pgbouncer", port: "6432"), credentials: .init(name: "pgb-admin"),
                    file: .init(kind: .configMap, name: "pgb", key: "pgbouncer.ini"), sslMode: "prefer", databases: plan.databases.map(\.name),
                    fileSeconds: 120, pauseSeconds: 5)
            ])
    }

    @Test("addresses, and everything else a pooler may say")
    func complete() throws {
        let first = """
            {name: one, addresses: ['10.0.0.1:6432', '[::1]:6433'], adminSecretRef: {name: a, usernameKey: u, passwordKey: p}, sslMode: require,
             file: {secretRef: {name: s, key: k}}, databases: [chain_db], logins: [{credentialsSecretRef: {name: app}, database: chain_db}],
             fileSeconds: 3, pauseSeconds: 2}
            """
        let second = "{name: two, addresses: ['b:1'], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: l}}, databases: [publisher_db]}"
        let reading = try Self.reading("[\(first), \(second)]")
        #expect(reading.problems == [])
        #expect(
            reading.plan?.cutover.poolers?.first
                == .init(
                    name: "one", consoles: .addresses([.init(host: "10.0.0.1", port: 6432), .init(host: "::1", port: 6433)]),
                    credentials: .init(name: "a", usernameKey: "u", passwordKey: "p"), file: .init(kind: .secret, name: "s", key: "k"),
                    sslMode: "require", databases: ["chain_db"], logins: [.init(credentials: .init(name: "app"), database: "chain_db")],
                    fileSeconds: 3, pauseSeconds: 2))
    }

    @Test(
        "what does not fit together is refused where it stands",
        arguments: [
            ("[]", "spec.cutover.poolers"),
            ("[{name: a, adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]", "spec.cutover.poolers[0]"),
            ("[{name: a, addresses: [a], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]", "spec.cutover.poolers[0].addresses[0]"),
            (
                "[{name: a, addresses: ['::1:5'], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]",
                "spec.cutover.poolers[0].addresses[0]"
            ),
            (
                "[{name: a, addresses: ['a:0'], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]",
                "spec.cutover.poolers[0].addresses[0]"
            ),
            ("[{name: a, addresses: ['a:1'], adminSecretRef: {name: a}, file: {}}]", "spec.cutover.poolers[0].file"),
            (
                "[{name: a, addresses: ['a:1'], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}, configMapRef: {name: s, key: k}}}]",
                "spec.cutover.poolers[0].file"
            ),
            (
                "[{name: a, addresses: ['a:1'], sslMode: verify-full, adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]",
                "spec.cutover.poolers[0].sslMode"
            ),
            (
                "[{name: a, addresses: ['a:1'], pauseSeconds: 0, adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]",
                "spec.cutover.poolers[0].pauseSeconds"
            ),
            (
                "[{name: a, addresses: ['a:1'], databases: [chain_db], adminSecretRef: {name: a}, file: {secretRef: {name: s, key: k}}}]",
                "spec.databases[1].name"
            ),
            (
                "[\(pooler), {name: b, addresses: ['a:1'], adminSecretRef: {name: a}, file: {configMapRef: {name: pgb, key: pgbouncer.ini}}}]",
                "spec.cutover.poolers[1].file"
            ),
            (
                "[\(pooler), {name: pgbouncer, addresses: ['a:1'], adminSecretRef: {name: a}, file: {configMapRef: {name: pgb, key: b}}}]",
                "spec.cutover.poolers[1].name"
            ),
        ])
    func mistakes(poolers: String, path: String) throws {
        let reading = try Self.reading(poolers)
        #expect(reading.plan == nil)
        #expect(reading.problems.map(\.path) == [path])
    }

    @Test("poolers belong to traffic PgBouncer, and that to Live mode")
    func traffic() throws {
        let other = try Self.reading("[\(Self.pooler)]", [(["cutover", "traffic"], "SecretRollout")])
        #expect(other.problems.map(\.path) == ["spec.cutover.poolers", "spec.cutover.connections", "spec.cutover.workloads"])
        let snapshot = try Self.reading("[\(Self.pooler)]", [(["copy", "mode"], "Snapshot"), (["cutover", "snapshotPauseSeconds"], "60")])
        #expect(snapshot.problems.map(\.path) == ["spec.cutover.traffic"])
        // Clients would wait at the poolers until somebody else has written.
        let external = try Self.reading("[\(Self.pooler)]", [(["cutover", "secretWriter"], "External")])
        #expect(external.problems.map(\.path) == ["spec.cutover.secretWriter"])
        let unseen = try Self.reading(
            "[\(Self.pooler)]", [(["health", "workloads"], "{}"), (["health", "logs"], "{errorPattern: FATAL, maxMatches: 0}")])
        #expect(unseen.problems.map(\.path) == ["spec.health.workloads", "spec.health.logs"], "there are none to watch")
        let old = try Self.reading("[\(Self.pooler)]", [(["verification"], "{mode: Checksum, maxAgeSeconds: 179}")])
        #expect(old.problems.map(\.path) == ["spec.verification.maxAgeSeconds"], "the files take 120 s")
        #expect(try Self.reading("[\(Self.pooler)]", [(["verification"], "{mode: Checksum, maxAgeSeconds: 180}")]).problems.isEmpty)
        let half = try Self.reading("[\(Self.pooler)]", [(["cutover", "connections"], "[{secretRef: {name: a, key: b}, database: chain_db}]")])
        #expect(half.problems.map(\.path) == ["spec.cutover.workloads"], "who is to read it?")
    }
}
