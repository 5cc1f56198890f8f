public import ConnectionStrings
import MigrationCore
import MigrationPorts
import StructuredData

extension PostgresConnection {
    /// Opens a session the way an application does: where and as whom is in a connection string.
    ///
    /// Of the string's parameters `sslmode` and `sslrootcert` count; several hosts are not tried in turn, the first one is it.
    ///
    /// - Parameters:
    ///   - connectSeconds: Longest wait for a connection, in seconds.
    ///   - settings: Server settings of the session from its start.
    /// - Throws: ``PostgresError``.
    public static func open(
        _ string: ConnectionString, applicationName: String, connectSeconds: Int = 10, settings: [String: String] = [:]
    ) async throws -> PostgresConnection {
        let host = string.hosts.first
        let server = Plan.Server(
            host: host?.name ?? "", port: host?.port ?? 5432, sslMode: string.parameters["sslmode"] ?? "prefer",
            // The login is in the string; there is no Secret to name.
            credentials: Plan.CredentialsReference(name: ""))
        let user = string.user ?? ""
        let access = ServerAccess(
            server: server, user: user, password: Redacted(string.password ?? ""), certificateAuthorityFile: string.parameters["sslrootcert"])
        let options = ConnectionOptions(
            // libpq's default for the database is the user's name.
            database: string.database ?? user, applicationName: applicationName, connectSeconds: connectSeconds, settings: settings)
        return try await open(access, options)
    }
}
