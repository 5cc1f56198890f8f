import FlyingFox
import FlyingSocks

/// Runs `body` with the port of a server, which ends with it.
func run(_ server: HTTPServer, _ body: @Sendable @escaping (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        try await server.waitUntilListening()
        let port: Int =
            switch await server.listeningAddress {
            case .ip4(_, port: let port), .ip6(_, port: let port): Int(port)
            default: 0
            }
        do {
            try await body(port)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        group.cancelAll()
    }
}
