import Logging
import MigrationCore
import MigrationPorts
import StructuredData

/// Creates the roles a migration needs on the target and sets the applications' passwords there.
struct RoleCreation: Sendable {
    let sessions: Sessions
    let session: PostgresConnection
    let logger: Logger

    func run(_ roles: [Role], applications: [ApplicationRole]) async throws {
        let wanted = Set(roles.map { ExactName($0.name) })
        let passwords = Dictionary(applications.map { (ExactName($0.name), $0) }) { first, _ in first }
        var known = try await existing()
        for role in roles where !known.contains(ExactName(role.name)) {
            // Together: whoever comes after a crash takes a role that is there for somebody else's.
            try await session.transaction {
                try await session.execute("CREATE ROLE \(SQL.identifier(role.name)) \(role.attributes)", attempt: "create role \(role.name)")
                try await applySettings(of: role)
            }
            logger.info("created role", metadata: ["role": "\(role.name)", "server": "\(sessions.server)"])
            known.insert(ExactName(role.name))
        }
        for role in roles {
            for group in role.memberOf {
                guard known.contains(ExactName(group)) else {
                    logger.warning("left out: role \(role.name) is a member of \(group) on the source, which is missing on \(sessions.server)")
                    continue
                }
                try await grant(group, to: role.name, isOurs: wanted.contains(ExactName(group)))
            }
        }
        for application in passwords.values.sorted(by: { $0.name < $1.name }) {
            if !known.contains(ExactName(application.name)) {
                try await session.execute("CREATE ROLE \(SQL.identifier(application.name)) LOGIN", attempt: "create role \(application.name)")
            }
            try await ensureLogin(application)
        }
    }

    /// Makes our role a member of `role`, without which it could give it nothing. Since 16 who creates a role may only administer it at first.
    func join(_ role: String) async throws {
        let rights = try await session.serverMajor() >= 16 ? ["USAGE", "SET"] : ["MEMBER"]
        let check = "SELECT " + rights.map { "pg_has_role(\(SQL.literal(role)), '\($0)')" }.joined(separator: " AND ")
        if try await session.rows(check, attempt: "ask for membership of \(role)").first?[0] == "t" { return }
        try await session.execute("GRANT \(SQL.identifier(role)) TO CURRENT_USER", attempt: "become a member of \(role)")
    }

    private func existing() async throws -> Set<ExactName> {
        Set(try await session.rows("SELECT rolname FROM pg_roles", attempt: "list roles").compactMap { $0[0].map { ExactName($0) } })
    }

    /// Within a transaction.
    private func applySettings(of role: Role) async throws {
        for setting in role.settings.compactMap({ StoredSetting($0) }) {
            try await orWarn("ALTER ROLE \(SQL.identifier(role.name)) \(setting.clause)", "set \(setting.name) for role \(role.name)")
        }
    }

    private func grant(_ group: String, to member: String, isOurs: Bool) async throws {
        let has =
            try await session.rows(
                """
                SELECT EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = \(SQL.literal(group)))
                AND m.member = (SELECT oid FROM pg_roles WHERE rolname = \(SQL.literal(member))))
                """, attempt: "ask for membership of \(group)"
            ).first?[0] == "t"
        if has { return }
        let statement = "GRANT \(SQL.identifier(group)) TO \(SQL.identifier(member))"
        // A predefined role such as pg_monitor may be beyond an administrator; the application's own roles may not.
        if isOurs {
            try await session.execute(statement)
        } else {
            try await session.transaction { try await orWarn(statement, "grant \(group) to \(member)") }
        }
    }

    /// Within a transaction, which goes on without what our role may not do.
    private func orWarn(_ statement: String, _ attempt: String) async throws {
        do { try await session.execute("SAVEPOINT optional; \(statement)", attempt: attempt) } catch let error as PostgresError
            where !error.isTransient
        {
            try await session.execute("ROLLBACK TO SAVEPOINT optional")
            logger.warning("left out: \(error)")
        }
    }

    // MARK: Passwords

    /// The application logs in with the password of its connection string; when it cannot, the password is set as a verifier made here.
    private func ensureLogin(_ role: ApplicationRole) async throws {
        if try await canLogIn(role) { return }
        guard role.name != sessions.access.user else {
            throw FenceFailure(
                server: sessions.server, what: "the application's role \(role.name) is the one we log in with, with another password",
                remedy: "give the application a role of its own or the same password")
        }
        let verifier = try await session.scramVerifier(password: role.password.reveal(), user: role.name)
        try await session.execute(
            "ALTER ROLE \(SQL.identifier(role.name)) LOGIN PASSWORD \(SQL.literal(verifier))", attempt: "set the password of role \(role.name)")
        guard try await canLogIn(role) else {
            throw FenceFailure(
                server: sessions.server, what: "role \(role.name) cannot log in with its connection string's password",
                remedy: "look at its attributes and at pg_hba.conf")
        }
    }

    private func canLogIn(_ role: ApplicationRole) async throws -> Bool {
        var access = sessions.access
        access.user = role.name
        access.password = role.password
        do {
            let options = ConnectionOptions(database: access.server.maintenanceDatabase, applicationName: sessions.applicationName)
            try await PostgresConnection.open(access, options).close()
            return true
        } catch let error as PostgresError {
            switch error.kind {
            case .authentication: return false
            // Refused after the password was accepted.
            case .privilege, .tooManyConnections: return true
            default: throw error
            }
        }
    }
}
