import FoundationEssentials
import StructuredData

/// One throw-away PostgreSQL server with an address, a certificate and passwords of its own.
struct PostgresServer: Sendable {
    let role: String
    let host: String
    let address: String
    let folder: StateFolder
    let binaries: PostgresBinaries
    /// How everybody reaches it, in libpq's words: `verify-full`, or `prefer` when one of the two servers has no TLS; its clients have none either.
    let sslMode: String
    let certificates: Certificates
    let superuserPassword = Redacted(RandomSecret.make())
    let administratorPassword = Redacted(RandomSecret.make())

    private var base: String { folder.file("postgres-\(role)") }
    private var data: String { base + "/data" }
    private var log: String { folder.log(of: "postgres-\(role)") }

    /// PostgreSQL refuses to run as root: root's servers run as `postgres`.
    private var asServerUser: [String] {
        Sandbox.isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
    }

    /// With a home of its own: a subscription's worker looks there for certificates, and the home it inherits may not be its to read.
    var component: Component {
        Component(name: "postgres-\(role)", command: asServerUser + ["env", "HOME=\(base)", "\(binaries.folder)/postgres", "-D", data], log: log)
    }

    var state: DevServer {
        DevServer(
            host: host, address: address, port: 5432, superuser: DevLogin(user: "postgres", password: superuserPassword),
            administrator: DevLogin(user: "psqladmin", password: administratorPassword), certificateAuthority: certificates.authority,
            sslMode: sslMode,
            log: log)
    }

    /// Makes the data folder, with a system identifier of its own, and the server's settings.
    func prepare() async throws {
        try StateFolder.makeFolder(base, mode: 0o700)
        try await certificates.createServing("postgres-\(role)", names: [host], addresses: [address])
        try Files.write(superuserPassword.reveal() + "\n", to: base + "/password")
        for (file, name) in [(certificates.certificate("postgres-\(role)"), "server.crt"), (certificates.key("postgres-\(role)"), "server.key")] {
            try FileManager.default.moveItem(atPath: file, toPath: "\(base)/\(name)")
        }
        if Sandbox.isRoot {
            try await Command.run(["chown", "-R", "postgres:", base])
        }
        // Not synced: the files are a minute old at most when the machine crashes, and worthless then.
        try await Command.run(
            asServerUser + [
                "\(binaries.folder)/initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile=\(base)/password", "--no-sync", "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ])
        try FileManager.default.removeItem(atPath: base + "/password")
        let settings = asServerUser + ["sh", "-c", #"cat >>"$1/postgresql.conf"; printf %s "$2" >"$1/pg_hba.conf""#, "sh", data, accessRules]
        try await Command.run(settings, input: configuration)
    }

    private var accessRules: String {
        let host = sslMode == "prefer" ? "host" : "hostssl"
        return """
            local   all all                 scram-sha-256
            \(host) all all all             scram-sha-256
            \(host) replication all all     scram-sha-256

            """
    }

    private var configuration: String {
        """

        listen_addresses = '\(address)'
        port = 5432
        unix_socket_directories = '\(base)'
        ssl = \(binaries.offersTLS ? "on" : "off")
        ssl_cert_file = '\(base)/server.crt'
        ssl_key_file = '\(base)/server.key'
        password_encryption = 'scram-sha-256'
        wal_level = logical
        max_connections = 100
        max_locks_per_transaction = 256
        max_wal_senders = 20
        max_replication_slots = 20
        max_worker_processes = 32
        max_logical_replication_workers = 16
        shared_buffers = 32MB
        max_wal_size = 512MB
        log_line_prefix = '%m [%p] %q%u@%d %a '
        log_connections = off

        """
    }

    /// Whether it takes connections.
    func isReady() async throws -> Bool {
        try await Command.run(["\(binaries.folder)/pg_isready", "-q", "-h", address, "-p", "5432"])
        return true
    }

    /// Makes the role a managed service gives its customers: not a superuser.
    func createAdministrator() async throws {
        let statement = """
            CREATE ROLE psqladmin LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD '\(administratorPassword.reveal())';
            GRANT pg_monitor, pg_signal_backend, pg_read_all_settings TO psqladmin WITH ADMIN OPTION;
            GRANT CREATE ON DATABASE postgres TO psqladmin;
            SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_create_subscription') AS subscribes \\gset
            \\if :subscribes
            GRANT pg_create_subscription TO psqladmin;
            \\endif

            """
        try await Command.run(
            ["\(binaries.folder)/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            environment: Command.environment(adding: PostgresEnvironment.variables(for: state, login: state.superuser, database: "postgres")),
            input: statement)
    }
}
