import KubernetesClient
import KubernetesModel
import MigrationCore
import StructuredData
import Synchronization
import TestServers
import Testing

@testable import ClusterWorkloads

@Suite("The version of CronJobs that the server has")
struct CronJobVersionTests {
    @Test(
        "batch/v1 where it is served, and v1beta1 where only that is: read and written there",
        arguments: [(["v1", "v1beta1"], "v1"), (["v1"], "v1"), (["v1beta1"], "v1beta1")])
    func version(served: [String], used: String) async throws {
        let server = BatchServer(served: served)
        var plan = Fixtures.plan()
        plan.cutover.workloads = [Plan.WorkloadSelection(matchLabels: ["app": "mys"], kinds: [.cronJob])]
        try await server.workloads.suspendCronJobs(Fixtures.migration, plan: plan)
        #expect(server.requests("PATCH") == ["/apis/batch/\(used)/namespaces/mys-staging/cronjobs/nightly"])
        let lister = WorkloadLister(client: server.client, namespace: "mys-staging")
        #expect(try await lister.workloads(.cronJob, labels: "app=mys").map(\.resource.apiVersion) == ["batch/\(used)"])
    }

    @Test("what is forbidden is no sign of another version")
    func forbidden() async throws {
        let server = BatchServer(served: ["v1beta1"], status: 403)
        let lister = WorkloadLister(client: server.client, namespace: "mys-staging")
        let error = await #expect(throws: KubernetesError.self) { try await lister.workloads(.cronJob) }
        #expect(error?.kind == .forbidden)
        #expect(server.requests("GET").allSatisfy { $0.contains("/batch/v1/") })
    }
}

/// As much of an API server as the rest over the write pause asks: one CronJob in the versions that are served, and no other workload.
private final class BatchServer: Sendable {
    private final class Seen: Sendable {
        let lines = Mutex<[String]>([])
    }

    private let server: LocalServer
    private let seen: Seen

    let client: KubernetesClient
    var workloads: Workloads { Workloads(client: client) }

    /// The paths that were asked for with this method, without their queries.
    func requests(_ method: String) -> [String] {
        seen.lines.withLock { $0 }.filter { $0.hasPrefix(method + " ") }.map { line in
            String(line.split(separator: " ")[1].prefix { $0 != "?" })
        }
    }

    /// - Parameter status: of the answer for a version that is not served.
    init(served: [String], status: Int = 404) {
        let seen = Seen()
        self.seen = seen
        server = LocalServer { request, connection in
            let line = String(request.prefix { !$0.isNewline })
            seen.lines.withLock { $0.append(line) }
            func answer(_ status: Int, _ body: JSONValue) {
                let text = (try? JSON.text(body)) ?? ""
                connection.write("HTTP/1.1 \(status) x\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)")
            }
            let nightly: JSONValue = [
                "metadata": ["name": "nightly", "namespace": "mys-staging", "uid": "c", "resourceVersion": "7", "labels": ["app": "mys"]],
                "spec": ["schedule": "0 0 * * *", "suspend": false],
            ]
            guard line.contains("/cronjobs") else { return answer(200, ["metadata": [:], "items": []]) }
            guard served.contains(where: { line.contains("/apis/batch/\($0)/") }) else { return answer(status, [:]) }
            answer(200, line.hasPrefix("PATCH") ? nightly : ["metadata": [:], "items": [nightly]])
        }
        client = KubernetesClient(ClusterConfiguration(server: server.url, namespace: "mys-staging"))
    }
}
