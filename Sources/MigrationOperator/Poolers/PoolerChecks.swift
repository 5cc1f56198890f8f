import ClusterWorkloads
import KubernetesClient
import MigrationCore
import PostgresEngine

/// What preflight asks the consoles of one pooler.
struct PoolerChecks: Sendable {
    let pooler: Plan.Pooler
    let plan: Plan
    /// It may lead to the target already, because its file was written for a cutover.
    let mayBeStaged: Bool

    func run(_ consoles: [PoolerConsole]) async -> [PreflightProblem] {
        if consoles.isEmpty {
            return [
                .init(reason: .unreachable, message: "pooler \(pooler.name) has no ready replica; start its pods, or correct spec.cutover.poolers")
            ]
        }
        var problems: [PreflightProblem] = []
        for console in consoles {
            do {
                problems += try await console.session { try await look(console.place, $0) }
            } catch {
                problems.append(problem(error))
            }
        }
        return problems
    }

    private func look(_ place: String, _ session: PoolerSession) async throws -> [PreflightProblem] {
        let name = "pooler \(pooler.name) at \(place)"
        let places = PoolerPlaces(pooler, plan)
        let databases = try await session.databases()
        var problems = places.missing(in: databases).map { missing in
            let similar = databases.first { $0.name == missing }
            let found = similar.map { "its database \(missing) leads to \($0.host ?? "a Unix socket"):\($0.port), database \($0.database)" }
            return PreflightProblem(
                reason: similar == nil ? .databaseMissing : .connectionElsewhere,
                message: "\(name): \(found ?? "no database leads to \(missing)"); expected is a line of [databases] with host=\(plan.source.host) "
                    + "port=\(plan.source.port) for \(missing), and RELOAD; a '*' does not do")
        }
        // Where the pooler serves others too, such a user may be theirs: then only those who are connected tell.
        if databases.allSatisfy({ places.leads($0) != nil }) { problems += sessionUsers(name, try await session.sessionUsers()) }
        for database in databases {
            guard let side = places.leads(database) else { continue }
            if side == .target, !mayBeStaged {
                problems.append(
                    .init(
                        reason: .connectionElsewhere,
                        message: "\(name): \(database.name) leads to the target already; lead it to the source, and RELOAD"))
            }
            var modes = try await session.poolModes(database.name)
            modes.insert(database.poolMode)
            if modes.contains("session") {
                problems.append(
                    .init(
                        reason: .serverSettings,
                        message:
                            "\(name): \(database.name) uses pool_mode session, whose connections end only with their clients, so that PAUSE would wait "
                            + "for all of them; set pool_mode to transaction or statement, also for users that have one of their own, and RELOAD"))
            }
            if database.isPaused, !mayBeStaged {
                problems.append(.init(reason: .serverSettings, message: "\(name): \(database.name) is paused; RESUME it, or wait for who paused it"))
            }
        }
        // Only an administrator may do this, and a pooler that runs takes no notice.
        if let running = databases.first(where: { places.leads($0) != nil && !$0.isPaused }) {
            do {
                try await session.resume(running.name)
            } catch {
                let refusal = (error as? PostgresError)?.message ?? "\(error)"
                problems.append(
                    .init(
                        reason: .missingPrivilege,
                        message:
                            "\(name): the console takes no commands from the user of Secret \(pooler.credentials.name): \(refusal); name it in admin_users"
                    ))
            }
        }
        return problems
    }

    private func sessionUsers(_ name: String, _ users: [String]) -> [PreflightProblem] {
        if users.isEmpty { return [] }
        return [
            .init(
                reason: .serverSettings,
                message:
                    "\(name): \(users.prefix(5).joined(separator: ", ")) of [users] has pool_mode session, so that PAUSE would wait for all its "
                    + "clients; take it away, and RELOAD")
        ]
    }

    /// An error as preflight says it.
    func problem(_ error: any Error) -> PreflightProblem {
        switch error {
        case let error as PostgresError where error.kind == .unreachable:
            .init(
                reason: .unreachable,
                message: "pooler \(pooler.name): \(error); start it, or correct spec.cutover.poolers, listen_addr or the network policy")
        case let error as PostgresError where error.kind == .authentication || error.sqlState == "08P01" || error.kind == .connectionLost:
            .init(
                reason: .authenticationFailed,
                message:
                    "pooler \(pooler.name): the console refuses the login of Secret \(pooler.credentials.name): \(error.message); correct the Secret, or "
                    + "name its user in auth_file and admin_users")
        case let error as ClusterWorkloadsError: .init(reason: error.reason, message: error.message)
        case let error as KubernetesError where error.kind == .forbidden: .init(reason: .forbidden, message: "pooler \(pooler.name): \(error)")
        default: .init(reason: .observationFailed, message: "pooler \(pooler.name): \(error)")
        }
    }
}
