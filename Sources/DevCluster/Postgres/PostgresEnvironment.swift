import StructuredData

/// What libpq's programs need to connect, as variables: passwords do not belong in arguments.
public enum PostgresEnvironment {
    public static func variables(for server: DevServer, login: DevLogin, database: String) -> [String: String] {
        [
            "PGHOST": server.host, "PGPORT": "\(server.port)", "PGUSER": login.user, "PGPASSWORD": login.password.reveal(), "PGDATABASE": database,
            "PGSSLMODE": server.sslMode, "PGSSLROOTCERT": server.certificateAuthority, "PGCONNECT_TIMEOUT": "10",
        ]
    }
}
