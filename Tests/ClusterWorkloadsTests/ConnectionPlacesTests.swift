import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

/// Secrets and ConfigMaps with all that may stand in them.
struct Cluster {
    var plan: Plan
    var holders: [ConnectionHolder.ID: ConnectionHolder] = [:]
    var kept: [ConnectionHolder.ID: Secret] = [:]

    init(_ connections: Plan.Connection..., targetName: String? = nil) {
        plan = Fixtures.plan(connections: connections, targetName: targetName)
    }

    mutating func secret(_ name: String, _ values: [String: String]) {
        let holder = ConnectionHolder(Fixtures.secret(name, values))
        holders[holder.id] = holder
    }

    mutating func map(_ name: String, _ values: [String: String]) {
        let holder = ConnectionHolder(ConfigMap(metadata: ObjectMeta(name: name, resourceVersion: "7"), data: values))
        holders[holder.id] = holder
    }

    var snapshot: ConnectionSnapshot { ConnectionSnapshot(plan: plan, holders: holders, kept: kept) }

    func texts(_ name: String, _ kind: Plan.Connection.Kind = .secret) -> [String: String] {
        holders[.init(kind, name)]?.values.mapValues(\.text) ?? [:]
    }

    /// As the adapter does: what is replaced is kept first.
    mutating func turn(to side: Side) throws {
        for change in try snapshot.changes(to: side) {
            let id = change.holder.id
            if side == .target {
                let before = kept[id] ?? Secret(metadata: ObjectMeta(name: "kept"), data: [:])
                kept[id] = Secret(metadata: before.metadata, data: change.originals.merging(before.data ?? [:]) { $1 })
            }
            holders[id]?.values.merge(change.values) { $1 }
        }
    }
}

@Suite("Where connection strings may stand")
struct ConnectionPlacesTests {
    private static let publisher = "postgresql://publisher:p@old-psql/publisher_db"
    private static let chain = "Host=old-psql;Database=chain_db;Username=chain;Password=c"

    /// There and back, byte for byte; between, everything leads to the target.
    private func thereAndBack(_ cluster: inout Cluster) throws {
        let before = cluster.holders.mapValues(\.values)
        #expect(cluster.snapshot.roles().problems.isEmpty, "\(cluster.snapshot.roles().problems)")
        #expect(try cluster.snapshot.state() == .source)
        try cluster.turn(to: .target)
        #expect(try cluster.snapshot.state() == .target)
        var back = cluster
        try back.turn(to: .source)
        #expect(try back.snapshot.state() == .source)
        #expect(back.holders.mapValues(\.values) == before)
    }

    @Test("a document with strings of several databases, and one of another server that stays")
    func document() throws {
        var cluster = Cluster(Plan.Connection(.secret, "app", .keys(["appsettings.json"])))
        let text = #"""
            {
              "ConnectionStrings": {
                "Publisher": "\#(Self.publisher)?sslmode=require", // no JSON, but common
                "Chain": "\#(Self.chain)",
                "Reports": "Host=reports;Database=r;Username=u;Password=x"
              }
            }
            """#.replacing(" // no JSON, but common", with: "")
        cluster.secret("app", ["appsettings.json": text, "other": "stays"])
        try thereAndBack(&cluster)
        let roles = cluster.snapshot.roles().roles
        #expect(Set(roles.map(\.database)) == ["publisher_db", "chain_db"])
        let turned = text.replacing("old-psql/", with: "new-psql:5433/").replacing("Host=old-psql;", with: "Host=new-psql;Port=5433;")
        #expect(cluster.texts("app") == ["appsettings.json": turned, "other": "stays"])
    }

    @Test(
        "every format of document",
        arguments: [
            ("settings.yaml", "db:\n  url: \(publisher)  # main\n  list:\n    - \(publisher)?a=b\n", "old-psql", "new-psql:5433"),
            ("config.toml", "[db]\nurl = \"\(publisher)\"\n", "old-psql", "new-psql:5433"),
            (".env", "export DATABASE_URL='\(publisher)'\nDEBUG=1\n", "old-psql", "new-psql:5433"),
            (
                "django",
                #"{"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "publisher_db", "USER": "u", "PASSWORD": "p", "HOST": "old-psql", "PORT": 5432}}"#,
                #"old-psql", "PORT": 5432"#, #"new-psql", "PORT": 5433"#
            ),
            (".pgpass", "old-psql:5432:publisher_db:u:p\nother:5432:*:u:q\n", "old-psql:5432", "new-psql:5433"),
            (
                "pg_service.conf", "[app]\nhost=old-psql\nport=5432\ndbname=publisher_db\nuser=u\npassword=p\n", "old-psql\nport=5432",
                "new-psql\nport=5433"
            ),
        ])
    func formats(key: String, text: String, old: String, new: String) throws {
        var cluster = Cluster(Plan.Connection(.configMap, "app", .keys([key]), database: "publisher_db"))
        cluster.map("app", [key: text])
        try thereAndBack(&cluster)
        #expect(cluster.texts("app", .configMap)[key] == text.replacing(old, with: new))
    }

    @Test("keys by pattern, many for one database")
    func patterns() throws {
        var cluster = Cluster(Plan.Connection(.secret, "app", .keys(["*_DATABASE_URL", "DSN"]), database: "publisher_db"))
        cluster.secret(
            "app", ["A_DATABASE_URL": Self.publisher, "B_DATABASE_URL": Self.publisher + "?x=1", "DSN": Self.publisher, "DATABASE_URL": "ignored"])
        try thereAndBack(&cluster)
        #expect(cluster.texts("app")["B_DATABASE_URL"] == "postgresql://publisher:p@new-psql:5433/publisher_db?x=1")
        #expect(cluster.texts("app")["DATABASE_URL"] == "ignored")
    }

    @Test("parts in keys of their own; what is not named stays")
    func parts() throws {
        let parts = Plan.Connection.Parts(host: "DB_HOST", port: "DB_PORT", user: "DB_USER", password: "DB_PASS", database: "DB_NAME")
        var cluster = Cluster(Plan.Connection(.secret, "app", .parts(parts), database: "publisher_db"), targetName: "publisher")
        cluster.secret(
            "app", ["DB_HOST": "old-psql\n", "DB_PORT": "5432", "DB_USER": "u", "DB_PASS": "p", "DB_NAME": "publisher_db", "OTHER": "old-psql"])
        try thereAndBack(&cluster)
        #expect(
            cluster.texts("app") == [
                "DB_HOST": "new-psql\n", "DB_PORT": "5433", "DB_USER": "u", "DB_PASS": "p", "DB_NAME": "publisher", "OTHER": "old-psql",
            ])
    }

    @Test("a ConfigMap with the server and a Secret with the login, which is named for the checks and written nowhere")
    func splitLogin() throws {
        let parts = Plan.Connection.Parts(host: "host", port: "port", database: "dbname")
        let login = Plan.CredentialsReference(name: "login")
        var cluster = Cluster(Plan.Connection(.configMap, "app", .parts(parts), database: "publisher_db", credentials: login))
        cluster.map("app", ["host": "old-psql", "port": "5432", "dbname": "publisher_db"])
        #expect(cluster.snapshot.roles().problems.map(\.reason) == [.secretMissing])
        cluster.secret("login", ["username": "u", "password": "hunter2"])
        try thereAndBack(&cluster)
        #expect(cluster.snapshot.roles().roles == [ApplicationRole(name: "u", password: Redacted("hunter2"), database: "publisher_db")])
        #expect(cluster.texts("app", .configMap) == ["host": "new-psql", "port": "5433", "dbname": "publisher_db"])
        cluster.map("app", ["host": "old-psql", "port": "5432", "dbname": "publisher_db"])
        cluster.plan.cutover.connections[0].place = .keys(["url"])
        cluster.map("app", ["url": "postgresql://other@old-psql/publisher_db"])
        let problems = cluster.snapshot.roles().problems
        #expect(problems.count == 1 && problems[0].message.contains("logs in as other") && !problems[0].message.contains("hunter2"))
    }

    @Test("a service file without a password takes it from the password file beside it")
    func passwordBeside() throws {
        var cluster = Cluster(Plan.Connection(.secret, "app", .keys(["pg_service.conf", ".pgpass"]), database: "publisher_db"))
        cluster.secret("app", ["pg_service.conf": "[a]\nhost=old-psql\ndbname=publisher_db\nuser=u\n"])
        cluster.holders[.init(.secret, "app")]?.values[".pgpass"] = Data("old-psql:5432:publisher_db:u:p\n".utf8)
        try thereAndBack(&cluster)
        #expect(cluster.snapshot.roles().roles == [ApplicationRole(name: "u", password: Redacted("p"), database: "publisher_db")])
    }

    @Test("Redis beside PostgreSQL in one document, each led to its own server")
    func redis() throws {
        let redis = Plan.Connection.Redis(host: "new-redis", port: 6380, password: Plan.SecretKey(name: "redis", key: "key"))
        var cluster = Cluster(
            Plan.Connection(.secret, "app", .keys(["config"]), database: "publisher_db"),
            Plan.Connection(.secret, "app", .keys(["config"]), redis: redis))
        cluster.secret("redis", ["key": "n3w="])
        cluster.secret("app", ["config": "PG=\(Self.publisher)\nREDIS=old-redis:6380,password=old=,ssl=True,abortConnect=False\n"])
        try thereAndBack(&cluster)
        #expect(
            cluster.texts("app")["config"]
                == "PG=postgresql://publisher:p@new-psql:5433/publisher_db\nREDIS=new-redis:6380,password=n3w=,ssl=True,abortConnect=False\n")
    }

    @Test(
        "Redis by itself, Sentinel and Cluster lists as well",
        arguments: [
            ("rediss://:old@old-redis:6380/0", "rediss://:n3w@new-redis:6380/0"),
            ("redis-sentinel://:old@s1:26379,s2:26379/mymaster/0", "redis-sentinel://:n3w@new-redis:6380/mymaster/0"),
            ("redis-cluster://u:old@c1:6379,c2:6379", "redis-cluster://u:n3w@new-redis:6380"),
            ("c1:6379,c2:6379,password=old", "new-redis:6380,password=n3w"),
        ])
    func redisAlone(text: String, turned: String) throws {
        let redis = Plan.Connection.Redis(host: "new-redis", port: 6380, password: Plan.SecretKey(name: "redis", key: "key"))
        var cluster = Cluster(Plan.Connection(.secret, "app", .keys(["url"]), redis: redis))
        cluster.secret("redis", ["key": "n3w"])
        cluster.secret("app", ["url": text])
        try thereAndBack(&cluster)
        #expect(cluster.texts("app")["url"] == turned)
        // The value changed meanwhile: what can be told from the original comes back.
        cluster.secret("app", ["url": turned.replacing("n3w", with: "rotated")])
        if text.contains(",") {
            #expect(reason { try cluster.snapshot.changes(to: .source) } == .secretMissing)
        } else {
            try cluster.turn(to: .source)
            #expect(cluster.texts("app")["url"] == text)
        }
    }

    @Test("what is refused, each with its object and key, and never with a value")
    func refusals() {
        let redis = Plan.Connection.Redis(host: "new-redis")
        let cases: [(Plan.Connection, [String: String], String)] = [
            (Plan.Connection(.secret, "app", .keys(["*_URL"])), ["url": Self.publisher], "no such key"),
            (Plan.Connection(.secret, "app", .keys(["*"])), ["url": Self.publisher, "api": "hunter2"], "not a PostgreSQL connection string"),
            (Plan.Connection(.secret, "app", .keys(["url"])), ["url": "postgres://u:hunter2@old-psql,new-psql/publisher_db"], "2 hosts"),
            (
                Plan.Connection(.secret, "app", .keys(["url"]), database: "publisher_db"),
                ["url": Self.chain.replacing("Password=c", with: "Password=hunter2")],
                "database chain_db"
            ),
            (Plan.Connection(.secret, "app", .keys(["url"])), ["url": "postgres://u:hunter2@old-psql/unknown"], "publisher_db or chain_db"),
            (
                Plan.Connection(.secret, "app", .keys(["url"]), database: "publisher_db"),
                ["url": "A=\(Self.publisher)\nB=postgres://u:hunter2@old-psql/chain_db\n"], "database chain_db"
            ),
            (Plan.Connection(.secret, "app", .keys(["url"])), ["url": "A=postgres://u:hunter2@a/x\nB=postgres://u:hunter2@b/x\n"], "a:5432"),
            (Plan.Connection(.secret, "app", .keys(["url"]), redis: redis), ["url": "redis://:hunter2@a\nredis://:hunter2@b"], "app, key url"),
            (Plan.Connection(.secret, "app", .keys(["url"]), redis: redis), ["url": "A=redis://:hunter2@a\nB=redis://:hunter2@b\n"], "several Redis"),
            (Plan.Connection(.secret, "app", .keys(["url"]), redis: redis), ["url": "redis://:hunter2@new-redis"], "already"),
            (Plan.Connection(.secret, "app", .parts(.init(host: "h", user: "u"))), ["h": "old-psql"], "key u"),
            (
                Plan.Connection(.secret, "app", .parts(.init(host: "h", user: "u", password: "p")), database: "publisher_db"),
                ["h": "old-psql", "u": "u", "p": "hunter2"], "port"
            ),
        ]
        for (connection, values, expected) in cases {
            var cluster = Cluster(connection)
            cluster.secret("app", values)
            let messages = cluster.snapshot.roles().problems.map(\.message)
            #expect(messages.contains { $0.contains(expected) && $0.contains("Secret app") }, "\(values): \(messages)")
            #expect(!messages.contains { $0.contains("hunter2") }, "\(messages)")
        }
    }

    @Test("a key that two entries name is refused, unless each is for another kind of server")
    func claimedTwice() {
        var cluster = Cluster(
            Plan.Connection(.secret, "app", .keys(["A_URL"]), database: "publisher_db"), Plan.Connection(.secret, "app", .keys(["*_URL"])))
        cluster.secret("app", ["A_URL": Self.publisher])
        let messages = cluster.snapshot.roles().problems.map(\.message)
        #expect(messages.count == 1 && messages[0].contains("connections[0] and [1]"), "\(messages)")
    }

    @Test("immutable objects are refused with a remedy, unless others write them")
    func immutable() {
        var cluster = Cluster(Plan.Connection(.configMap, "app", .keys(["url"]), database: "publisher_db"))
        cluster.map("app", ["url": Self.publisher])
        cluster.holders[.init(.configMap, "app")]?.isImmutable = true
        #expect(cluster.snapshot.roles().problems.map(\.reason) == [.unsupportedObject])
        #expect(cluster.snapshot.roles().problems.first?.message.contains("ConfigMap app is immutable") == true)
        cluster.plan.cutover.secretWriter = .external
        #expect(cluster.snapshot.roles().problems.isEmpty)
    }

    @Test(
        "whoever else writes the object is named",
        arguments: [
            (["argocd.argoproj.io/instance": "shop"], [:], nil, "Argo CD application shop"),
            (["kustomize.toolkit.fluxcd.io/name": "apps"], [:], nil, "Flux Kustomization apps"),
            ([:], ["argocd.argoproj.io/tracking-id": "shop:/Secret:ns/app"], nil, "Argo CD application shop"),
            ([:], ["meta.helm.sh/release-name": "shop"], nil, "Helm release shop"), ([:], [:], "SealedSecret", "SealedSecret app"),
        ] as [([String: String], [String: String], String?, String)])
    func owners(labels: [String: String], annotations: [String: String], kind: String?, expected: String) {
        var cluster = Cluster(Fixtures.connection("publisher"))
        cluster.secret("publisher", ["url": Fixtures.original])
        #expect(cluster.snapshot.roles().warnings.isEmpty)
        let owner = kind.map { OwnerReference(apiVersion: "v1", kind: $0, name: "app", uid: "1", controller: true) }
        cluster.holders[.init(.secret, "publisher")]?.metadata = ObjectMeta(
            name: "publisher", labels: labels, annotations: annotations, ownerReferences: owner.map { [$0] })
        let warnings = cluster.snapshot.roles().warnings.map(\.message)
        #expect(warnings.count == 1 && warnings[0].contains(expected) && warnings[0].contains("secretWriter: External"), "\(warnings)")
    }
}
