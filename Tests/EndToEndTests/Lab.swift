import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData

/// The dev cluster these tests run in, with the controller installed from `manifests/`.
///
/// `dbmigration dev run -- swift test` starts one; without it the suites are skipped.
struct Lab: Sendable {
    let state: DevClusterState
    let client: KubernetesClient

    static let isPresent = (try? DevClusterState.fromEnvironment()) != nil && ProcessInfo.processInfo.environment[DevClusterState.variable] != nil

    /// Shared by all suites: the controller is installed once.
    static func shared() async throws -> Lab { try await installed.value }

    private static let installed = Task {
        guard let state = try DevClusterState.fromEnvironment() else { throw LabError("DBMIGRATION_DEV_STATE is not set") }
        let lab = Lab(state: state, client: KubernetesClient(try ClusterConfiguration.kubeconfig(paths: [state.kubeconfig])))
        try await lab.installController()
        return lab
    }

    static let systemNamespace = "dbmigration-system"
    static var manifests: String { URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../manifests").standardized.path }

    private func installController() async throws {
        // The 1.20 server does not know CEL rules; current clients would refuse the field.
        try kubectl("apply", "--validate=false", "-k", Self.manifests + "/default")
        try kubectl("wait", "--for=condition=Established", "crd/databasemigrations.migrations.mystira.app", "--timeout=30s")
        try await controllerReady()
    }

    func controllerReady() async throws {
        try await waitFor(Deployment.self, "dbmigration", Self.systemNamespace, "the controller to be ready", seconds: 60) {
            $0.status?.readyReplicas == 1
        }
    }

    /// kill -9 to the controller's process; the process node starts it again, as a kubelet would.
    func killController() throws {
        let killed = try Self.run("/usr/bin/pkill", ["-9", "-f", "dbmigration controller"])
        guard killed.status == 0 else { throw LabError("no controller process was found to kill") }
    }

    @discardableResult
    func kubectl(_ arguments: String...) throws -> String {
        let result = try Self.run(state.binaries + "/kubectl", ["--kubeconfig", state.kubeconfig] + arguments)
        guard result.status == 0 else { throw LabError("kubectl \(arguments.joined(separator: " ")): \(result.output)") }
        return result.output
    }

    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    // MARK: Waiting on the API server

    /// Watches one object until it is as wanted.
    @discardableResult
    func waitFor<T: KubernetesObject>(
        _ type: T.Type, _ name: String, _ namespace: String, _ what: String, seconds: Int = 60, until wanted: @escaping @Sendable (T) -> Bool
    ) async throws -> T {
        let last = LastSeen<T>()
        return try await within(seconds, failing: { "waited \(seconds) s for \(what); last seen: \(last.describe())" }) {
            for await output in client.watch(type, namespace: namespace, fields: "metadata.name=\(name)") {
                let seen: [T] =
                    switch output {
                    case .replaced(let objects, _): objects
                    case .applied(let object): [object]
                    default: []
                    }
                for object in seen {
                    last.set(object)
                    if wanted(object) { return object }
                }
            }
            throw CancellationError()
        }
    }

    /// Waits until an object is gone.
    func waitGone<T: KubernetesObject>(_ type: T.Type, _ name: String, _ namespace: String, seconds: Int = 60) async throws {
        try await within(seconds, failing: { "\(type) \(namespace)/\(name) still exists after \(seconds) s" }) {
            for await output in client.watch(type, namespace: namespace, fields: "metadata.name=\(name)") {
                switch output {
                case .replaced(let objects, _): if objects.isEmpty { return }
                case .deleted: return
                default: break
                }
            }
        }
    }

    private func within<Answer: Sendable>(
        _ seconds: Int, failing problem: @escaping @Sendable () -> String, _ body: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw LabError(problem())
            }
            defer { group.cancelAll() }
            return try await group.next() ?? { throw CancellationError() }()
        }
    }

    // MARK: Databases

    func superuser(_ side: Side) -> ServerAccess {
        let server = side == .source ? state.servers.source : state.servers.target
        return access(server, server.superuser.user, server.superuser.password)
    }

    func access(_ server: DevServer, _ user: String, _ password: Redacted<String>) -> ServerAccess {
        let plan = Plan.Server(host: server.host, port: server.port, sslMode: server.sslMode, credentials: .init(name: ""))
        return ServerAccess(server: plan, user: user, password: password, certificateAuthorityFile: server.certificateAuthority)
    }

    /// Runs statements on one side as superuser, in a session of their own.
    @discardableResult
    func sql(_ side: Side, _ database: String, _ text: String) async throws -> Rows {
        let connection = try await PostgresConnection.open(superuser(side), ConnectionOptions(database: database, applicationName: "e2e"))
        defer { Task { await connection.close() } }
        return try await connection.rows(text)
    }
}

struct LabError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The newest state of a watched object, for the message of a wait that failed.
final class LastSeen<T: KubernetesObject>: @unchecked Sendable {
    // Proof of Sendable: every access holds the lock.
    private let lock = NSLock()
    private var object: T?

    func set(_ object: T) { lock.withLock { self.object = object } }

    func describe() -> String {
        guard let object = lock.withLock({ object }) else { return "nothing" }
        if let migration = object as? DatabaseMigration {
            let conditions = migration.status?.conditions?.map { "\($0.type)=\($0.status)/\($0.reason ?? "")" } ?? []
            return "phase \(migration.status?.phase ?? "none"), \(migration.status?.message ?? ""); \(conditions.joined(separator: " "))"
        }
        return (try? JSON.text(object)) ?? ""
    }
}
