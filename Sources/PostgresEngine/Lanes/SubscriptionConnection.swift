import MigrationCore
import MigrationPorts
import StructuredData

/// How the subscriber's server reaches the publisher's: stored there as a libpq connection string. Holds a password.
struct SubscriptionConnection: Sendable {
    /// For a statement, never for a log.
    let text: String

    init(_ publisher: ServerAccess, database: String) {
        let server = publisher.server
        let login = publisher.replicator ?? Login(user: publisher.user, password: publisher.password)
        // The other server has no file with our CA, so it cannot verify; what asks for less than TLS is left as it is.
        let own = ["disable", "allow", "prefer"].contains(server.sslMode) ? server.sslMode : "require"
        let values = [
            ("host", server.replication?.host ?? server.host), ("port", String(server.replication?.port ?? server.port)), ("dbname", database),
            ("user", login.user), ("password", login.password.reveal()), ("sslmode", server.replication?.sslMode ?? own), ("connect_timeout", "10"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ]
        text = values.map { "\($0)='\(Self.escaped($1))'" }.joined(separator: " ")
    }

    private static func escaped(_ value: String) -> String {
        value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    }
}

extension PostgresConnection {
    /// Before a statement that holds a password: no log, no statistics and no activity view keep it, as far as this role may say so. The statement
    /// itself must not stand in a DO block: its context goes to the log with every warning.
    func keepStatementsOutOfTheLog() async throws {
        let quiet = """
            DECLARE item record; BEGIN
            FOR item IN SELECT s.name, v.value FROM pg_catalog.pg_settings s JOIN (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'),
                ('log_min_duration_sample', '-1'), ('log_transaction_sample_rate', '0'), ('log_min_error_statement', 'panic'), ('track_activities', 'off'),
                ('pg_stat_statements.track_utility', 'off'), ('pgaudit.log', 'none')) v (name, value) USING (name)
            LOOP
                BEGIN PERFORM set_config(item.name, item.value, false); EXCEPTION WHEN insufficient_privilege THEN NULL; END;
            END LOOP; END
            """
        try await execute("DO \(SQL.literal(quiet))", attempt: "keep statements out of the log")
    }
}
