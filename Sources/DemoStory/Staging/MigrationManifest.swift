import DevCluster
import StructuredData
import YAML

/// The one document a person writes to have the environment moved.
struct MigrationManifest: Sendable {
    var databases: [StagingDatabase]
    var servers: DevServers
    var soakSeconds: Int

    var text: String {
        """
        apiVersion: migrations.mystira.app/v1alpha1
        kind: DatabaseMigration
        metadata: {name: \(StagingNames.migration), namespace: \(StagingNames.namespace)}
        spec:
          goal: Promoted
          source:
        \(server(servers.source, StagingNames.sourceAdministrator))
          target:
        \(server(servers.target, StagingNames.targetAdministrator))
          databases:
        \(list { "{name: \($0.name)}" })
          copy: {mode: Snapshot, jobs: 2}
          cutover:
            snapshotPauseSeconds: 120
            connections:
        \(list { "  {secretRef: {name: \($0.secret), key: \(StagingNames.connectionKey)}, database: \($0.name)}" })
            workloads:
              - {selector: {matchLabels: {app.kubernetes.io/part-of: mys}}, kinds: [Deployment], rolloutSeconds: 60}
          health:
            periodSeconds: 1
            soakSeconds: \(soakSeconds)
            http:
        \(list { "  {name: \($0.application), service: {name: \($0.application), port: http, path: /health}, timeoutSeconds: 2}" })
          rollback: {automatic: true}
        """ + "\n"
    }

    func document() throws -> JSONValue { try YAML.decode(text).first ?? .null }

    private func server(_ server: DevServer, _ secret: String) -> String {
        """
            host: \(server.host)
            port: \(server.port)
            caSecretRef: {name: \(StagingNames.certificateSecret), key: \(StagingNames.certificateKey)}
            credentialsSecretRef: {name: \(secret)}
        """
    }

    private func list(_ item: (StagingDatabase) -> String) -> String {
        databases.map { database in
            let text = item(database)
            let indent = text.prefix { $0 == " " }
            return "    \(indent)- \(text.dropFirst(indent.count))"
        }.joined(separator: "\n")
    }
}
