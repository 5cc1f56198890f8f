import DevCluster
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData

/// One run's own namespace and databases.
struct Arena: Sendable {
    let cluster: Cluster
    let plan: RunPlan
    let namespace: String

    static let migration = "move"
    static let key = "connection-string"

    init(_ cluster: Cluster, _ plan: RunPlan) {
        self.cluster = cluster
        self.plan = plan
        namespace = "torture-\(plan.tag)"
    }

    // MARK: Databases

    /// Odd characters have to survive the rewriting of connection strings.
    private func password(_ database: DatabasePlan) -> String { "p'w \\@/\(database.role)" }

    /// A session as the application's.
    func application(_ side: Side, _ database: DatabasePlan, seconds: Int) async throws
        -> PostgresConnection
    {
        try await PostgresConnection.open(
            cluster.access(side, user: database.role, password: Redacted(password(database))),
            ConnectionOptions(
                database: database.name, applicationName: "torture", connectSeconds: seconds))
    }

    func makeDatabases() async throws {
        let administrator = SQL.identifier(cluster.state.servers.source.administrator.user)
        for database in plan.databases {
            let (role, name) = (SQL.identifier(database.role), SQL.identifier(database.name))
            try await cluster.rows(
                .source, "postgres", "CREATE ROLE \(role) LOGIN PASSWORD \(SQL.literal(password(database)))"
            )
            try await cluster.rows(.source, "postgres", "GRANT \(role) TO \(administrator)")
            try await cluster.rows(.source, "postgres", "CREATE DATABASE \(name) OWNER \(administrator)")
            let schemas = Set(database.tables.map(\.schema) + ["app"]).sorted().map {
                "CREATE SCHEMA \(SQL.identifier($0)) AUTHORIZATION \(role)"
            }
            try await cluster.rows(
                .source, database.name,
                (["SET ROLE \(administrator)"] + schemas + ["SET ROLE \(role)"] + database.statements)
                    .joined(separator: ";\n"))
        }
    }

    func dropDatabases() async throws {
        for side in Side.allCases {
            for database in plan.databases {
                try await cluster.rows(
                    side, "postgres", "DROP DATABASE IF EXISTS \(SQL.identifier(database.name)) WITH (FORCE)")
                try await cluster.rows(
                    side, "postgres", "DROP ROLE IF EXISTS \(SQL.identifier(database.role))")
            }
        }
    }

    // MARK: Objects

    func makeObjects() async throws {
        _ = try await cluster.client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        for (name, values) in try secrets() {
            _ = try await cluster.client.create(
                Secret(
                    metadata: ObjectMeta(name: name, namespace: namespace),
                    data: values.mapValues { Data($0.utf8) }))
        }
        _ = try await cluster.client.create(Deployment.resource, application)
        try await insist("the application to be ready", seconds: 120) {
            try await cluster.client.get(Deployment.self, "application", namespace: namespace).status?
                .readyReplicas == 1
        }
    }

    private func secrets() throws -> [String: [String: String]] {
        let servers = cluster.state.servers
        let logins = [
            "source-admin": servers.source.administrator, "target-admin": servers.target.administrator,
            "source-superuser": servers.source.superuser,
            "target-superuser": servers.target.superuser,
        ]
        var secrets = logins.mapValues { ["username": $0.user, "password": $0.password.reveal()] }
        secrets["postgres-ca"] = [
            "ca.crt": try String(
                contentsOf: URL(filePath: cluster.state.certificateAuthority), encoding: .utf8)
        ]
        for (index, database) in plan.databases.enumerated() {
            secrets[secret(index)] = [Self.key: connectionString(database) + "\n"]
        }
        return secrets
    }

    private func secret(_ index: Int) -> String { "app-db-\(index)" }

    private func connectionString(_ database: DatabasePlan) -> String {
        "postgresql://\(database.role):\(Self.encoded(password(database)))@\(cluster.state.servers.source.host):5432/\(Self.encoded(database.name))?sslmode=require"
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || character == "_" {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// A stand-in: what counts are the writers, and that somebody has to be restarted.
    private var application: JSONValue {
        let labels: JSONValue = ["app": "application"]
        return [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": "application", "namespace": .string(namespace), "labels": labels],
            "spec": [
                "replicas": 1, "selector": ["matchLabels": labels],
                "template": [
                    "metadata": ["labels": labels],
                    "spec": [
                        "terminationGracePeriodSeconds": 1,
                        "containers": [
                            ["name": "application", "image": "shell", "args": ["-c", "exec sleep 100000"]]
                        ],
                    ],
                ],
            ],
        ]
    }

    // MARK: The migration

    func apply() async throws {
        _ = try await cluster.client.create(DatabaseMigration.resource, manifest)
    }

    private var manifest: JSONValue {
        let servers = cluster.state.servers
        func server(_ host: String, _ side: String) -> JSONValue {
            [
                "host": .string(host), "credentialsSecretRef": ["name": .string("\(side)-admin")],
                "subscriptionCredentialsSecretRef": ["name": .string("\(side)-superuser")],
                "caSecretRef": ["name": "postgres-ca", "key": "ca.crt"],
            ]
        }
        let connections = plan.databases.enumerated().map { index, database -> JSONValue in
            [
                "secretRef": ["name": .string(secret(index)), "key": .string(Self.key)],
                "database": .string(database.name),
            ]
        }
        return [
            "apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration",
            "metadata": ["name": .string(Self.migration), "namespace": .string(namespace)],
            "spec": [
                "goal": .string(plan.stopsAtReady ? "Ready" : "Promoted"),
                "source": server(servers.source.host, "source"),
                "target": server(servers.target.host, "target"),
                "databases": .array(plan.databases.map { ["name": .string($0.name)] }),
                "copy": ["mode": "Live", "jobs": 2, "lanes": .integer(Int64(plan.lanes))],
                "verification": ["mode": .string(plan.verification)],
                "cutover": [
                    "maxPauseSeconds": .integer(Int64(plan.pauseSeconds)), "connections": .array(connections),
                    "workloads": [
                        ["selector": ["matchLabels": ["app": "application"]], "rolloutSeconds": 120]
                    ],
                ],
                "health": ["periodSeconds": 1, "soakSeconds": .integer(Int64(plan.soakSeconds))],
            ],
        ]
    }

    func patch(_ spec: JSONValue) async throws {
        try await insist("the migration to be patched", seconds: 120) {
            _ = try await cluster.client.patch(
                DatabaseMigration.self, Self.migration, namespace: namespace, .merge(["spec": spec]))
            return true
        }
    }

    func delete() async throws {
        try await insist("the migration to be deleted", seconds: 120) {
            do {
                try await cluster.client.delete(
                    DatabaseMigration.self, Self.migration, namespace: namespace)
                return true
            } catch let error as KubernetesError where error.kind == .notFound {
                return true
            }
        }
    }

    /// Where the applications' Secrets point; `nil` when they disagree.
    func activeSide() async throws -> Side? {
        var sides: Set<Side> = []
        for index in plan.databases.indices {
            let value =
                try await cluster.client.get(Secret.self, secret(index), namespace: namespace).data?[
                    Self.key] ?? Data()
            let text = String(decoding: value, as: UTF8.self)
            sides.insert(text.contains(cluster.state.servers.target.host) ? .target : .source)
        }
        return sides.count == 1 ? sides.first : nil
    }

    /// Objects nobody but the operator made.
    func foreignObjects() async throws -> [String] {
        let known = Set(try secrets().keys)
        let secrets = try await cluster.client.list(Secret.self, namespace: namespace).items.map(\.name)
            .filter {
                !known.contains($0) && !$0.hasPrefix("default-token-")
            }
        let jobs = try await cluster.client.list(Job.self, namespace: namespace).items.map(\.name)
        return secrets.map { "Secret \($0)" } + jobs.map { "Job \($0)" }
    }

    func removeNamespace() async throws { try await cluster.client.delete(Namespace.self, namespace) }
}
