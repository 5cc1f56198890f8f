import ConnectionStrings
import MigrationAPI
import StructuredData
import Testing

@testable import DemoStory
@testable import DevCluster

@Suite("The staging environment of the demo")
struct StagingTests {
    private let servers = DevServers(source: server("old.example"), target: server("new.example"))

    private static func server(_ host: String) -> DevServer {
        let login = DevLogin(user: "psqladmin", password: Redacted("secret"))
        return DevServer(
            host: host, address: "10.0.0.1", port: 5432, superuser: login, administrator: login, certificateAuthority: "/ca", log: "/log")
    }

    @Test("connection strings of both dialects keep their odd passwords")
    func connectionStrings() throws {
        var dialects: Set<Dialect> = []
        for database in StagingDatabase.all() {
            let parsed = try ConnectionString.parse(database.connectionString(host: "old.example", port: 5432).reveal())
            #expect(parsed.pointsAt("old.example", 5432))
            #expect(parsed.user == database.role)
            #expect(parsed.password == database.password.reveal())
            #expect(parsed.database == database.name)
            #expect(parsed.parameters["sslmode"] == database.sslMode)
            dialects.insert(parsed.dialect)
        }
        #expect(dialects.count == 2)
    }

    @Test("the manifest is a valid migration of all three databases")
    func manifest() throws {
        for isLive in [true, false] {
            let document = try MigrationManifest(databases: StagingDatabase.all(), servers: servers, soakSeconds: 10, isLive: isLive).document()
            #expect(PlanBuilder.lint(document).map(\.description) == [])
            #expect(document["spec"]?["databases"]?.array?.count == 3)
            #expect(document["spec"]?["cutover"]?["connections"]?.array?.count == 3)
        }
    }

    @Test("behind PgBouncer the manifest is valid too, and every application connects to a replica")
    func pooled() throws {
        let databases = StagingDatabase.pooled()
        let document = try MigrationManifest(databases: databases, servers: servers, soakSeconds: 1).document()
        #expect(PlanBuilder.lint(document).map(\.description) == [])
        #expect(document["spec"]?["cutover"]?["poolers"]?[0]?["logins"]?.array?.count == 3)
        let objects = try StagingObjects(databases: databases, servers: servers, certificateAuthority: "PEM").documents()
        #expect(objects.count { $0["kind"] == "Deployment" } == 3 + StagingNames.poolers)
        #expect(objects.count { $0["kind"] == "Service" } == 4 + StagingNames.poolers)
        let pooler = try #require(objects.first { $0["kind"] == "Secret" && $0["metadata"]?["name"] == "pgbouncer" })
        let places = try PgBouncerDatabases.parse(pooler["stringData"]?["pgbouncer.ini"]?.string ?? "").entries.compactMap(\.host)
        #expect(places == ["old.example", "old.example", "old.example"])
    }

    @Test("percentiles by nearest rank")
    func percentiles() {
        let series = PauseSeries(Array(1...200))
        #expect(series.percentile(50) == 100 && series.percentile(99) == 198)
        #expect(PauseSeries().percentile(99) == 0)
    }

    @Test("each application gets a Deployment, a Service and its Secret; each server two logins")
    func objects() throws {
        let objects = try StagingObjects(databases: StagingDatabase.all(), servers: servers, certificateAuthority: "PEM").documents()
        #expect(objects.count { $0["kind"] == "Deployment" } == 3)
        #expect(objects.count { $0["kind"] == "Service" } == 3)
        #expect(objects.count { $0["kind"] == "Secret" } == 8)
    }

    @Test("prerequisites are applied first, workloads last")
    func order() {
        let kinds = ["Deployment", "ClusterRoleBinding", "Service", "CustomResourceDefinition", "Namespace", "ServiceAccount"]
        let ordered = kinds.sorted { Manifests.rank(["kind": .string($0)]) < Manifests.rank(["kind": .string($1)]) }
        #expect(ordered == ["Namespace", "CustomResourceDefinition", "ServiceAccount", "ClusterRoleBinding", "Service", "Deployment"])
    }
}
