import DevCluster
import StructuredData
import YAML

/// The one document a person writes to have the environment moved.
struct MigrationManifest: Sendable {
    var databases: [StagingDatabase]
    var servers: DevServers
    var soakSeconds: Int
    var isLive = true
    private var isPooled: Bool { databases.contains { $0.pooler != nil } }

    var text: String {
        """
        apiVersion: migrations.mystira.app/v1alpha1
        kind: DatabaseMigration
        metadata: {name: \(StagingNames.migration), namespace: \(StagingNames.namespace)}
        spec:
          goal: Promoted
          source:
        \(server(servers.source, StagingNames.sourceAdministrator, StagingNames.sourceSuperuser))
          target:
        \(server(servers.target, StagingNames.targetAdministrator, StagingNames.targetSuperuser))
          databases:
        \(list { "{name: \($0.name)}" })
          copy: {mode: \(isLive ? "Live" : "Snapshot"), jobs: 2}
          cutover:
            \(isLive ? "maxPauseSeconds" : "snapshotPauseSeconds"): 120
        \(isPooled ? PoolerObjects.traffic(databases) : rollout)
          health:
            periodSeconds: 1
            soakSeconds: \(soakSeconds)
            http:
        \(list { "  {name: \($0.application), service: {name: \($0.application), port: http, path: /health}, timeoutSeconds: 2}" })
          rollback: {automatic: true}
        """ + "\n"
    }

    private var rollout: String {
        """
            connections:
        \(list { "  {secretRef: {name: \($0.secret), key: \(StagingNames.connectionKey)}, database: \($0.name)}" })
            workloads:
              - {selector: {matchLabels: {app.kubernetes.io/part-of: mys}}, kinds: [Deployment], rolloutSeconds: 60}
        """
    }

    func document() throws -> JSONValue { try YAML.decode(text).first ?? .null }

    /// Before PostgreSQL 16 only a superuser may create subscriptions.
    private func server(_ server: DevServer, _ secret: String, _ superuser: String) -> String {
        """
            host: \(server.host)
            port: \(server.port)
            caSecretRef: {name: \(StagingNames.certificateSecret), key: \(StagingNames.certificateKey)}
            credentialsSecretRef: {name: \(secret)}
        """ + (isLive ? "\n    subscriptionCredentialsSecretRef: {name: \(superuser)}" : "")
    }

    private func list(_ item: (StagingDatabase) -> String) -> String {
        databases.map { database in
            let text = item(database)
            let indent = text.prefix { $0 == " " }
            return "    \(indent)- \(text.dropFirst(indent.count))"
        }.joined(separator: "\n")
    }
}
