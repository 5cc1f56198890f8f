import Dispatch
import FlyingFox
import FlyingSocks
import FoundationEssentials
import Glibc
import Logging

/// The application of the demo: writes numbered entries into a ledger, and tells a client "yes" only after COMMIT.
@main
struct DemoLedger {
    static func main() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "demo-ledger")
        do {
            try await run(Configuration(environment: ProcessInfo.processInfo.environment), logger)
        } catch {
            logger.critical("\(error)")
            exit(1)
        }
    }

    private static func run(_ configuration: Configuration, _ logger: Logger) async throws {
        let pool = ConnectionPool(database: configuration.database, size: 3)
        let service = Service(configuration: configuration, ledger: Ledger(pool: pool), logger: logger)
        let server = HTTPServer(
            address: try sockaddr_in.inet(ip4: configuration.address, port: configuration.port), logger: .disabled,
            handler: ClosureHTTPHandler { await service.answer($0) })
        logger.info(
            "listening", metadata: ["address": "\(configuration.address):\(configuration.port)", "database": "\(configuration.databaseHost)"])
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let source = termination { continuation.yield() }
        defer { source.cancel() }
        let serving = Task {
            // A server that ends by itself wakes the wait below.
            defer { continuation.finish() }
            try await server.run()
        }
        var isAskedToStop = false
        for await _ in signals {
            isAskedToStop = true
            break
        }
        guard isAskedToStop else { return try await serving.value }
        service.stop()
        // Requests under way get their answer; idle connections of clients are closed.
        await server.stop(timeout: 1)
        serving.cancel()
        await pool.close()
        logger.info("stopped")
    }

    private static func termination(_ handler: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM)
        source.setEventHandler(handler: handler)
        source.resume()
        return source
    }
}
