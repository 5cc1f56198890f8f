import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

/// A namespace of a real API server, for the length of one test.
struct LiveCluster: Sendable {
    static let kubeconfig = ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"]

    let client: KubernetesClient
    let namespace: String
    let migration: MigrationReference

    static func withNamespace(_ body: (LiveCluster) async throws -> Void) async throws {
        let client = KubernetesClient(try ClusterConfiguration.kubeconfig(paths: [try #require(kubeconfig)]))
        let uid = UUID().uuidString.lowercased()
        let namespace = "workloads-\(uid.prefix(8))"
        _ = try await client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        let migration = MigrationReference(namespace: namespace, name: "mys-staging", uid: uid)
        do {
            try await body(LiveCluster(client: client, namespace: namespace, migration: migration))
        } catch {
            try? await client.delete(Namespace.self, namespace)
            throw error
        }
        try await client.delete(Namespace.self, namespace)
    }

    func create(_ name: String, _ values: [String: String]) async throws {
        var secret = Fixtures.secret(name, values)
        secret.metadata.namespace = namespace
        secret.metadata.resourceVersion = nil
        _ = try await client.create(secret)
    }

    func values(_ names: [String]) async throws -> [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        for name in names {
            result[name] = try await client.get(Secret.self, name, namespace: namespace).data?.mapValues(\.text)
        }
        return result
    }

    /// Its pods are left alone by a dev cluster's node, which stands in for the default scheduler: the tests play the kubelet.
    func createDeployment(_ name: String, replicas: Int) async throws {
        let labels = ["app": "mys", "name": name]
        _ = try await client.create(
            Deployment(
                metadata: ObjectMeta(name: name, namespace: namespace, labels: labels),
                spec: DeploymentSpec(
                    replicas: replicas, selector: LabelSelector(matchLabels: labels),
                    template: PodTemplateSpec(
                        metadata: ObjectMeta(labels: labels),
                        spec: PodSpec(containers: [Container(name: "app", image: "app:1")], schedulerName: "nobody")))))
    }

    /// What a kubelet would do.
    func makePodsReady() async throws {
        for pod in try await client.list(Pod.self, namespace: namespace).items {
            let status: JSONValue = ["status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]]
            // One replaced meanwhile is gone; a failure for another reason shows as a pod that never gets ready.
            _ = try? await client.patch(Pod.self, pod.name, namespace: namespace, .merge(status), subresource: "status")
        }
    }

    /// Asks until it holds. The suite's time limit ends what never does.
    func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<300 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record(what)
    }
}
