import ConnectionStrings
import DevCluster
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import StructuredData

/// Finds out which server an application uses now, and reads its ledger there.
struct ActiveSide: Sendable {
    var client: KubernetesClient
    var servers: DevServers

    /// The server that the application's Secret names.
    func server(of database: StagingDatabase) async throws -> DevServer {
        let secret = try await client.get(Secret.self, database.secret, namespace: StagingNames.namespace)
        let text = String(decoding: secret.data?[StagingNames.connectionKey] ?? .init(), as: UTF8.self)
        let connection = try ConnectionString.parse(text)
        guard let server = [servers.source, servers.target].first(where: { connection.pointsAt($0.host, $0.port) }) else {
            throw DemoError.program("reading Secret \(database.secret)", output: "it names neither server, but \(connection.hosts.map(\.name))")
        }
        return server
    }

    /// How often each line stands in the ledger.
    func rows(of database: StagingDatabase, on server: DevServer) async throws -> [LedgerAudit.Line: Int] {
        let lines = try await Psql(server: server, login: server.superuser, database: database.name).run(
            "SELECT client, number, count(*) FROM ledger GROUP BY client, number;", for: "read the ledger of \(database.name)")
        return try LedgerAudit.rows(lines)
    }
}
