import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Synchronization
import Testing

@testable import MigrationOperator

@Suite("Credentials come from the Secrets the plan names")
struct ServerAccessReaderTests {
    /// Secrets of a namespace that a test may take away.
    private final class Secrets: Sendable {
        private let stored: Mutex<[String: [String: String]]>

        init(_ stored: [String: [String: String]]) { self.stored = Mutex(stored) }

        func remove(_ name: String) { stored.withLock { $0[name] = nil } }

        func read(_ name: String, _ namespace: String) throws(KubernetesError) -> Secret {
            guard let data = stored.withLock({ $0[name] }) else {
                throw KubernetesError(kind: .notFound, verb: "get", resource: "secrets", name: name, namespace: namespace, message: "not found")
            }
            return Secret(metadata: ObjectMeta(name: name, namespace: namespace), data: data.mapValues { Data($0.utf8) })
        }
    }

    private let secrets = Secrets([
        "old-admin": ["username": "admin", "password": "one"], "new-admin": ["username": "admin", "password": "two"],
        "old-super": ["username": "postgres", "password": "three"], "new-replicator": ["user": "replicator", "password": "four"],
    ])

    private func reader() -> ServerAccessReader {
        ServerAccessReader(folder: "/nowhere") { [secrets] name, namespace throws(KubernetesError) in try secrets.read(name, namespace) }
    }

    private var plan: Plan {
        Plan(
            source: .init(host: "old", credentials: .init(name: "old-admin"), subscriber: .init(name: "old-super")),
            target: .init(
                host: "new", credentials: .init(name: "new-admin"),
                replication: .init(credentials: .init(name: "new-replicator", usernameKey: "user"))),
            databases: [.init(name: "ledger")], copy: .init(mode: .live), cutover: .init(pauseSeconds: 60, connections: [], workloads: []))
    }

    private func access(_ result: ServerAccessReader.Result) -> (source: ServerAccess, target: ServerAccess)? {
        if case .access(let source, let target) = result { (source, target) } else { nil }
    }

    @Test("roles for replication are read where the plan names them, and nowhere else")
    func replicationRoles() async throws {
        let read = try #require(await access(reader().read(plan, namespace: "apps")))
        #expect(read.source.user == "admin" && read.source.password.reveal() == "one")
        #expect(read.source.subscriber == Login(user: "postgres", password: Redacted("three")))
        #expect(read.source.replicator == nil)
        #expect(read.target.subscriber == nil)
        #expect(read.target.replicator == Login(user: "replicator", password: Redacted("four")))
    }

    @Test("a missing Secret or key is a problem that names it", arguments: ["old-admin", "new-admin"])
    func missing(name: String) async {
        secrets.remove(name)
        guard case .problems(let problems) = await reader().read(plan, namespace: "apps") else { Issue.record("\(name) is missing"); return }
        #expect(problems.map(\.reason) == [.secretMissing])
        #expect(problems.first?.message.contains("Secret apps/\(name) for server") == true)
        var other = plan
        other.target.credentials.passwordKey = "pass"
        guard case .problems(let keys) = await reader().read(other, namespace: "apps") else { Issue.record("key pass is missing"); return }
        #expect(keys.allSatisfy { $0.reason == .secretMissing && !$0.message.contains("two") })
    }

    @Test("one that only lanes need is named too, and keeps nobody from a server", arguments: ["old-super", "new-replicator"])
    func missingForLanes(name: String) async throws {
        let reader = reader()
        secrets.remove(name)
        let read = try #require(await access(reader.read(plan, namespace: "apps")))
        let lacking = [read.source, read.target].filter(\.lacksLogin)
        #expect(lacking.map(\.server.host) == [name == "old-super" ? "old" : "new"])
        #expect(lacking.first?.unreadLogins.map(\.reason) == [.secretMissing])
        #expect(lacking.first?.unreadLogins.first?.message.contains("Secret apps/\(name) for server") == true)
    }

    @Test("one that only lanes need, once read, is used as remembered, and still named", arguments: ["old-super", "new-replicator"])
    func goneForLanes(name: String) async throws {
        let reader = reader()
        _ = await reader.read(plan, namespace: "apps")
        secrets.remove(name)
        let read = try #require(await access(reader.read(plan, namespace: "apps")))
        #expect(!read.source.lacksLogin && !read.target.lacksLogin)
        #expect(read.source.subscriber?.user == "postgres" && read.target.replicator?.user == "replicator")
        #expect((read.source.unreadLogins + read.target.unreadLogins).count == 1)
    }

    @Test("what was read once is remembered with its roles, and a problem is not")
    func remembered() async throws {
        let reader = reader()
        _ = await reader.read(plan, namespace: "apps")
        for name in ["old-admin", "old-super", "new-admin", "new-replicator"] { secrets.remove(name) }
        let known = try #require(await access(reader.remembered(plan, namespace: "apps")))
        #expect(await access(reader.recent(plan, namespace: "apps")) != nil)
        #expect(known.source.subscriber?.user == "postgres")
        #expect(known.target.replicator?.user == "replicator")
        #expect(await access(reader.read(plan, namespace: "apps")) == nil)
        #expect(await access(reader.remembered(plan, namespace: "other")) == nil)
    }
}
