import MigrationCore
import MigrationPorts

/// Preflight of the target: what creating roles and databases and restoring into them will need.
struct TargetChecks: Sendable {
    let context: DatabaseContext
    var longTransactionSeconds = 60

    private var sessions: Sessions { Sessions(context.target, uid: context.uid) }
    private var place: String { sessions.server }
    private var user: String { SQL.identifier(context.target.user) }

    func run() async throws -> Preflight.Findings {
        let databases = context.plan.databases
        var (findings, present) = try await sessions.withMaintenance { session in
            let settings = try await DatabaseSettings.read(session, databases.map(\.targetName))
            var findings = Preflight.Findings(facts: try await ServerFacts.read(session), problems: [])
            findings.facts?.roles = try await TargetRoles.read(session)
            findings.facts?.storage = try await StorageUse.read(session, context)
            let missing = databases.filter { settings[$0.targetName] == nil }
            findings.problems += try await rights(
                session, createsDatabases: missing.contains(where: \.createIfMissing), provider: findings.facts?.provider ?? .selfManaged)
            findings.problems += missing.filter { !$0.createIfMissing }.map {
                .init(
                    reason: .databaseMissing,
                    message: "database \($0.targetName) does not exist on target \(place): create it, or set create: IfMissing")
            }
            findings.problems += try await fenceRows(session, databases.map(\.targetName))
            let available = try await session.rows(
                """
                SELECT name, default_version, EXISTS (SELECT 1 FROM pg_available_extension_versions v WHERE v.name = e.name AND v.version = e.default_version
                    AND v.superuser AND NOT v.trusted) AS untrusted FROM pg_available_extensions e
                """, attempt: "list available extensions")
            findings.facts?.untrustedExtensions = Set(available.filter { $0.flag("untrusted") }.map { $0.text("name") })
            findings.facts?.availableExtensions = Dictionary(available.map { ($0.text("name"), $0.text("default_version")) }) { first, _ in first }
            if context.plan.isLive {
                await LiveChecks(context: context, side: .target, longTransactionSeconds: longTransactionSeconds).server(session, into: &findings)
                let isReadable = try await FenceTable.isReadable(session) == true
                if isReadable, try await !FenceTable.rows(session, uid: context.uid).isEmpty { findings.facts?.live?.isKnown = true }
            }
            return (findings, databases.filter { settings[$0.targetName] != nil })
        }
        // Roles are made with the passwords of the connection strings; whoever changed one since would lock the applications out after the switch.
        if context.plan.copy.roles == .skip {
            // Nobody makes them.
            let login = ApplicationLogin(
                access: context.target, side: .target,
                remedy: "with spec.copy.roles: Skip no role is made: CREATE ROLE there with the password of the connection string's Secret")
            for role in context.applicationRoles {
                guard let database = databases.first(where: { $0.name == role.database }) else { continue }
                if let problem = await login.attempt(role, database: database.targetName) { findings.problems.append(problem) }
            }
        } else if try await isPrepared() {
            let login = ApplicationLogin(
                access: context.target, side: .target, remedy: "ALTER ROLE … PASSWORD to the one of the connection string's Secret")
            for role in context.applicationRoles {
                guard let database = databases.first(where: { $0.name == role.database }) else { continue }
                if let problem = await login.attempt(role, database: database.targetName) { findings.problems.append(problem) }
            }
        }
        for database in present {
            do {
                let content = try await look(into: database.targetName)
                if let problem = content.problem { findings.problems.append(problem) }
                if content.isOurs { findings.facts?.live?.isKnown = true }
                findings.facts?.installed[database.targetName] = content.extensions
            } catch {
                findings.problems.append(.init(error, context.target, side: "target"))
            }
        }
        return findings
    }

    private func isPrepared() async throws -> Bool {
        try await sessions.withMaintenance { session in
            guard try await FenceTable.isReadable(session) == true else { return false }
            return try await !FenceTable.rows(session, uid: context.uid).isEmpty
        }
    }

    private func rights(_ session: PostgresConnection, createsDatabases: Bool, provider: Provider) async throws -> [PreflightProblem] {
        var problems = try await CommonChecks.privileges(session, place: "target \(place)", user: user)
        problems += try await ClosedDoor.problems(session, place: "target \(place)", roles: context.target.rolesBehindTheDoor)
        let row = try await session.rows(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user", attempt: "check our attributes"
        ).first
        guard let row, !row.flag("rolsuper") else { return problems }
        let wanted = [
            ("CREATEDB", row.flag("rolcreatedb") || !createsDatabases, "ALTER ROLE \(user) CREATEDB"),
            ("CREATEROLE", row.flag("rolcreaterole") || context.plan.copy.roles == .skip, "ALTER ROLE \(user) CREATEROLE"),
            ("REPLICATION", try await CommonChecks.mayReplicate(session), provider.grantReplication(to: user)),
        ]
        problems += wanted.filter { !$0.1 }.map {
            .init(reason: .missingPrivilege, message: "role \(context.target.user) on target \(place) lacks \($0.0): \($0.2)")
        }
        return problems
    }

    private func fenceRows(_ session: PostgresConnection, _ names: [String]) async throws -> [PreflightProblem] {
        guard try await FenceTable.isReadable(session) == true else { return [] }
        return try await session.rows(
            "SELECT database, uid FROM _dbmigration.fence WHERE database IN \(SQL.list(names)) AND uid <> \(SQL.literal(context.uid))",
            attempt: "look for fences of others"
        ).map {
            .init(
                reason: .stateLost,
                message:
                    "database \($0.text("database")) on target \(place) belongs to migration \($0.text("uid")): let that one clean up, or choose another targetName"
            )
        }
    }

    /// Empty, or a copy of ours.
    func content(of name: String) async throws -> PreflightProblem? { try await look(into: name).problem }

    private func look(into name: String) async throws -> (isOurs: Bool, extensions: Set<String>, problem: PreflightProblem?) {
        let session: PostgresConnection
        do {
            session = try await sessions.open(name, .ordinary)
        } catch let error as PostgresError where error.kind == .tooManyConnections {
            session = try await sessions.open(name, .replication)
        }
        let found: Row?
        let isOurs: Bool
        let largeObjects: Int64
        let extensions: Set<String>
        do {
            isOurs = try await Journal.head(session)?.uid == context.uid
            found = try await session.rows(
                """
                SELECT count(*) AS count, min(n.nspname || '.' || c.relname) AS first \(UserObjects.relations("'r', 'p', 'v', 'm', 'S', 'f'"))
                """, attempt: "look for tables in \(name)"
            ).first
            largeObjects = try await SourceCatalog(session: session).largeObjects()
            extensions = Set(try await session.rows("SELECT extname FROM pg_extension", attempt: "list extensions").compactMap { $0[0] })
        } catch {
            await session.close()
            throw error
        }
        await session.close()
        guard !isOurs, let count = found?.integer("count"), count > 0 || largeObjects > 0 else { return (isOurs, extensions, nil) }
        if count == 0 {
            return (
                false, extensions,
                PreflightProblem(
                    reason: .targetNotEmpty,
                    message: "database \(name) on target \(place) holds \(largeObjects) large objects: drop it or choose another targetName")
            )
        }
        let problem = PreflightProblem(
            reason: .targetNotEmpty,
            message:
                "database \(name) on target \(place) is not empty (\(count) relations, e.g. \(found?.text("first") ?? "")): drop it or choose another targetName"
        )
        return (false, extensions, problem)
    }
}
