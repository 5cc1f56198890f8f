import DevCluster
import StructuredData
import YAML

/// What stands in the staging namespace before anybody thinks of a migration: Secrets, Deployments, Services.
struct StagingObjects: Sendable {
    var databases: [StagingDatabase]
    var servers: DevServers
    var certificateAuthority: String

    func documents() throws -> [JSONValue] {
        var documents = try YAML.decode("apiVersion: v1\nkind: Namespace\nmetadata: {name: \(StagingNames.namespace)}\n") + secrets
        for database in databases { documents += try application(database) }
        if isPooled { documents += try PoolerObjects(databases: databases, source: servers.source).documents() }
        return documents
    }

    private var secrets: [JSONValue] {
        databases.map { database in
            let place =
                database.pooler.map { ("\($0).\(StagingNames.namespace)", StagingNames.poolerPort) } ?? (servers.source.host, servers.source.port)
            let value = database.connectionString(host: place.0, port: place.1)
            return Self.secret(database.secret, [StagingNames.connectionKey: value.reveal()])
        } + [
            Self.secret(StagingNames.sourceAdministrator, Self.login(servers.source.administrator)),
            Self.secret(StagingNames.targetAdministrator, Self.login(servers.target.administrator)),
            Self.secret(StagingNames.sourceSuperuser, Self.login(servers.source.superuser)),
            Self.secret(StagingNames.targetSuperuser, Self.login(servers.target.superuser)),
            Self.secret(StagingNames.certificateSecret, [StagingNames.certificateKey: certificateAuthority]),
        ]
    }

    private static func login(_ login: DevLogin) -> [String: String] {
        ["username": login.user, "password": login.password.reveal()]
    }

    private var isPooled: Bool { databases.contains { $0.pooler != nil } }

    static func secret(_ name: String, _ values: [String: String]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string(name), "namespace": .string(StagingNames.namespace)],
            "stringData": .object(values.mapValues { .string($0) }),
        ]
    }

    private func application(_ database: StagingDatabase) throws -> [JSONValue] {
        try YAML.decode(
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: \(database.application)
              namespace: \(StagingNames.namespace)
              labels: &labels {app.kubernetes.io/name: \(database.application), app.kubernetes.io/part-of: mys}
            spec:
              replicas: 2
              selector: {matchLabels: {app.kubernetes.io/name: \(database.application)}}
              template:
                metadata: {labels: *labels}
                spec:
                  automountServiceAccountToken: false
                  terminationGracePeriodSeconds: 5
                  containers:
                    - name: ledger
                      image: demo-ledger
                      env:
                        - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: \(database.secret), key: \(StagingNames.connectionKey)}}}
                        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                      ports: [{name: http, containerPort: 8080, protocol: TCP}]
                      readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 1}
                      volumeMounts: [{name: ca, mountPath: \(StagingNames.certificateFolder), readOnly: true}]
                  volumes: [{name: ca, secret: {secretName: \(StagingNames.certificateSecret)}}]
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(database.application), namespace: \(StagingNames.namespace), labels: {app.kubernetes.io/part-of: mys}}
            spec:
              selector: {app.kubernetes.io/name: \(database.application)}
              ports: [{name: http, port: 80, targetPort: http, protocol: TCP}]
            """)
    }
}
