import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Synchronization
import TestServers
import Testing

/// A scenario whose application is behind two PgBouncers. They are processes of the test, which brings them what their ConfigMap holds a moment late, as a
/// kubelet does.
struct PooledStage: Sendable {
    static let configMap = "pgbouncer"
    static let key = "databases.ini"

    let scenario: Scenario
    let poolers: [PgBouncerProcess]
    let clients: PooledClients
    private let delivery: Task<Void, Never>

    static func make(_ name: String, settings: String = "pool_mode = transaction", password: String = PgBouncerProcess.password) async throws
        -> PooledStage
    {
        let scenario = try await Scenario(name)
        _ = try await scenario.lab.client.create(Namespace(metadata: ObjectMeta(name: scenario.namespace)))
        try await scenario.arrangeDatabase()
        try await scenario.arrangeSecrets()
        let text = """
            [databases]
            ; kept
            \(scenario.database) = host=\(scenario.sourceHost)   pool_size=20
            other = host=nowhere.example.com password='a'' b'

            """
        _ = try await scenario.lab.client.create(
            ConfigMap(metadata: ObjectMeta(name: configMap, namespace: scenario.namespace), data: [key: text, "other": "untouched"]))
        var poolers: [PgBouncerProcess] = []
        for _ in 1...2 {
            poolers.append(
                try await PgBouncerProcess.start(
                    databases: text, users: [scenario.role: scenario.password], settings: settings + "\nserver_tls_sslmode = prefer"))
        }
        let stage = PooledStage(
            scenario: scenario, poolers: poolers, clients: PooledClients(scenario, ports: poolers.map(\.port)),
            delivery: Task { [poolers] in await deliver(scenario, to: poolers) })
        try await stage.writeSecret("pgb-admin", PgBouncerProcess.administrator, password)
        try await stage.writeSecret("app-login", scenario.role, scenario.password)
        if settings.contains("transaction") { stage.clients.start() }
        return stage
    }

    /// Turns a manifest into one for this stage.
    func pooled(_ spec: inout JSONValue) {
        Scenario.live(&spec)
        spec["cutover"]?["connections"] = []
        spec["cutover"]?["workloads"] = []
        spec["cutover"]?["traffic"] = "PgBouncer"
        spec["cutover"]?["poolers"] = [
            [
                "name": "pgbouncer", "addresses": .array(poolers.map { .string("127.0.0.1:\($0.port)") }), "adminSecretRef": ["name": "pgb-admin"],
                "file": ["configMapRef": ["name": .string(Self.configMap), "key": .string(Self.key)]], "fileSeconds": 1, "pauseSeconds": 2,
                "logins": [["credentialsSecretRef": ["name": "app-login"], "database": .string(scenario.database)]],
            ]
        ]
        spec["health"] = ["periodSeconds": 1, "soakSeconds": 1]
    }

    func end() async throws {
        await clients.stop()
        delivery.cancel()
        for pooler in poolers { pooler.stop() }
        try await scenario.end()
    }

    private static func deliver(_ scenario: Scenario, to poolers: [PgBouncerProcess]) async {
        for await output in scenario.lab.client.watch(ConfigMap.self, namespace: scenario.namespace, fields: "metadata.name=\(configMap)") {
            guard case .applied(let map) = output, let text = map.data?[key] else { continue }
            for pooler in poolers {
                try? await Task.sleep(for: .milliseconds(300))
                try? pooler.write(databases: text)
            }
        }
    }

    // MARK: What the world looks like

    func file() async throws -> String {
        try await scenario.lab.client.get(ConfigMap.self, Self.configMap, namespace: scenario.namespace).data?[Self.key] ?? ""
    }

    /// Where both poolers lead, none of them paused.
    func leads() async throws -> Set<String> {
        let databases = try await served()
        #expect(databases.allSatisfy { !$0.isPaused })
        return Set(databases.compactMap(\.host))
    }

    /// Whether both poolers let the clients wait.
    func isPaused() async throws -> Bool { try await served().allSatisfy(\.isPaused) }

    /// The scenario's database as each of the poolers serves it.
    private func served() async throws -> [PoolerConsole.Database] {
        var found: [PoolerConsole.Database] = []
        for pooler in poolers {
            let console = PoolerConsole(
                host: "127.0.0.1", port: pooler.port, sslMode: "disable", user: PgBouncerProcess.administrator,
                password: Redacted(PgBouncerProcess.password))
            found += try await console.session { try await $0.databases() }.filter { $0.name == scenario.database }
        }
        return found
    }

    func client() async throws -> PostgresConnection { try await clients.open(0) }

    func writeLogin(_ password: String) async throws {
        let patch: JSONValue = ["stringData": ["password": .string(password)]]
        _ = try await scenario.lab.client.patch(Secret.self, "pgb-admin", namespace: scenario.namespace, .merge(patch))
    }

    private func writeSecret(_ name: String, _ user: String, _ password: String) async throws {
        _ = try await scenario.lab.client.create(
            Secret(
                metadata: ObjectMeta(name: name, namespace: scenario.namespace), data: ["username": Data(user.utf8), "password": Data(password.utf8)])
        )
    }

    /// Ends the writing, and compares.
    func expectNothingLost(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        await clients.stop()
        #expect(clients.errors == [], sourceLocation: sourceLocation)
        let host = try await leads().first
        let rows = try await scenario.lab.sql(
            host == scenario.sourceHost ? .source : .target, scenario.database,
            "SELECT client, number, count(*) FROM app.ledger WHERE client LIKE 'pooled %' GROUP BY 1, 2")
        let counts = Dictionary(rows.map { ("\($0[0] ?? "") \($0[1] ?? "")", $0[2] ?? "") }) { first, _ in first }
        let acknowledged = clients.acknowledged
        #expect(acknowledged.filter { counts[$0] == nil } == [], "lost", sourceLocation: sourceLocation)
        #expect(counts.filter { $0.value != "1" }.isEmpty, "doubled", sourceLocation: sourceLocation)
        #expect(acknowledged.count > 20, sourceLocation: sourceLocation)
    }
}

/// Clients of the poolers that keep their session for good, and write all the time; any error is one too many.
final class PooledClients: Sendable {
    private let scenario: Scenario
    private let ports: [Int]
    private let state = Mutex((acknowledged: [String](), errors: [String](), longestWait: Duration.zero))
    private let task = Mutex(Task<Void, Never>?.none)

    init(_ scenario: Scenario, ports: [Int]) { (self.scenario, self.ports) = (scenario, ports) }

    var acknowledged: [String] { state.withLock { $0.acknowledged } }
    var errors: [String] { state.withLock { $0.errors } }
    /// The longest that one write took until it was acknowledged.
    var longestWait: Duration { state.withLock { $0.longestWait } }

    func start() {
        task.withLock {
            $0 = Task {
                await withDiscardingTaskGroup { group in
                    for number in 0..<4 { group.addTask { await self.run(number) } }
                }
            }
        }
    }

    /// Each write under way still gets its answer.
    func stop() async {
        let running = task.withLock { $0 }
        running?.cancel()
        await running?.value
    }

    /// Returns when so many more writes were acknowledged.
    func write(_ count: Int) async throws {
        let before = acknowledged.count
        try await until("\(count) writes behind the poolers, errors: \(errors)") { acknowledged.count >= before + count }
    }

    func open(_ number: Int) async throws -> PostgresConnection {
        let server = Plan.Server(host: "127.0.0.1", port: ports[number % ports.count], sslMode: "disable", credentials: .init(name: ""))
        let access = ServerAccess(server: server, user: scenario.role, password: Redacted(scenario.password), certificateAuthorityFile: nil)
        return try await PostgresConnection.open(access, ConnectionOptions(database: scenario.database, applicationName: "pooled"))
    }

    private func run(_ client: Int) async {
        do {
            let session = try await open(client)
            var number = 0
            while !Task.isCancelled {
                number += 1
                let text = "INSERT INTO app.ledger (client, number) VALUES ('pooled \(client)', \(number))"
                let began = ContinuousClock.now
                // In a task of its own, so that an answer is waited for.
                _ = try await Task { try await session.execute(text) }.value
                state.withLock { state in
                    state.acknowledged.append("pooled \(client) \(number)")
                    state.longestWait = max(state.longestWait, .now - began)
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
            await session.close()
        } catch {
            state.withLock { $0.errors.append("\(error)") }
        }
    }
}
