import Foundation
import HTTPTransport
import KubernetesModel
import StructuredData
import TestServers
import Testing

@testable import KubernetesClient

extension ServerTests {
    /// A relay in front of the server of the test's kubeconfig, and the way through it.
    private func relayed() throws -> (CountingRelay, ClusterConfiguration) {
        var configuration = try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""])
        let url = try #require(URL(string: configuration.server))
        let relay = CountingRelay(to: try #require(url.host), port: UInt16(url.port ?? 443))
        configuration.server = "https://127.0.0.1:\(relay.port)"
        return (relay, configuration)
    }

    @Test("with tls-server-name the certificate has to have that name, and the server hears its own")
    func serverName() async throws {
        var (relay, configuration) = try relayed()
        configuration.server = "https://localhost.localdomain.invalid:1"
        #expect(ServerAddress(configuration).url == configuration.server)
        configuration.server = "https://127.0.0.1:\(relay.port)/"
        configuration.serverName = "kubernetes.default.svc"
        #expect(try await KubernetesClient(configuration, http: HTTPClient()).raw("/version").isEmpty == false)
        #expect(relay.connections == 1)
        configuration.serverName = "another.invalid"
        let error = await #expect(throws: KubernetesError.self) { try await KubernetesClient(configuration, http: HTTPClient()).raw("/version") }
        #expect(error?.kind == .transport(.tls))
        #expect(relay.connections == 2)
    }

    @Test("requests go through a proxy by CONNECT, which sees no more than the address")
    func connectProxy() async throws {
        var configuration = try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""])
        let url = try #require(URL(string: configuration.server))
        let proxy = CountingRelay(to: try #require(url.host), port: UInt16(url.port ?? 443), isProxy: true)
        configuration.proxy = Redacted("http://127.0.0.1:\(proxy.port)")
        let client = KubernetesClient(configuration, http: HTTPClient())
        #expect(try await client.raw("/version").isEmpty == false)
        var outputs = client.watch(Namespace.self).makeAsyncIterator()
        guard case .replaced = await outputs.next() else { return #expect(Bool(false), "no list") }
        #expect(proxy.connections > 0)
        #expect(Set(proxy.tunnels) == ["CONNECT \(try #require(url.host)):\(url.port ?? 443) HTTP/1.1"])
    }

    @Test("a hundred requests at once share a connection; watches have their own")
    func shared() async throws {
        let (relay, configuration) = try relayed()
        let client = KubernetesClient(configuration, http: HTTPClient())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { _ = try await client.raw("/api/v1/namespaces") } }
            try await group.waitForAll()
        }
        #expect(relay.connections <= 2)
        let before = relay.connections
        var outputs = client.watch(Namespace.self).makeAsyncIterator()
        guard case .replaced = await outputs.next() else { return #expect(Bool(false), "no list") }
        let name = try await client.create(Namespace(metadata: ObjectMeta(generateName: "shared-"))).name
        while case .applied(let namespace)? = await outputs.next(), namespace.name != name {}
        #expect(relay.connections == before + 1)
        try await client.delete(Namespace.self, name)
    }

    @Test("requests never wait behind a watch that began before them")
    func behindWatch() async throws {
        let configuration = try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""])
        let client = KubernetesClient(configuration, http: HTTPClient())
        let watch = client.watch(Namespace.self)
        var events = try await client.stream(watch.request(from: "0")).makeAsyncIterator()
        _ = try await events.next()
        let start = ContinuousClock.now
        for _ in 0..<3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await client.raw("/version") } }
                try await group.waitForAll()
            }
        }
        #expect(start.duration(to: .now) < .seconds(10))
        _ = events
    }

    @Test("a shared connection that has died silently costs one request, not all that follow")
    func silent() async throws {
        let (relay, configuration) = try relayed()
        let client = KubernetesClient(configuration, http: HTTPClient())
        _ = try await client.raw("/version")
        relay.silence()
        let lost = Task { try await client.raw("/version") }
        // The reader gives up, as the lease does after 5 s.
        try await Task.sleep(for: .seconds(3))
        lost.cancel()
        _ = await lost.result
        let start = ContinuousClock.now
        _ = try await client.raw("/version")
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(relay.connections == 2)
    }

    @Test("an authority file that is replaced is read again")
    func rotatedAuthority() async throws {
        var configuration = try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""])
        guard case .pem(let authority) = configuration.tls.trust else { return #expect(Bool(false), "no authority") }
        try await withFiles(["ca.pem": TestCertificates.valid]) { folder in
            configuration.tls.trust = .file("\(folder)/ca.pem")
            let client = KubernetesClient(configuration, http: HTTPClient())
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            #expect(error?.kind == .transport(.tls))
            try authority.write(to: URL(fileURLWithPath: "\(folder)/ca.pem"))
            #expect(try await client.raw("/version").isEmpty == false)
        }
    }

    @Test("a conflict of server-side apply names each field and its owner, and is nothing to wait for")
    func fieldConflicts() async throws {
        let configuration = try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""])
        let (one, two) = (KubernetesClient(configuration, fieldManager: "one"), KubernetesClient(configuration, fieldManager: "two"))
        let namespace = try await one.create(Namespace(metadata: ObjectMeta(generateName: "client-test-"))).name
        func map(_ value: String) -> ConfigMap {
            ConfigMap(metadata: ObjectMeta(name: "a", namespace: namespace), data: ["k": value, "m": value])
        }
        _ = try await one.apply(map("1"))
        let error = await #expect(throws: KubernetesError.self) { try await two.apply(map("2")) }
        #expect(error?.kind == .conflict)
        #expect(error?.fieldConflicts.map(\.field) == [".data.k", ".data.m"])
        #expect(error?.fieldConflicts.allSatisfy { $0.message.contains("one") } == true)
        #expect(error?.isTransient == false)
        try await one.delete(Namespace.self, namespace)
    }

    @Test("a dry run keeps nothing; a strict write with an unknown field says which, and keeps nothing either")
    func strict() async throws {
        let client = KubernetesClient(
            try ClusterConfiguration.kubeconfig(paths: [ProcessInfo.processInfo.environment["KUBERNETES_TEST_KUBECONFIG"] ?? ""]))
        let namespace = try await client.create(Namespace(metadata: ObjectMeta(generateName: "client-test-"))).name
        let map = ConfigMap(metadata: ObjectMeta(name: "a", namespace: namespace), data: ["k": "1"])
        #expect(try await client.create(map, options: WriteOptions(dryRun: true)).data == ["k": "1"])
        var wrong = try map.document()
        wrong["datum"] = ["k": "1"]
        for create in [true, false] {
            let error = await #expect(throws: KubernetesError.self) {
                if create { return try await client.create(ConfigMap.resource, wrong, options: WriteOptions(strict: true)) }
                return try await client.apply(ConfigMap.resource, wrong, options: WriteOptions(strict: true))
            }
            // Kubernetes 1.20 refuses an apply of unknown fields by itself, with a 500.
            #expect(error?.kind == .invalid || !create)
            #expect(error?.message.contains("datum") == true)
        }
        let none = await #expect(throws: KubernetesError.self) { try await client.get(ConfigMap.self, "a", namespace: namespace) }
        #expect(none?.kind == .notFound)
        #expect(try await client.create(map, options: WriteOptions(strict: true)).data == ["k": "1"])
        #expect(
            try await client.patch(ConfigMap.self, "a", namespace: namespace, .merge(["data": ["k": nil]]), options: WriteOptions(strict: true)).data
                == nil)
        try await client.delete(Namespace.self, namespace)
    }
}
