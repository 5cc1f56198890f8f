import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import StructuredData
import Synchronization
import TestServers
import Testing

@testable import ClusterWorkloads

@Suite("Error lines of the selected workloads' pods")
struct PodLogsTests {
    @Test("lines count, not matches; what was cut is said and makes a lower bound")
    func count() async throws {
        let pattern = try TextPattern("FATAL|could not connect")
        var count = LogCount()
        await count.add("ok\nFATAL: a FATAL\r\ncould not connect\n\nfatal\nFATAL", isWhole: true, of: "web/app", pattern)
        #expect(count.matches == 3 && count.values == MeasuredValues(3))
        await count.add("FATAL\n" + String(repeating: "x", count: 2048), isWhole: false, of: "api/app", pattern)
        for pod in 0..<4 { await count.add("", isWhole: false, of: "p\(pod)/app", pattern) }
        #expect(count.values.hasGaps && count.values.highest == 4)
        #expect(
            count.values.gap == "4 matching lines, but not everything was read: api/app logs more than is read (2 KiB); "
                + "p0/app logs more than is read (0 KiB); p1/app logs more than is read (0 KiB); and 2 more")
    }

    @Test("every container that has a log is asked, with the window and a bound; a pod that went meanwhile is none")
    func read() async throws {
        let server = APIServer(pods: [Self.pod("a", ["app", "sidecar"]), Self.pod("b", ["app"]), Self.pod("gone", ["app"]), Self.pod("new", [])]) {
            $0.contains("/gone/") ? nil : "FATAL: \($0.contains("/a/") ? "x\nFATAL\n" : "")"
        }
        #expect(await server.matches(seconds: 17) == .value(MeasuredValues(5)))
        let asked = server.requests.filter { $0.contains("/log") }
        #expect(asked.count == 4)
        #expect(asked.allSatisfy { $0.contains("sinceSeconds=17") && $0.contains("limitBytes=1048576") && $0.contains("container=") })
    }

    @Test("more than is read is a lower bound; no container, a refusal and an unusable pattern are unknown")
    func unknown() async throws {
        let long = APIServer(pods: [Self.pod("a", ["app"])]) { _ in String(repeating: "FATAL\n", count: 200_000) }
        let found = try #require(await long.matches().value)
        #expect(found.hasGaps && found.gap.contains("a/app logs more than is read"))
        let empty = APIServer(pods: [Self.pod("new", [])]) { _ in "" }
        #expect(await empty.matches().whyUnknown == "no container of the selected workloads runs")
        let refused = APIServer(pods: [Self.pod("a", ["app"])], logStatus: 403) { _ in "" }
        #expect(await refused.matches().whyUnknown?.contains("pods/log") == true)
        #expect(await empty.matches(pattern: "(").whyUnknown == "errorPattern cannot be used")
    }

    @Test("a node that hangs costs the time limit of the whole reading")
    func hangs() async throws {
        let server = APIServer(pods: [Self.pod("a", ["app"])], isHanging: true) { _ in "" }
        #expect(await server.matches(timeoutSeconds: 1).whyUnknown == "the logs were not read within 1 s")
    }

    @Test("so does a pattern that is expensive to follow, wherever the reading has got to")
    func expensive() async throws {
        let line = String(repeating: "a", count: 1 << 10) + "\n"
        let server = APIServer(pods: (0..<8).map { Self.pod("p\($0)", ["app"]) }) { _ in String(repeating: line, count: 900) }
        #expect(await server.matches(pattern: "(a?){99}a{99}b", timeoutSeconds: 1).whyUnknown == "the logs were not read within 1 s")
    }

    @Test("many pods share what one reading may take")
    func many() async throws {
        let server = APIServer(pods: (0..<120).map { Self.pod("p\($0)", ["app"]) }) { _ in "FATAL" }
        let found = try #require(await server.matches().value)
        #expect(found.highest == 100 && found.gap.contains("20 containers of 120 were not asked"))
        #expect(server.requests.contains { $0.contains("limitBytes=83886") })
    }

    private static func pod(_ name: String, _ containers: [String]) -> Pod {
        let running = containers.map { ContainerStatus(name: $0, state: ContainerState(running: ContainerRunning())) }
        return Pod(
            metadata: ObjectMeta(name: name, namespace: "mys-staging"),
            status: PodStatus(containerStatuses: running + [ContainerStatus(name: "waits", state: ContainerState(waiting: ContainerWaiting()))]))
    }
}

/// As much of an API server as a reading asks: one Deployment, its pods, and their logs.
private final class APIServer: Sendable {
    private let server: LocalServer
    private let seen: RequestList

    var requests: [String] { seen.all }

    /// - Parameter log: the text by the request's path; `nil` is 404.
    init(pods: [Pod], logStatus: Int = 200, isHanging: Bool = false, log: @escaping @Sendable (String) -> String?) {
        let seen = RequestList()
        let deployment = Deployment(
            metadata: ObjectMeta(name: "web", namespace: "mys-staging"), spec: DeploymentSpec(selector: LabelSelector(matchLabels: ["app": "mys"])))
        self.seen = seen
        server = LocalServer { request, connection in
            let path = String(request.split(separator: " ").dropFirst().first ?? "")
            seen.add(path)
            func answer(_ status: Int, _ body: String) {
                connection.write("HTTP/1.1 \(status) x\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
            }
            func list(_ items: [some KubernetesObject]) -> String {
                let documents = items.compactMap { try? JSONValue(encoding: $0) }
                return (try? JSON.text(JSONValue.object(["metadata": .object([:]), "items": .array(documents)]))) ?? ""
            }
            if path.contains("/log?") {
                if isHanging { return connection.waitForClose() }
                guard let text = log(path) else { return answer(404, "{}") }
                return answer(logStatus, logStatus == 200 ? text : "{}")
            }
            answer(200, path.contains("/deployments") ? list([deployment]) : list(pods))
        }
    }

    func matches(seconds: Int = 60, pattern: String = "FATAL", timeoutSeconds: Int = 300) async -> Fact<MeasuredValues> {
        let client = KubernetesClient(ClusterConfiguration(server: server.url, namespace: "mys-staging"))
        return await PodLogs(client: client, timeoutSeconds: timeoutSeconds).matches(
            Fixtures.migration, plan: Fixtures.plan(), check: .init(errorPattern: pattern, maxMatches: 0), seconds: seconds)
    }
}

/// What was asked, from any thread.
private final class RequestList: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }
    func add(_ request: String) { list.withLock { $0.append(request) } }
}
