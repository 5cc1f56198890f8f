import MigrationCore
import MigrationPorts

/// Read-only checks of both servers; every problem at once, each with what to do about it.
struct Preflight: Sendable {
    let context: DatabaseContext
    /// Live mode: how long a transaction may have been writing before it is a problem.
    var longTransactionSeconds = 60

    func run() async -> [PreflightProblem] {
        let source = SourceChecks(context: context, longTransactionSeconds: longTransactionSeconds)
        let target = TargetChecks(context: context, longTransactionSeconds: longTransactionSeconds)
        async let onSource = Self.gather(context.source, "source") { try await source.run() }
        async let onTarget = Self.gather(context.target, "target") { try await target.run() }
        var problems = await onSource.problems + (await onTarget.problems)
        if let source = await onSource.facts, let target = await onTarget.facts { problems += await together(source, target) }
        // The same server is the root of it: said first, and its databases are not somebody else's.
        guard let same = problems.firstIndex(where: { $0.reason == .sameServer }) else { return problems }
        problems.swapAt(0, same)
        return problems.filter { $0.reason != .targetNotEmpty }
    }

    struct Findings: Sendable {
        var facts: ServerFacts?
        var problems: [PreflightProblem]

        mutating func add(_ found: Found) {
            problems += found.problems
            facts?.superuserObjects += found.superuserObjects
            facts?.roleNeeds.add(found.roleNeeds)
            if let locks = found.lockNeeds { facts?.lockNeeds.append(locks) }
            facts?.extensions.merge(found.extensions) { ExtensionVersions.newer($0, $1) }
            facts?.installed[found.database] = Set(found.extensions.keys)
            if let live = found.live {
                problems += live.problems
                facts?.live?.add(live)
            }
        }
    }

    /// What one database showed.
    struct Found: Sendable {
        var database: String
        var problems: [PreflightProblem]
        /// Versions by name.
        var extensions: [String: String] = [:]
        var superuserObjects: [SuperuserObject] = []
        var roleNeeds = RoleNeeds()
        var lockNeeds: LockNeeds?
        var live: LiveDatabase?
    }

    private static func gather(_ access: ServerAccess, _ side: String, _ checks: () async throws -> Findings) async -> Findings {
        do {
            return try await checks()
        } catch {
            return Findings(facts: nil, problems: [.init(error, access, side: side)])
        }
    }

    /// What shows only when both servers answered.
    private func together(_ source: ServerFacts, _ target: ServerFacts) async -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        let (from, to) = (
            "\(context.source.server.host):\(context.source.server.port)", "\(context.target.server.host):\(context.target.server.port)"
        )
        if source.systemIdentifier == target.systemIdentifier {
            problems.append(.init(reason: .sameServer, message: "\(from) and \(to) are the same server: name another spec.target.host"))
        }
        if target.major < source.major {
            problems.append(
                .init(
                    reason: .versionUnsupported,
                    message: "\(to) runs PostgreSQL \(target.major), older than \(source.major) on \(from): use \(source.major) or newer"))
        }
        if let tool = await PostgresTool.major() {
            if tool < max(source.major, target.major) {
                let wanted = max(source.major, target.major)
                problems.append(
                    .init(reason: .versionUnsupported, message: "pg_dump here is of major \(tool): use an image with PostgreSQL client \(wanted)"))
            }
        } else {
            problems.append(.init(reason: .serverSettings, message: "pg_dump is not installed here: use an image with the PostgreSQL client"))
        }
        let missing = source.extensions.keys.filter { target.availableExtensions[$0] == nil }.sorted()
        if !missing.isEmpty {
            let list = missing.map { "\($0) \(source.extensions[$0] ?? "")" }.joined(separator: ", ")
            let remedy = target.provider.allowExtensions(missing, host: context.target.server.host)
            problems.append(
                .init(reason: .unsupportedObject, message: "extensions not available on \(to): \(list); \(remedy), or drop them on \(from)"))
        }
        problems += await untrusted(source, target, (from, to))
        problems += await rights(source, target, (from, to))
        problems += LockChecks(context: context).problems(source: source, target: target)
        problems += StorageChecks(context: context).problems(source: source.storage, target: target.storage)
        if context.plan.isLive { problems += await LivePair(context: context, source: source, target: target).problems() }
        return problems
    }

    private func untrusted(_ source: ServerFacts, _ target: ServerFacts, _ places: (from: String, to: String)) async -> [PreflightProblem] {
        guard !target.roles.isSuperuser else { return [] }
        let asked = context.plan.databases.map { database in
            (source.installed[database.name] ?? []).intersection(target.untrustedExtensions).subtracting(target.installed[database.targetName] ?? [])
        }
        let refused: Set<String>
        do {
            refused = try await Sessions(context.target, uid: context.uid).withMaintenance { session in
                var refused: Set<String> = []
                for name in Set(asked.joined()).sorted() where await !ExtensionProbe.isAllowed(name, session) { refused.insert(name) }
                return refused
            }
        } catch {
            return [.init(error, context.target, side: "target")]
        }
        return zip(context.plan.databases, asked).compactMap { database, asked in
            let left = asked.intersection(refused).sorted()
            guard !left.isEmpty else { return nil }
            let list = left.joined(separator: ", ")
            return .init(
                reason: .missingPrivilege,
                message:
                    "\(database.name) on \(places.from) has extensions that only a superuser may create on \(places.to): \(list); let one create database \(database.targetName) and them in it there, name a superuser's Secret in spec.target.credentialsSecretRef, or drop them"
            )
        }
    }

    private func rights(_ source: ServerFacts, _ target: ServerFacts, _ places: (String, String)) async -> [PreflightProblem] {
        let asks = source.superuserObjects.contains { $0.kind == SuperuserObject.eventTrigger }
        let names = Set(source.settings.map(\.name)).sorted()
        var found: (mayCreateEventTriggers: Bool, refusedSettings: Set<String>) = (true, [])
        if !target.roles.isSuperuser {
            do {
                found = try await Sessions(context.target, uid: context.uid).withMaintenance { session in
                    (asks ? await EventTriggerProbe.isAllowed(session) : true, try await SettingUse.refused(names, session))
                }
            } catch {
                return [.init(error, context.target, side: "target")]
            }
        }
        return RightsPair(
            source: source, target: target, roles: context.plan.copy.roles, mayCreateEventTriggers: found.mayCreateEventTriggers,
            refusedSettings: found.refusedSettings, user: SQL.identifier(context.target.user), places: places
        ).problems()
    }
}

/// What the checks of one server learn for the comparison.
struct ServerFacts: Sendable, Hashable {
    var systemIdentifier: String
    var major: Int
    var provider: Provider = .selfManaged
    /// Versions by name: what the databases have.
    var extensions: [String: String] = [:]
    /// Names by database.
    var installed: [String: Set<String>] = [:]
    /// What the server would install.
    var availableExtensions: [String: String] = [:]
    /// Of these, what only a superuser may install, unless the server has rules of its own (``ExtensionProbe``).
    var untrustedExtensions: Set<String> = []
    /// The source: what only a superuser could make again, and what it asks of roles.
    var superuserObjects: [SuperuserObject] = []
    var roleNeeds = RoleNeeds()
    var settings: [SettingUse] = []
    /// Of each database of the source.
    var lockNeeds: [LockNeeds] = []
    var lockTable: LockTable?
    /// The target.
    var roles = TargetRoles()
    /// `nil` when no storage is given to check it against.
    var storage: StorageUse?
    /// Live mode only.
    var live: LiveFacts?

    static func read(_ session: PostgresConnection) async throws -> ServerFacts {
        let row = try await session.rows(
            "SELECT system_identifier, current_setting('server_version_num')::int / 10000 AS major FROM pg_control_system()",
            attempt: "identify the server"
        ).first
        return ServerFacts(
            systemIdentifier: row?.text("system_identifier") ?? "", major: Int(row?.integer("major") ?? 0),
            provider: try await Provider.read(session),
            lockTable: try await LockTable.read(session))
    }
}

extension PreflightProblem {
    /// A server that cannot be asked.
    init(_ error: any Error, _ access: ServerAccess, side: String) {
        let place = "\(side) \(access.server.host):\(access.server.port)"
        guard let error = error as? PostgresError else {
            self.init(reason: .observationFailed, message: "\(place): \(error)")
            return
        }
        switch error.kind {
        case .unreachable:
            self.init(
                reason: .unreachable,
                message: "\(place) does not answer: \(error.message); check spec.\(side).host and port, firewall and network policy")
        case .authentication:
            self.init(
                reason: .authenticationFailed,
                message: "\(place) refuses user \(access.user): \(error.message); correct Secret \(access.server.credentials.name)")
        case .privilege: self.init(reason: .missingPrivilege, message: "\(place): \(error)")
        case .tooManyConnections:
            self.init(reason: .serverSettings, message: "\(place) has no free connection: \(error.message); raise max_connections")
        case _ where error.sqlState == "3D000":
            self.init(reason: .databaseMissing, message: "\(place): \(error.message); correct the database's name")
        default: self.init(reason: .observationFailed, message: "\(place): \(error)")
        }
    }
}
