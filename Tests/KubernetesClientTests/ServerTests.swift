import Foundation
import HTTPTransport
import KubernetesModel
import StructuredData
import Testing

@testable import KubernetesClient

private let kubeconfig = ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"]
private let expiredVersion = ProcessInfo.processInfo.environment["KUBERNETES_TEST_EXPIRED_VERSION"]

/// Needs a kubeconfig of a throw-away API server whose user may do everything. Each test works in a namespace of its own.
@Suite("against a real API server", .enabled(if: kubeconfig != nil), .timeLimit(.minutes(5)))
struct ServerTests {
    private func client() throws -> KubernetesClient {
        KubernetesClient(try ClusterConfiguration.kubeconfig(paths: [kubeconfig ?? ""]))
    }

    private func withNamespace(_ body: (KubernetesClient, String) async throws -> Void) async throws {
        let client = try client()
        let namespace = try await client.create(Namespace(metadata: ObjectMeta(generateName: "client-test-"))).name
        do {
            try await body(client, namespace)
        } catch {
            try await client.delete(Namespace.self, namespace)
            throw error
        }
        try await client.delete(Namespace.self, namespace)
    }

    private func configMap(_ name: String, _ namespace: String, _ value: String = "1") -> ConfigMap {
        ConfigMap(metadata: ObjectMeta(name: name, namespace: namespace, labels: ["l": name]), data: ["k": value])
    }

    @Test("create, get, apply, patch, delete")
    func verbs() async throws {
        try await withNamespace { client, namespace in
            let made = try await client.create(configMap("a", namespace))
            #expect(made.metadata.resourceVersion?.isEmpty == false)
            #expect(try await client.get(ConfigMap.self, "a", namespace: namespace).data == ["k": "1"])
            let merged = try await client.patch(
                ConfigMap.self, "a", namespace: namespace, .merge(["data": ["k": nil, "m": "a/b"]], resourceVersion: made.metadata.resourceVersion))
            #expect(merged.data == ["m": "a/b"])
            let changed = try await client.patch(
                ConfigMap.self, "a", namespace: namespace, .json([["op": "replace", "path": "/data/m", "value": "2"]]))
            #expect(changed.data == ["m": "2"])
            let applied = try await client.apply(ConfigMap(metadata: ObjectMeta(name: "b", namespace: namespace), data: ["url": "http://h/p"]))
            #expect(applied.data == ["url": "http://h/p"])
            #expect(try await client.apply(configMap("a", namespace), force: true).data == ["k": "1", "m": "2"])
            try await client.delete(ConfigMap.self, "a", namespace: namespace, options: DeleteOptions(.background, uid: made.uid))
            let gone = await #expect(throws: KubernetesError.self) { try await client.get(ConfigMap.self, "a", namespace: namespace) }
            #expect(gone?.kind == .notFound)
        }
    }

    @Test("conflicts and existing objects are told apart")
    func conflicts() async throws {
        try await withNamespace { client, namespace in
            let made = try await client.create(configMap("a", namespace))
            let existing = await #expect(throws: KubernetesError.self) { try await client.create(configMap("a", namespace)) }
            #expect(existing?.kind == .alreadyExists)
            _ = try await client.patch(ConfigMap.self, "a", namespace: namespace, .merge(["data": ["k": "2"]]))
            let stale = await #expect(throws: KubernetesError.self) {
                try await client.patch(
                    ConfigMap.self, "a", namespace: namespace, .merge(["data": ["k": "3"]], resourceVersion: made.metadata.resourceVersion))
            }
            #expect(stale?.kind == .conflict)
            let wrong = await #expect(throws: KubernetesError.self) {
                try await client.delete(ConfigMap.self, "a", namespace: namespace, options: DeleteOptions(uid: "other"))
            }
            #expect(wrong?.kind == .conflict)
            let invalid = await #expect(throws: KubernetesError.self) { try await client.create(configMap("NOT_A_NAME", namespace)) }
            #expect(invalid?.kind == .invalid)
            #expect(invalid?.description.hasPrefix("create configmaps in namespace \(namespace): 422 Invalid: ") == true)
        }
    }

    @Test("lists are read page by page")
    func pages() async throws {
        try await withNamespace { client, namespace in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for start in 0..<8 {
                    group.addTask {
                        for index in stride(from: start, to: 520, by: 8) {
                            let map = ConfigMap(metadata: ObjectMeta(name: "m\(index)", namespace: namespace))
                            _ = try await client.create(map)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let list = try await client.list(ConfigMap.self, namespace: namespace)
            #expect(Set(list.items.map(\.name)).isSuperset(of: (0..<520).map { "m\($0)" }))
            #expect(try await client.list(ConfigMap.resource, namespace: namespace, fields: "metadata.name=m7").items.count == 1)
        }
    }

    @Test("a watch brings the list, then each change in order")
    func watch() async throws {
        try await withNamespace { client, namespace in
            _ = try await client.create(configMap("a", namespace))
            var outputs = client.watch(ConfigMap.self, namespace: namespace, labels: "l in (a,b)").makeAsyncIterator()
            guard case .replaced(let first, _) = await outputs.next() else { return #expect(Bool(false), "no list") }
            #expect(first.map(\.name) == ["a"])
            _ = try await client.create(configMap("b", namespace))
            _ = try await client.patch(ConfigMap.self, "b", namespace: namespace, .merge(["data": ["k": "2"]]))
            try await client.delete(ConfigMap.self, "a", namespace: namespace)
            guard case .applied(let added) = await outputs.next(), case .applied(let changed) = await outputs.next(),
                case .deleted(let deleted) = await outputs.next()
            else { return #expect(Bool(false), "other events") }
            #expect(added.data == ["k": "1"])
            #expect(changed.data == ["k": "2"])
            #expect(deleted.name == "a")
        }
    }

    @Test("a watch ends with its task")
    func cancelledWatch() async throws {
        let client = try client()
        let (listed, listing) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in client.watch(ConfigMap.resource) { listing.yield() }
        }
        var signal = listed.makeAsyncIterator()
        _ = await signal.next()
        task.cancel()
        await task.value
    }

    /// A server forgets versions only when it restarts or after many changes, so whoever restarted it names one that is too old.
    @Test("the server's own 'too old' event leads to a new list", .enabled(if: expiredVersion != nil))
    func tooOld() async throws {
        let client = try client()
        let answer = try await client.raw(
            "/api/v1/configmaps",
            query: [("watch", "true"), ("resourceVersion", expiredVersion ?? ""), ("allowWatchBookmarks", "true"), ("timeoutSeconds", "5")])
        var lines = WatchLineDecoder()
        let events = try (lines.feed(answer) ?? []).map { try JSON.decode(WatchEvent<JSONValue>.self, from: $0) }
        let event = try #require(events.first)
        var machine = WatchMachine<JSONValue>(resource: "configmaps")
        _ = machine.handle(.page([], continue: nil, resourceVersion: "1"))
        #expect(machine.handle(.event(event)).isEmpty)
        #expect(machine.next == .list(continue: nil, .newest))
    }

    @Test("status is written beside the rest; a Lease is replaced")
    func subresources() async throws {
        try await withNamespace { client, namespace in
            let deployment = Deployment(
                metadata: ObjectMeta(name: "d", namespace: namespace),
                spec: DeploymentSpec(
                    replicas: 0, selector: LabelSelector(matchLabels: ["x": "y"]),
                    template: PodTemplateSpec(
                        metadata: ObjectMeta(labels: ["x": "y"]), spec: PodSpec(containers: [Container(name: "c", image: "i")]))))
            _ = try await client.apply(deployment)
            let patched = try await client.patch(
                Deployment.self, "d", namespace: namespace, .merge(["status": ["collisionCount": 3]]), subresource: "status")
            #expect(patched.status?.collisionCount == 3)

            let lease = Lease(
                metadata: ObjectMeta(name: "l", namespace: namespace),
                spec: LeaseSpec(
                    holderIdentity: "me", leaseDurationSeconds: 15, acquireTime: .now, renewTime: MicroTime(microsecondsSince1970: 5_000_000)))
            var held = try await client.create(lease)
            #expect(held.spec?.renewTime == MicroTime(microsecondsSince1970: 5_000_000))
            let old = held
            held.spec?.holderIdentity = "you"
            #expect(try await client.replace(held).spec?.holderIdentity == "you")
            let error = await #expect(throws: KubernetesError.self) { try await client.replace(old) }
            #expect(error?.kind == .conflict)
        }
    }

    @Test("a status is replaced as a whole, answered with metadata alone, and refused when the object has changed")
    func statusReplacement() async throws {
        try await withNamespace { client, namespace in
            _ = try await client.create(
                Service.resource,
                [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": "s", "namespace": .string(namespace)],
                    "spec": ["type": "LoadBalancer", "ports": [["port": 80]]],
                ])
            func status(_ ingress: [String: String]) -> JSONValue {
                ["loadBalancer": ["ingress": [.object(ingress.mapValues { .string($0) })]]]
            }
            let read = try await client.get(Service.self, "s", namespace: namespace)
            var written = read
            let first = status(["ip": "10.0.0.1", "hostname": "a.example.com"])
            written.metadata.resourceVersion = try await client.replaceStatus(of: read, with: first)
            #expect(written.uid == read.uid && written.name == "s" && written.metadata.resourceVersion != read.metadata.resourceVersion)
            _ = try await client.replaceStatus(of: written, with: status(["ip": "10.0.0.2"]))
            let stored = try await client.get(Service.resource, "s", namespace: namespace)
            #expect(stored["status"] == status(["ip": "10.0.0.2"]))
            #expect(stored["spec"]?["ports"]?[0]?["port"] == 80)
            let stale = await #expect(throws: KubernetesError.self) { try await client.replaceStatus(of: written, with: status([:])) }
            #expect(stale?.kind == .conflict)
        }
    }

    @Test("a token for a ServiceAccount works, and what it lacks is named")
    func token() async throws {
        try await withNamespace { client, namespace in
            _ = try await client.create(ServiceAccount(metadata: ObjectMeta(name: "weak", namespace: namespace)))
            let token = try await client.createSubresource(
                ServiceAccount.self, "weak", namespace: namespace, subresource: "token",
                body: TokenRequest(spec: TokenRequestSpec(expirationSeconds: 600)), returning: TokenRequest.self)
            var configuration = try ClusterConfiguration.kubeconfig(paths: [kubeconfig ?? ""])
            configuration.credentials = .token(Redacted(token.status?.token ?? ""))
            configuration.tls.identity = nil
            let weak = KubernetesClient(configuration)
            let error = await #expect(throws: KubernetesError.self) { try await weak.list(Deployment.self, namespace: namespace) }
            #expect(error?.kind == .forbidden)
            #expect(error?.description.contains("grant the verb 'list' on the resource 'deployments.apps'") == true)
            configuration.credentials = .token(Redacted("nonsense"))
            let unknown = await #expect(throws: KubernetesError.self) { try await KubernetesClient(configuration).raw("/api/v1/nodes") }
            #expect(unknown?.kind == .unauthorized)
        }
    }

    @Test("binding a Pod, and events")
    func bindingAndEvents() async throws {
        try await withNamespace { client, namespace in
            // Or the controller that makes one for each namespace was there first.
            _ = try await client.apply(ServiceAccount(metadata: ObjectMeta(name: "default", namespace: namespace)), force: true)
            // A scheduler that does not exist, so that nobody else binds it.
            let spec = PodSpec(
                containers: [Container(name: "c", image: "i")], automountServiceAccountToken: false, schedulerName: "this-test")
            let made = try await client.create(Pod(metadata: ObjectMeta(name: "p", namespace: namespace), spec: spec))
            let status = try await client.createSubresource(
                Pod.self, "p", namespace: namespace, subresource: "binding",
                body: Binding(metadata: ObjectMeta(name: "p"), target: ObjectReference(apiVersion: "v1", kind: "Node", name: "n")),
                returning: Status.self)
            #expect(status.status == "Success")
            #expect(try await client.get(Pod.self, "p", namespace: namespace).spec?.nodeName == "n")
            let event = Event(
                metadata: ObjectMeta(generateName: "p-", namespace: namespace), eventTime: .now, type: "Normal", reason: "Tried", action: "Try",
                note: "a note", regarding: made.reference, reportingController: "example.test/client", reportingInstance: "i")
            #expect(try await client.create(event).note == "a note")
            try await client.delete(Pod.self, "p", namespace: namespace, options: DeleteOptions(gracePeriodSeconds: 0))
        }
    }

    @Test("kinds are discovered")
    func discovery() async throws {
        let client = try client()
        #expect(try await client.discover(apiVersion: "apps/v1", kind: "Deployment") == Deployment.resource)
        #expect(try await client.discover(apiVersion: "v1", kind: "Node") == Node.resource)
        let none = await #expect(throws: KubernetesError.self) { try await client.discover(apiVersion: "v1", kind: "Nothing") }
        #expect(none?.kind == .notFound)
        let noGroup = await #expect(throws: KubernetesError.self) { try await client.discover(apiVersion: "no.such/v1", kind: "X") }
        #expect(noGroup?.kind == .notFound)
    }

    @Test("a server whose authority is not the trusted one is refused")
    func untrusted() async throws {
        var configuration = try ClusterConfiguration.kubeconfig(paths: [kubeconfig ?? ""])
        configuration.tls.trust = .system
        let error = await #expect(throws: KubernetesError.self) { try await KubernetesClient(configuration).raw("/version") }
        #expect(error?.kind == .transport(.tls))
        configuration.tls.verify = false
        #expect(try await KubernetesClient(configuration).raw("/version").isEmpty == false)
    }
}
