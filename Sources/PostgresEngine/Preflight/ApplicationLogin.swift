import MigrationCore
import MigrationPorts

/// Whether an application's role gets in with the password its connection string holds.
struct ApplicationLogin: Sendable {
    let access: ServerAccess
    let side: Side
    let remedy: String

    func attempt(_ role: ApplicationRole, database: String) async -> PreflightProblem? {
        var login = access
        login.user = role.name
        login.password = role.password
        do {
            try await PostgresConnection.open(login, ConnectionOptions(database: database, applicationName: "dbmigration/preflight")).close()
            return nil
        } catch let error as PostgresError where error.kind == .authentication {
            let place = "\(side.rawValue) \(access.server.host):\(access.server.port)"
            return .init(
                reason: .authenticationFailed,
                message: "application role \(role.name) cannot log in to \(database) on \(place): \(error.message); \(remedy)")
        } catch {
            // Anything else (a missing database, no route, a closed door) is another check's finding.
            return nil
        }
    }
}
