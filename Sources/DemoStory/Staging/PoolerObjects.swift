import DevCluster
import StructuredData
import YAML

/// The PgBouncers in front of the source: one configuration, two replicas, and the part of the manifest that tells of them.
struct PoolerObjects: Sendable {
    /// After how many seconds the demo's node has brought a file to its pods, see `hack/demo`.
    static let fileSeconds = 4

    var databases: [StagingDatabase]
    var source: DevServer

    func documents() throws -> [JSONValue] {
        let administrator = ["username": "pgbouncer-admin", "password": StagingDatabase.newPassword()]
        let logins = databases.map { StagingObjects.secret(Self.login($0), ["username": $0.role, "password": $0.password.reveal()]) }
        let users = databases.map { ($0.role, $0.password.reveal()) } + [("pgbouncer-admin", administrator["password"] ?? "")]
        let secrets = [
            StagingObjects.secret("pgbouncer-admin", administrator),
            StagingObjects.secret("pgbouncer", ["pgbouncer.ini": configuration, "userlist.txt": users.map(Self.line).joined()]),
        ]
        return try (0..<StagingNames.poolers).reduce(into: logins + secrets) { $0 += try replica($1) }
            + YAML.decode(Self.service("pgbouncer", "app: pgbouncer"))
    }

    private var configuration: String {
        """
        [databases]
        \(databases.map { "\($0.name) = host=\(source.host) port=\(source.port)" }.joined(separator: "\n"))

        [pgbouncer]
        listen_port = \(StagingNames.poolerPort)
        unix_socket_dir =
        auth_type = scram-sha-256
        auth_file = /var/run/pgbouncer/userlist.txt
        admin_users = pgbouncer-admin
        pool_mode = transaction
        default_pool_size = 10
        max_client_conn = 200
        ; libpq's PGOPTIONS, which transaction pooling has no place for
        ignore_startup_parameters = options
        server_tls_sslmode = \(source.sslMode)
        server_tls_ca_file = \(StagingNames.certificateFolder)/\(StagingNames.certificateKey)
        """
    }

    /// What the migration's manifest says of them.
    static func traffic(_ databases: [StagingDatabase]) -> String {
        """
            traffic: PgBouncer
            poolers:
              - name: pgbouncer
                service: {name: pgbouncer, port: pgbouncer}
                adminSecretRef: {name: pgbouncer-admin}
                file: {secretRef: {name: pgbouncer, key: pgbouncer.ini}}
                fileSeconds: \(fileSeconds)
                logins:
        \(databases.map { "          - {credentialsSecretRef: {name: \(login($0))}, database: \($0.name)}" }.joined(separator: "\n"))
        """
    }

    private static func login(_ database: StagingDatabase) -> String { "\(database.application)-login" }

    /// A line of PgBouncer's `auth_file`.
    private static func line(_ user: String, _ password: String) -> String { "\"\(user)\" \"\(password.replacing("\"", with: "\"\""))\"\n" }

    /// Each listens on its own address only, because the node's pods share the ports of one machine. The setting follows on the file, which ends in the
    /// section it belongs to: opening a section again would give all of its settings their defaults.
    private func replica(_ number: Int) throws -> [JSONValue] {
        let name = StagingNames.pooler(number)
        return try YAML.decode(
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(name), namespace: \(StagingNames.namespace), labels: {app: pgbouncer}}
            spec:
              replicas: 1
              selector: {matchLabels: &labels {app: pgbouncer, replica: "\(number)"}}
              template:
                metadata: {labels: *labels}
                spec:
                  automountServiceAccountToken: false
                  terminationGracePeriodSeconds: 2
                  containers:
                    - name: pgbouncer
                      image: pgbouncer
                      command: [/bin/sh, -c]
                      args:
                        - |
                          printf '%%include /var/run/pgbouncer/pgbouncer.ini\\nlisten_addr = %s\\n' "$POD_IP" > /var/run/pgbouncer-own/main.ini
                          [ "$(id -u)" != 0 ] || set -- -u postgres
                          exec pgbouncer "$@" /var/run/pgbouncer-own/main.ini
                        - pgbouncer
                      env: [{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: PATH, value: "/usr/sbin:/usr/bin:/sbin:/bin"}]
                      ports: [{name: pgbouncer, containerPort: \(StagingNames.poolerPort), protocol: TCP}]
                      readinessProbe: {tcpSocket: {port: pgbouncer}, periodSeconds: 1}
                      volumeMounts:
                        - {name: configuration, mountPath: /var/run/pgbouncer, readOnly: true}
                        - {name: own, mountPath: /var/run/pgbouncer-own}
                        - {name: ca, mountPath: \(StagingNames.certificateFolder), readOnly: true}
                  volumes:
                    - {name: configuration, secret: {secretName: pgbouncer}}
                    - {name: own, emptyDir: {}}
                    - {name: ca, secret: {secretName: \(StagingNames.certificateSecret)}}
            ---
            \(Self.service(name, "app: pgbouncer, replica: \"\(number)\""))
            """)
    }

    private static func service(_ name: String, _ selector: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: \(StagingNames.namespace)}
        spec:
          selector: {\(selector)}
          ports: [{name: pgbouncer, port: \(StagingNames.poolerPort), targetPort: pgbouncer, protocol: TCP}]
        """
    }
}
