import FlyingFox
import FlyingSocks
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Synchronization
import Testing

@testable import DevCluster

@Suite("Reports of a pod", .timeLimit(.minutes(5)))
struct PodReporterTests {
    @Test("the last one arrives although the API server is away for longer than one try")
    func serverAway() async throws {
        let tries = Atomic(0)
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
        await server.appendRoute("PATCH /api/v1/namespaces/n/pods/p/status") { _ in
            let isBack = tries.add(1, ordering: .relaxed).newValue > 3
            return HTTPResponse(
                statusCode: isBack ? .ok : .serviceUnavailable, body: Data(#"{"metadata":{"name":"p","namespace":"n","uid":"u"}}"#.utf8))
        }
        let pod = Pod(metadata: ObjectMeta(name: "p", namespace: "n", uid: "u"), spec: PodSpec(containers: [Container(name: "a")]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await server.waitUntilListening()
            guard case .ip4(_, port: let port) = await server.listeningAddress else { throw CancellationError() }
            let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
            let reporter = PodReporter(pod, client: client, logger: Logger(label: "test"))
            await reporter.report(PodProgress(pod, podIP: "10.244.0.1", startTime: .now))
            await server.stop()
            group.cancelAll()
        }
        #expect(tries.load(ordering: .relaxed) == 4)
    }
}
