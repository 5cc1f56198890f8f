import DevCluster
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Torture

/// A namespace with a migration of some databases, and one application that has them all.
struct PauseStage: Sendable {
    let cluster: Cluster
    /// Where both servers are met, by operator, clients and each other.
    let port: Int
    let databases: [String]

    static let namespace = "bench-pause"
    static let migration = "move"
    private static let key = "connection-string"
    private static let password = "bench"
    private static let tables = 10

    // MARK: Databases

    /// A session as the application's.
    func session(_ side: Side, _ database: String) async throws -> PostgresConnection {
        var access = cluster.access(side, user: database, password: Redacted(Self.password))
        access.server.port = port
        return try await PostgresConnection.open(access, ConnectionOptions(database: database, applicationName: "bench", connectSeconds: 5))
    }

    /// Tables with some rows each; the load writes to the first.
    func makeDatabases() async throws {
        let administrator = SQL.identifier(cluster.state.servers.source.administrator.user)
        for database in databases {
            let name = SQL.identifier(database)
            for statement in [
                "CREATE ROLE \(name) LOGIN PASSWORD \(SQL.literal(Self.password))", "GRANT \(name) TO \(administrator)",
                "CREATE DATABASE \(name) OWNER \(administrator)",
            ] {
                try await cluster.rows(.source, "postgres", statement)
            }
            let tables = (0..<Self.tables).map { number in
                """
                CREATE TABLE app.entries_\(number) (id bigserial PRIMARY KEY, writer integer NOT NULL, text text NOT NULL);
                INSERT INTO app.entries_\(number) (writer, text) SELECT 0, repeat('x', 100) FROM generate_series(1, 1000)
                """
            }
            try await cluster.rows(
                .source, database,
                (["SET ROLE \(administrator)", "CREATE SCHEMA app AUTHORIZATION \(name)", "SET ROLE \(name)"] + tables).joined(separator: ";\n"))
        }
    }

    /// When the last of the target's databases was opened, by the target's clock.
    func openedAt() async throws -> Double {
        let row = try await cluster.rows(
            .target, "postgres", "SELECT (extract(epoch FROM max(changed_at)) * 1000)::bigint FROM _dbmigration.fence WHERE state = 'open'"
        ).first
        return row?[0].flatMap(Double.init) ?? 0
    }

    // MARK: Objects

    func makeObjects() async throws {
        _ = try await cluster.client.create(Namespace(metadata: ObjectMeta(name: Self.namespace)))
        for (name, values) in try secrets() {
            _ = try await cluster.client.create(
                Secret(metadata: ObjectMeta(name: name, namespace: Self.namespace), data: values.mapValues { Data($0.utf8) }))
        }
        _ = try await cluster.client.create(Deployment.resource, application)
        _ = try await cluster.client.create(DatabaseMigration.resource, manifest)
    }

    private func secrets() throws -> [String: [String: String]] {
        let servers = cluster.state.servers
        let logins = [
            "source-admin": servers.source.administrator, "target-admin": servers.target.administrator,
            "source-superuser": servers.source.superuser, "target-superuser": servers.target.superuser,
        ]
        var secrets = logins.mapValues { ["username": $0.user, "password": $0.password.reveal()] }
        secrets["postgres-ca"] = ["ca.crt": try String(contentsOf: URL(filePath: cluster.state.certificateAuthority), encoding: .utf8)]
        for database in databases {
            let text = "postgresql://\(database):\(Self.password)@\(servers.source.host):\(port)/\(database)?sslmode=require"
            secrets["app-\(database)"] = [Self.key: text]
        }
        return secrets
    }

    /// A stand-in: the clients are the bench's own, but somebody has to be restarted.
    private var application: JSONValue {
        let labels: JSONValue = ["app": "application"]
        return [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": "application", "namespace": .string(Self.namespace), "labels": labels],
            "spec": [
                "replicas": 2, "selector": ["matchLabels": labels],
                "template": [
                    "metadata": ["labels": labels],
                    "spec": [
                        "terminationGracePeriodSeconds": 1,
                        "containers": [["name": "application", "image": "shell", "args": ["-c", "exec sleep 100000"]]],
                    ],
                ],
            ],
        ]
    }

    private var manifest: JSONValue {
        let servers = cluster.state.servers
        func server(_ host: String, _ side: String) -> JSONValue {
            [
                "host": .string(host), "port": .integer(Int64(port)), "credentialsSecretRef": ["name": .string("\(side)-admin")],
                "subscriptionCredentialsSecretRef": ["name": .string("\(side)-superuser")],
                "caSecretRef": ["name": "postgres-ca", "key": "ca.crt"],
            ]
        }
        let connections = databases.map { database -> JSONValue in
            ["secretRef": ["name": .string("app-\(database)"), "key": .string(Self.key)], "database": .string(database)]
        }
        return [
            "apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration",
            "metadata": ["name": .string(Self.migration), "namespace": .string(Self.namespace)],
            "spec": [
                "goal": "Ready", "source": server(servers.source.host, "source"), "target": server(servers.target.host, "target"),
                "databases": .array(databases.map { ["name": .string($0)] }), "copy": ["mode": "Live"],
                "cutover": [
                    "connections": .array(connections),
                    "workloads": [["selector": ["matchLabels": ["app": "application"]], "rolloutSeconds": 120]],
                ],
                "health": ["periodSeconds": 1, "soakSeconds": 1],
            ],
        ]
    }

    // MARK: The migration

    func status() async throws -> DatabaseMigrationStatus {
        try await cluster.client.get(DatabaseMigration.self, Self.migration, namespace: Self.namespace).status ?? DatabaseMigrationStatus()
    }

    func set(_ spec: JSONValue) async throws {
        _ = try await cluster.client.patch(DatabaseMigration.self, Self.migration, namespace: Self.namespace, .merge(["spec": spec]))
    }

    /// Waits for a phase of an attempt.
    func reach(_ phase: Phase, attempt: Int, seconds: Int) async throws {
        var last = DatabaseMigrationStatus()
        try await insist("\(phase.rawValue) of attempt \(attempt)", seconds: seconds, state: { "\(last.phase ?? "no phase"): \(last.message ?? "")" })
        {
            last = try await status()
            return last.phase == phase.rawValue && (last.attempt ?? 0) >= attempt
        }
    }
}
