import Logging
import Testing

@testable import ControllerRuntime

@Suite("Readiness and the operations endpoints")
struct HealthChecksTests {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    @Test("every named check must pass; verbose lists them in order of registration")
    func report() {
        let checks = HealthChecks(endpoint: "readyz")
        checks.register("ping") { .passing }
        checks.set("caches", .failing("the first list has not arrived yet"))
        #expect(!checks.report().isPassing)
        #expect(
            checks.report().text(verbose: false)
                == "[+]ping ok\n[-]caches failed: the first list has not arrived yet\nreadyz check failed\n")
        checks.set("caches", .passing)
        #expect(checks.report().text(verbose: false) == "ok\n")
        #expect(checks.report().text(verbose: true) == "[+]ping ok\n[+]caches ok\nreadyz check passed\n")
        checks.set("caches", .failing("forbidden"))
        #expect(!checks.report().isPassing, "readiness can be lost again")
    }

    @Test("paths, methods and states have their status codes")
    func answers() {
        let checks = HealthChecks(endpoint: "readyz")
        let server = OperationsServer.health(
            OperationsConfiguration(), liveness: HealthChecks(endpoint: "healthz"), readiness: checks, logger: logger)
        #expect(server.answer(method: "GET", path: "/healthz", isVerbose: false) == .init(body: "ok\n"))
        #expect(server.answer(method: "HEAD", path: "/readyz", isVerbose: false).status == 200)
        checks.set("caches", .failing("no"))
        #expect(server.answer(method: "GET", path: "/readyz", isVerbose: false).status == 503)
        #expect(server.answer(method: "GET", path: "/healthz", isVerbose: false).status == 200)
        #expect(server.answer(method: "GET", path: "/metrics", isVerbose: false).status == 404)
        #expect(server.answer(method: "POST", path: "/readyz", isVerbose: false).status == 405)
        let metrics = OperationsServer.metrics(OperationsConfiguration(), registry: PrometheusRegistry(), logger: logger)
        #expect(metrics.answer(method: "GET", path: "/metrics", isVerbose: false).contentType.contains("version=0.0.4"))
    }

    @Test("an address that is none is refused with the remedy")
    func badAddress() async {
        let server = OperationsServer.health(
            OperationsConfiguration(bindAddress: "nowhere"), liveness: HealthChecks(endpoint: "healthz"), readiness: HealthChecks(endpoint: "readyz"),
            logger: logger)
        let error = await #expect(throws: OperationsServerError.self) { try await server.run() }
        #expect(error?.description.contains("nowhere, port 8081") == true)
    }
}
