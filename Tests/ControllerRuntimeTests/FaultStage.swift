import Foundation
import HTTPTransport
import KubernetesModel
import Logging
import StructuredData
import TestServers

@testable import ControllerRuntime
@testable import KubernetesClient

/// A namespace of a real API server, a proxy with faults in front of it, and who follows ConfigMaps through the proxy.
struct FaultStage {
    static let kubeconfig = ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"]

    let namespace: String
    /// Straight to the server.
    let server: KubernetesClient
    let proxy: FaultProxy
    let proxied: KubernetesClient
    let credentials: Credentials
    let readiness = HealthChecks(endpoint: "readyz")
    let store = ObjectStore<ConfigMap>()

    static func open(_ body: (FaultStage) async throws -> Void) async throws {
        let configuration = try ClusterConfiguration.kubeconfig(paths: [kubeconfig ?? ""])
        let server = KubernetesClient(configuration)
        let namespace = try await server.create(Namespace(metadata: ObjectMeta(generateName: "fault-test-"))).name
        let proxy = FaultProxy(to: configuration.server, tls: configuration.tls)
        let stage = FaultStage(
            namespace: namespace, server: server, proxy: proxy, proxied: through(proxy, configuration.credentials),
            credentials: configuration.credentials)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(stage))
        } catch {
            result = .failure(error)
        }
        try? await server.delete(Namespace.self, namespace)
        try result.get()
    }

    static func through(_ proxy: FaultProxy, _ credentials: Credentials, timeouts: RequestTimeouts = RequestTimeouts()) -> KubernetesClient {
        KubernetesClient(ClusterConfiguration(server: proxy.url, credentials: credentials), timeouts: timeouts, http: HTTPClient())
    }

    /// A client with time limits of its own, through the proxy.
    func client(_ timeouts: RequestTimeouts) -> KubernetesClient { Self.through(proxy, credentials, timeouts: timeouts) }

    /// Follows while `body` runs, and has filled the store before it begins.
    func following(as client: KubernetesClient? = nil, whileDo body: () async throws -> Void) async throws {
        let (client, namespace) = (client ?? proxied, namespace)
        let informer = Informer(
            store: store, readiness: readiness, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            watch: { _ in client.watch(ConfigMap.self, namespace: namespace, labels: "l") }, onChange: { _ in })
        let following = Task { try await informer.run() }
        defer { following.cancel() }
        try await store.waitUntilSynced()
        try await body()
    }

    @discardableResult
    func put(_ name: String, _ value: String) async throws -> ConfigMap {
        try await server.apply(ConfigMap(metadata: ObjectMeta(name: name, namespace: namespace, labels: ["l": "1"]), data: ["k": value]), force: true)
    }

    func delete(_ name: String) async throws { try await server.delete(ConfigMap.self, name, namespace: namespace) }

    func object(_ name: String) -> ConfigMap? { store[ObjectKey(namespace: namespace, name: name)] }

    /// Waits until the store holds this value; the test's time limit is the limit.
    func sees(_ name: String, _ value: String?) async throws { try await eventually { object(name)?.data?["k"] == value } }
}

/// For conditions that nobody announces.
func eventually(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(20)) }
}
