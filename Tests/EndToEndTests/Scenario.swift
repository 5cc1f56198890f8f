import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData

/// One environment of its own: a namespace, a database on the source, an application that reads it from a Secret, and a migration.
struct Scenario: Sendable {
    let lab: Lab
    let namespace: String
    let database: String
    let role: String
    let password: String
    let rows: Int
    /// Seconds the copy is held up on the target, by a materialized view whose query sleeps there.
    let copyLasts: Int

    static let migration = "move"
    static let secret = "app-db"
    static let key = "connection-string"

    /// - Parameter name: of the test, lower case letters and digits; part of every name.
    init(_ name: String, rows: Int = 2000, copyLasts: Int = 0) async throws {
        self.copyLasts = copyLasts
        lab = try await Lab.shared()
        let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
        namespace = "e2e-\(name)-\(suffix)"
        database = "\(name)_\(suffix)"
        role = "app_\(name)_\(suffix)"
        password = "p'w \\@/\(suffix)"
        self.rows = rows
    }

    var sourceHost: String { lab.state.servers.source.host }
    var targetHost: String { lab.state.servers.target.host }

    /// Namespace, database with rows, Secrets and a running application.
    func arrange(application: Application = .serving) async throws {
        _ = try await lab.client.create(Namespace(metadata: ObjectMeta(name: namespace)))
        try await arrangeDatabase()
        try await arrangeSecrets()
        try await arrange(application)
    }

    func arrangeDatabase() async throws {
        let admin = lab.state.servers.source.administrator.user
        try await lab.sql(.source, "postgres", "CREATE ROLE \(SQL.identifier(role)) LOGIN PASSWORD \(SQL.literal(password))")
        try await lab.sql(.source, "postgres", "GRANT \(SQL.identifier(role)) TO \(SQL.identifier(admin))")
        try await lab.sql(.source, "postgres", "CREATE DATABASE \(SQL.identifier(database)) OWNER \(SQL.identifier(admin))")
        try await lab.sql(
            .source, database,
            """
            SET ROLE \(SQL.identifier(admin));
            CREATE SCHEMA app AUTHORIZATION \(SQL.identifier(role));
            SET ROLE \(SQL.identifier(role));
            CREATE TABLE app.ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client text NOT NULL DEFAULT '', number bigint NOT NULL, note text);
            INSERT INTO app.ledger (number, note) SELECT n, repeat('x', 100) FROM generate_series(1, \(rows)) n;
            CREATE TABLE app.empty (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
            ALTER TABLE app.empty REPLICA IDENTITY FULL;
            CREATE VIEW app.total AS SELECT count(*) AS n FROM app.ledger;
            """)
        guard copyLasts > 0 else { return }
        let target = SQL.literal(lab.state.servers.target.address)
        try await lab.sql(
            .source, database,
            """
            SET ROLE \(SQL.identifier(role));
            CREATE MATERIALIZED VIEW app.slow AS
                SELECT pg_sleep(CASE WHEN host(inet_server_addr()) = \(target) THEN \(copyLasts) ELSE 0 END)::text AS slept;
            """)
    }

    func arrangeSecrets() async throws {
        let (source, target) = (lab.state.servers.source, lab.state.servers.target)
        let logins = [
            ("source-admin", source.administrator), ("target-admin", target.administrator), ("source-superuser", source.superuser),
            ("target-superuser", target.superuser),
        ]
        for (name, login) in logins {
            _ = try await lab.client.create(
                Secret(
                    metadata: ObjectMeta(name: name, namespace: namespace),
                    data: ["username": Data(login.user.utf8), "password": Data(login.password.reveal().utf8)]))
        }
        let authority = try Data(contentsOf: URL(filePath: lab.state.certificateAuthority))
        _ = try await lab.client.create(Secret(metadata: ObjectMeta(name: "postgres-ca", namespace: namespace), data: ["ca.crt": authority]))
        _ = try await lab.client.create(
            Secret(
                metadata: ObjectMeta(name: Self.secret, namespace: namespace),
                data: [Self.key: Data(connectionString(host: sourceHost).utf8), "other": Data("untouched\n".utf8)]))
    }

    /// As an application has it: URL, percent-encoded password, trailing newline.
    func connectionString(host: String) -> String {
        let encoded = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let sslMode = lab.state.servers.source.sslMode == "prefer" ? "prefer" : "require"
        return "postgresql://\(role):\(encoded)@\(host):5432/\(database)?sslmode=\(sslMode)&connect_timeout=3\n"
    }

    /// The migration as a manifest; tests change parts of it.
    func manifest(_ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        let sslMode = JSONValue.string(lab.state.servers.source.sslMode)
        func server(_ host: String, _ secret: String) -> JSONValue {
            [
                "host": .string(host), "sslMode": sslMode, "credentialsSecretRef": ["name": .string(secret)],
                "caSecretRef": ["name": "postgres-ca", "key": "ca.crt"],
            ]
        }
        var spec: JSONValue = [
            "goal": "Promoted", "source": server(sourceHost, "source-admin"), "target": server(targetHost, "target-admin"),
            "databases": [["name": .string(database)]], "copy": ["mode": "Snapshot", "jobs": 2], "verification": ["mode": "RowCount"],
            "cutover": [
                "snapshotPauseSeconds": 120,
                "connections": [["secretRef": ["name": .string(Self.secret), "key": .string(Self.key)], "database": .string(database)]],
                "workloads": [["selector": ["matchLabels": ["app": "ledger"]]]],
            ],
            "health": [
                "periodSeconds": 1, "soakSeconds": 2,
                "http": [["name": "ledger", "service": ["name": "ledger", "port": "http", "path": "/health"], "failureLimit": 2]],
            ],
        ]
        change(&spec)
        return [
            "apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration",
            "metadata": ["name": .string(Self.migration), "namespace": .string(namespace)], "spec": spec,
        ]
    }

    /// Makes a manifest live: before PostgreSQL 16 only superusers create subscriptions.
    static func live(_ spec: inout JSONValue) {
        spec["copy"] = ["mode": "Live", "jobs": 2]
        spec["verification"] = ["mode": "Checksum"]
        spec["cutover"]?["snapshotPauseSeconds"] = nil
        spec["cutover"]?["maxPauseSeconds"] = 60
        spec["source"]?["subscriptionCredentialsSecretRef"] = ["name": "source-superuser"]
        spec["target"]?["subscriptionCredentialsSecretRef"] = ["name": "target-superuser"]
    }

    func apply(_ change: (inout JSONValue) -> Void = { _ in }) async throws {
        _ = try await lab.client.create(DatabaseMigration.resource, manifest(change))
    }

    func patchSpec(_ spec: JSONValue) async throws {
        _ = try await lab.client.patch(DatabaseMigration.self, Self.migration, namespace: namespace, .merge(["spec": spec]))
    }

    @discardableResult
    func wait(_ what: String, seconds: Int = 90, until wanted: @escaping @Sendable (DatabaseMigrationStatus) -> Bool) async throws
        -> DatabaseMigrationStatus
    {
        let seen = try await lab.waitFor(DatabaseMigration.self, Self.migration, namespace, what, seconds: seconds) { $0.status.map(wanted) ?? false }
        return seen.status ?? DatabaseMigrationStatus()
    }

    @discardableResult
    func wait(phase: Phase, seconds: Int = 90) async throws -> DatabaseMigrationStatus {
        try await wait("phase \(phase.rawValue)", seconds: seconds) { $0.phase == phase.rawValue }
    }

    /// Removes the migration and the namespace; databases are left to the throw-away servers.
    func end() async throws {
        try await lab.client.delete(Namespace.self, namespace)
    }

    // MARK: What the world looks like

    func connectionString() async throws -> String {
        let secret = try await lab.client.get(Secret.self, Self.secret, namespace: namespace)
        return String(decoding: secret.data?[Self.key] ?? Data(), as: UTF8.self)
    }

    func count(_ side: Side) async throws -> Int {
        Int(try await lab.sql(side, database, "SELECT count(*) FROM app.ledger").first?[0] ?? "") ?? -1
    }

    /// Whether the application's role can write on a side, as an application would: an ordinary session and one row.
    func applicationCanWrite(_ side: Side) async -> Bool {
        do {
            let connection = try await session(side)
            defer { Task { await connection.close() } }
            try await connection.execute("INSERT INTO app.ledger (number) VALUES (-1)")
            return true
        } catch {
            return false
        }
    }

    /// A session of the application's role.
    func session(_ side: Side) async throws -> PostgresConnection {
        let server = side == .source ? lab.state.servers.source : lab.state.servers.target
        return try await PostgresConnection.open(
            lab.access(server, role, Redacted(password)), ConnectionOptions(database: database, applicationName: "app"))
    }

    /// Waits until a COPY into the target has written some rows and is not done. PostgreSQL can only be asked, so this polls.
    func rowsUnderWay(seconds: Int = 60) async throws {
        let text = "SELECT count(*) FROM pg_stat_progress_copy WHERE datname = \(SQL.literal(database)) AND tuples_processed > 1000"
        try await until("a COPY under way", seconds: seconds) { try await lab.sql(.target, "postgres", text).first?[0] == "1" }
    }

    /// Objects of ours that are still on a server's database.
    func artefacts(_ side: Side) async throws -> Int {
        let text = """
            SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = '_dbmigration') + (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '\\_dbmigration%')
                + (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) + (SELECT count(*) FROM pg_publication)
                + (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database())
            """
        return Int(try await lab.sql(side, database, text).first?[0] ?? "") ?? -1
    }

    func jobs() async throws -> [String] {
        try await lab.client.list(Job.self, namespace: namespace).items.map(\.name)
    }
}
