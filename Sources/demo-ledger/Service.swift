import FlyingFox
import FoundationEssentials
import Logging
import PostgresEngine
import StructuredData
import Synchronization

/// The HTTP side: `POST /entries`, `GET /health`, `GET /ready`.
final class Service: Sendable {
    private let configuration: Configuration
    private let ledger: Ledger
    private let logger: Logger
    private let isStopping = Atomic(false)
    /// The last failure logged, so that an outage is two lines and not one a request.
    private let trouble = Mutex<String?>(nil)

    init(configuration: Configuration, ledger: Ledger, logger: Logger) {
        self.configuration = configuration
        self.ledger = ledger
        self.logger = logger
    }

    /// From now on the service is not ready; what it has begun it finishes.
    func stop() { isStopping.store(true, ordering: .releasing) }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        switch (request.method, request.path) {
        case (.POST, "/entries"): await write(request)
        case (.GET, "/health"): await health()
        case (.GET, "/ready"): ready()
        default: Self.respond(.notFound, ["error": "there is POST /entries, GET /health and GET /ready"])
        }
    }

    private func write(_ request: HTTPRequest) async -> HTTPResponse {
        guard let body = try? await request.bodyData, let entry = try? JSON.decode(Entry.self, from: body) else {
            return Self.respond(.badRequest, ["error": #"expected {"client": "…", "number": 1}"#])
        }
        // Before the database is touched: not even a failed write may reach it.
        guard !configuration.isUnwellByDesign else { return unwell() }
        return await attempt { try await ledger.write(entry) }
    }

    private func ready() -> HTTPResponse {
        isStopping.load(ordering: .acquiring) ? Self.respond(.serviceUnavailable, ["status": "stopping"]) : Self.respond(.ok, ["status": "ready"])
    }

    private func health() async -> HTTPResponse {
        guard !configuration.isUnwellByDesign else { return unwell() }
        return await attempt { try await ledger.check() }
    }

    private func attempt(_ body: () async throws -> Void) async -> HTTPResponse {
        do {
            try await body()
            note(nil)
            return Self.respond(.ok, ["status": "ok", "server": .string(configuration.databaseHost)])
        } catch {
            let kind = (error as? PostgresError)?.kind.rawValue ?? "other"
            note("\(kind): \(error)")
            return Self.respond(.serviceUnavailable, ["error": .string(kind), "message": .string("\(error)")])
        }
    }

    private func unwell() -> HTTPResponse {
        Self.respond(.serviceUnavailable, ["error": "unwell", "message": .string("this replica refuses to work with \(configuration.databaseHost)")])
    }

    private func note(_ problem: String?) {
        let changed = trouble.withLock { last in
            defer { last = problem }
            return (last == nil) != (problem == nil)
        }
        guard changed else { return }
        if let problem { logger.warning("the database fails", metadata: ["error": .string(problem)]) } else { logger.info("the database answers") }
    }

    private static func respond(_ status: HTTPStatusCode, _ document: StructuredData.JSONValue) -> HTTPResponse {
        HTTPResponse(statusCode: status, headers: [.contentType: "application/json"], body: (try? JSON.encode(document)) ?? Data())
    }
}
