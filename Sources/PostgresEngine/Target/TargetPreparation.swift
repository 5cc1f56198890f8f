import Logging
import MigrationCore
import MigrationPorts

/// Makes roles, databases and the target's fence; whatever is there already is left as it is. With `copy.roles: Skip` no role is touched, and the
/// databases are ours.
struct TargetPreparation: Sendable {
    let context: DatabaseContext
    let logger: Logger

    func run() async throws {
        let source = Sessions(context.source, uid: context.uid)
        let names = context.plan.databases.map(\.name)
        let applications = context.applicationRoles.map(\.name)
        let uid = context.uid
        let (roles, descriptions) = try await source.withMaintenance { session in
            let roles = try await RoleCatalog(session: session).roles(databases: names, applications: applications)
            return (roles, try await DatabaseCatalog(session: session, uid: uid).describe(names))
        }
        let target = Sessions(context.target, uid: context.uid, suffix: OwnSessions.Kind.fence.rawValue)
        try await FenceLock.hold(target, uid: context.uid) { lock in
            let creation = RoleCreation(sessions: target, session: lock.session, logger: logger)
            if keepsRoles {
                try await creation.run(roles, applications: context.applicationRoles)
                // What the restore gives to an owner, only a member of it can give.
                for role in roles where role.isOwner { try await creation.join(role.name) }
            }
            for database in context.plan.databases {
                guard let description = descriptions.first(where: { $0.name == database.name }) else {
                    throw FenceFailure(server: source.server, what: "database \(database.name) is missing", remedy: "correct spec.databases")
                }
                try await ensure(database, description, creation, lock.session)
                try await fence(database.targetName, description.fenced, lock.session)
            }
        }
    }

    private var keepsRoles: Bool { context.plan.copy.roles == .createMissing }

    private func ensure(
        _ database: Plan.Database, _ description: DatabaseDescription, _ creation: RoleCreation, _ session: PostgresConnection
    ) async throws {
        let unfinished = UnfinishedDatabases(session: session, uid: context.uid)
        if try await session.rows("SELECT 1 FROM pg_database WHERE datname = \(SQL.literal(database.targetName))").isEmpty {
            guard database.createIfMissing else {
                throw FenceFailure(
                    server: session.server, what: "database \(database.targetName) is missing", remedy: "create it or set create: IfMissing")
            }
            try await unfinished.add(database.targetName)
            try await create(database, description, creation, session)
        } else if try await !unfinished.contains(database.targetName) {
            return
        }
        for text in settings(SQL.identifier(database.targetName), description) {
            do { try await session.execute(text) } catch let error as PostgresError where !error.isTransient { logger.warning("left out: \(error)") }
        }
        try await unfinished.remove(database.targetName)
    }

    private func create(
        _ database: Plan.Database, _ description: DatabaseDescription, _ creation: RoleCreation, _ session: PostgresConnection
    ) async throws {
        let ownerExists = try await !session.rows("SELECT 1 FROM pg_roles WHERE rolname = \(SQL.literal(description.owner))").isEmpty
        var statement = "CREATE DATABASE \(SQL.identifier(database.targetName)) TEMPLATE template0 ENCODING \(SQL.literal(description.encoding))"
        statement += " " + description.locale.clause(major: try await session.serverMajor())
        if ownerExists, keepsRoles {
            try await creation.join(description.owner)
            statement += " OWNER \(SQL.identifier(description.owner))"
        }
        try await session.execute(statement + " CONNECTION LIMIT \(description.fenced.limit)", attempt: "create database \(database.targetName)")
    }

    private func settings(_ name: String, _ description: DatabaseDescription) -> [String] {
        var statements = description.settings.compactMap { StoredSetting($0) }.map { "ALTER DATABASE \(name) \($0.clause)" }
        if let comment = description.comment { statements.append("COMMENT ON DATABASE \(name) IS \(SQL.literal(comment))") }
        guard keepsRoles else { return statements }
        statements += description.roleSettings.compactMap { item in
            StoredSetting(item.setting).map { "ALTER ROLE \(SQL.identifier(item.role)) IN DATABASE \(name) \($0.clause)" }
        }
        guard let grants = description.grants else { return statements }
        statements.append("REVOKE ALL ON DATABASE \(name) FROM PUBLIC")
        statements += grants.map { grant in
            let grantee = grant.grantee.isEmpty ? "PUBLIC" : SQL.identifier(grant.grantee)
            return "GRANT \(grant.privilege) ON DATABASE \(name) TO \(grantee)" + (grant.isGrantable ? " WITH GRANT OPTION" : "")
        }
        return statements
    }

    /// Read-only by default from the start; what is restored when the fence is lifted are the source's own settings.
    private func fence(_ database: String, _ settings: DatabaseSettings, _ session: PostgresConnection) async throws {
        let known = try await FenceTable.rows(session, uid: context.uid)
        if known.contains(where: { $0.database == database }) { return }
        // A preparation that comes after the clean-up must not fence what the applications live on by then.
        if let problem = try await TargetChecks(context: context).content(of: database) {
            throw FenceFailure(server: session.server, what: problem.message, remedy: "nothing was fenced")
        }
        let row = FenceRow(database: database, state: .closed, epoch: known.map(\.epoch).max() ?? 1, settings)
        try await session.transaction {
            try await FenceTable.write(session, uid: context.uid, [row], settings: [row.setReadOnly])
        }
    }
}
