import FlyingFox
import FlyingSocks
import FoundationEssentials
public import Logging
public import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the operations endpoints listen.
public struct OperationsConfiguration: Sendable, Equatable {
    /// An IPv4 or IPv6 address; empty: every address of the machine, IPv6 included where there is any.
    public var bindAddress: String
    /// `/healthz` and `/readyz`. Default 8081; 0 turns them off.
    public var healthPort: UInt16
    /// `/metrics`. Default 8080; 0 turns it off.
    public var metricsPort: UInt16

    public init(bindAddress: String = "", healthPort: UInt16 = 8081, metricsPort: UInt16 = 8080) {
        self.bindAddress = bindAddress
        self.healthPort = healthPort
        self.metricsPort = metricsPort
    }
}

/// An endpoint could not listen.
public struct OperationsServerError: Error, CustomStringConvertible {
    public let port: UInt16
    public let bindAddress: String
    public let cause: String

    public var description: String {
        let address = bindAddress.isEmpty ? "any address" : bindAddress
        return "cannot listen on \(address), port \(port): \(cause); choose another port, or 0 to turn the endpoint off"
    }
}

/// One small HTTP server: exact paths, GET and HEAD, text answers.
public struct OperationsServer: Service {
    /// An answer of an endpoint.
    public struct Answer: Sendable, Equatable {
        public var status: Int
        public var contentType: String
        public var body: String

        public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: String) {
            self.status = status
            self.contentType = contentType
            self.body = body
        }
    }

    public typealias Route = @Sendable (_ isVerbose: Bool) -> Answer

    private let bindAddress: String
    private let port: UInt16
    private let routes: [String: Route]
    private let logger: Logger

    /// - Parameter port: 0 makes ``run()`` wait for shutdown without listening.
    public init(bindAddress: String, port: UInt16, logger: Logger, routes: [String: Route]) {
        self.bindAddress = bindAddress
        self.port = port
        self.routes = routes
        self.logger = logger
    }

    /// `/healthz` and `/readyz`, both with `?verbose`.
    public static func health(
        _ configuration: OperationsConfiguration, liveness: HealthChecks, readiness: HealthChecks, logger: Logger
    ) -> OperationsServer {
        OperationsServer(
            bindAddress: configuration.bindAddress, port: configuration.healthPort, logger: logger,
            routes: ["/healthz": { answer(liveness.report(), $0) }, "/readyz": { answer(readiness.report(), $0) }])
    }

    /// `/metrics` in the text exposition format 0.0.4.
    public static func metrics(_ configuration: OperationsConfiguration, registry: PrometheusRegistry, logger: Logger) -> OperationsServer {
        OperationsServer(
            bindAddress: configuration.bindAddress, port: configuration.metricsPort, logger: logger,
            routes: ["/metrics": { _ in Answer(contentType: PrometheusText.contentType, body: registry.text) }])
    }

    /// Listens until graceful shutdown or cancellation.
    ///
    /// - Throws: ``OperationsServerError`` when the address is wrong or taken.
    public func run() async throws {
        guard port != 0 else {
            try? await gracefulShutdown()
            return
        }
        let server = try makeServer()
        let isStopping = Atomic(false)
        let run = Task { try await server.run() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            do {
                try await run.value
            } catch {
                if isStopping.load(ordering: .acquiring) { return }
                throw OperationsServerError(port: port, bindAddress: bindAddress, cause: "\(error)")
            }
        } onCancelOrGracefulShutdown: {
            isStopping.store(true, ordering: .releasing)
            run.cancel()
        }
    }

    /// The answer to one request.
    func answer(method: String, path: String, isVerbose: Bool) -> Answer {
        guard let route = routes[path] else {
            return Answer(status: 404, body: "not found; there is \(routes.keys.sorted().joined(separator: ", "))\n")
        }
        guard method == "GET" || method == "HEAD" else { return Answer(status: 405, body: "only GET and HEAD\n") }
        return route(isVerbose)
    }

    private static func answer(_ report: HealthReport, _ isVerbose: Bool) -> Answer {
        Answer(status: report.isPassing ? 200 : 503, body: report.text(verbose: isVerbose))
    }

    private func makeServer() throws -> HTTPServer {
        let handler = ClosureHTTPHandler { request in
            let answer = self.answer(method: request.method.rawValue, path: request.path, isVerbose: request.query.contains { $0.name == "verbose" })
            return HTTPResponse(
                statusCode: HTTPStatusCode(answer.status, phrase: answer.status == 200 ? "OK" : "Error"), headers: [.contentType: answer.contentType],
                body: request.method == .HEAD ? Data() : Data(answer.body.utf8))
        }
        do {
            if bindAddress.contains(":") {
                return HTTPServer(address: try sockaddr_in6.inet6(ip6: bindAddress, port: port), logger: .disabled, handler: handler)
            }
            if !bindAddress.isEmpty {
                return HTTPServer(address: try sockaddr_in.inet(ip4: bindAddress, port: port), logger: .disabled, handler: handler)
            }
        } catch {
            throw OperationsServerError(port: port, bindAddress: bindAddress, cause: "not an IP address")
        }
        // A kernel without IPv6 has no such sockets; elsewhere the IPv6 wildcard takes IPv4 connections too.
        if let probe = try? Socket(domain: Int32(AF_INET6)) {
            try? probe.close()
            return HTTPServer(address: sockaddr_in6.inet6(port: port), logger: .disabled, handler: handler)
        }
        return HTTPServer(address: sockaddr_in.inet(port: port), logger: .disabled, handler: handler)
    }
}
