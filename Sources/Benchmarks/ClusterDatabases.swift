import DevCluster
import MigrationCore
import PostgresEngine
import StructuredData
import Torture

/// Databases that are measured.
extension Cluster {
    /// Empty, of the administrator's, and with nothing that the server's template may hold.
    func createDatabase(_ database: String, on side: Side) async throws {
        let owner = SQL.identifier(server(side).administrator.user)
        try await rows(side, "postgres", "CREATE DATABASE \(SQL.identifier(database)) OWNER \(owner) TEMPLATE template0")
    }

    func dropDatabase(_ database: String, on side: Side) async throws {
        try await rows(side, "postgres", "DROP DATABASE IF EXISTS \(SQL.identifier(database)) WITH (FORCE)")
    }

    /// How a client program reaches it as superuser. Never for arguments: it holds the password.
    func address(_ side: Side, _ database: String) -> String {
        let server = server(side)
        return
            "postgresql://\(server.superuser.user):\(server.superuser.password.reveal())@\(server.host):\(server.port)/\(database)?sslmode=require"
    }
}
