import ClusterWorkloads
import KubernetesClient
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData

/// The PgBouncers of a plan: their files through the API server, and each replica through its own console.
struct PgBouncers: PoolersPort {
    /// How old the list of replicas may be within a pause, which is read when it begins.
    static let recent = Duration.seconds(5)
    /// Longest wait in one visit for files on their way to the replicas.
    static let turning = Duration.seconds(3)

    private let files: PoolerFiles
    private let directory: PoolerDirectory

    init(client: KubernetesClient) {
        files = PoolerFiles(client: client)
        directory = PoolerDirectory(client: client)
    }

    func preflight(_ migration: MigrationReference, plan: Plan, mayBeStaged: Bool) async -> [PreflightProblem] {
        guard let poolers = plan.cutover.poolers else { return [] }
        async let ofFiles = files.problems(migration, plan, mayBeStaged: mayBeStaged)
        var problems: [PreflightProblem] = []
        for pooler in poolers {
            let checks = PoolerChecks(pooler: pooler, plan: plan, mayBeStaged: mayBeStaged)
            do {
                let replicas = try await directory.replicas(pooler, migration, atMost: .zero)
                problems += await checks.run(consoles(replicas, replicas.ready, of: pooler))
            } catch {
                problems.append(checks.problem(error))
            }
        }
        return await ofFiles + problems
    }

    func applicationRoles(_ migration: MigrationReference, plan: Plan) async -> ApplicationRoles {
        var found = ApplicationRoles(roles: [], problems: [])
        for pooler in plan.cutover.poolers ?? [] {
            for login in pooler.logins {
                do {
                    let role = try await directory.login(login.credentials, of: "a login of pooler \(pooler.name)", migration)
                    found.roles.append(ApplicationRole(name: role.user, password: role.password, database: login.database))
                } catch {
                    found.problems.append(PoolerChecks(pooler: pooler, plan: plan, mayBeStaged: true).problem(error))
                }
            }
        }
        return found
    }

    func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<PoolersState> {
        do {
            async let inCluster = files.state(migration, plan)
            let replicas = try await readings(migration, plan)
            return .value(Self.state(files: try await inCluster, replicas))
        } catch {
            return .unknown("\(error)")
        }
    }

    func point(_ migration: MigrationReference, plan: Plan, to side: Side) async throws { try await files.point(migration, plan, to: side) }

    func pause(_ migration: MigrationReference, plan: Plan) async throws {
        let limit = Duration.seconds(plan.cutover.poolers?.map(\.pauseSeconds).max() ?? 0)
        let end = ContinuousClock.now + limit
        do {
            // Read now: who comes up later is not paused, and leads to a side that is closed.
            try await forEachReplica(migration, plan, atMost: .zero) { replica in
                try await replica.console.session { session in
                    for database in try await replica.databases(session) { try await session.pause(database.name, within: end - .now) }
                }
            }
            // A process that was stopped meanwhile does not know whose turn it is by now.
            guard ContinuousClock.now < end else { throw PoolerTrouble(message: "the poolers were paused too late") }
        } catch {
            // Also when this task was cancelled: whoever waits must not go on waiting for a pause that is not made.
            try? await Task { try await resume(migration, plan: plan) }.value
            throw error
        }
    }

    func turn(_ migration: MigrationReference, plan: Plan, to side: Side) async throws {
        let end = ContinuousClock.now + Self.turning
        try await forEachReplica(migration, plan, atMost: Self.recent) { replica in
            try await replica.console.session { session in
                while true {
                    let databases = try await replica.databases(session)
                    if databases.allSatisfy({ replica.places.leads($0) == side }) {
                        for database in databases where database.isPaused { try await session.resume(database.name) }
                        return
                    }
                    guard ContinuousClock.now < end else { return }
                    try await session.reload()
                    if try await replica.databases(session).allSatisfy({ replica.places.leads($0) == side }) { continue }
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    func resume(_ migration: MigrationReference, plan: Plan) async throws {
        try await forEachReplica(migration, plan, atMost: nil) { replica in
            try await replica.console.session { session in
                for database in try await session.databases() where database.isPaused && replica.places.leads(database) != nil {
                    try await session.resume(database.name)
                }
            }
        }
    }
}

// MARK: Replicas

extension PgBouncers {
    /// One process of a pooler.
    struct Replica: Sendable {
        var pooler: Plan.Pooler
        var console: PoolerConsole
        var places: PoolerPlaces
        /// It is ready, so that it has to answer.
        var isReady: Bool

        /// The databases of the plan as it serves them.
        func databases(_ session: PoolerSession) async throws -> [PoolerConsole.Database] {
            try places.own(try await session.databases(), at: "pooler \(pooler.name) at \(console.place)")
        }
    }

    /// All replicas at the same time; waits for all of them, then throws the first error there was.
    private func forEachReplica(
        _ migration: MigrationReference, _ plan: Plan, atMost age: Duration?, _ body: @escaping @Sendable (Replica) async throws -> Void
    ) async throws {
        _ = try await gather(migration, plan, atMost: age, body)
    }

    private func readings(_ migration: MigrationReference, _ plan: Plan) async throws -> [[(Side?, PoolerConsole.Database, String)]] {
        try await gather(migration, plan, atMost: Self.recent) { replica in
            try await replica.console.session { session in
                try await replica.databases(session).map { (replica.places.leads($0), $0, "\(replica.pooler.name) at \(replica.console.place)") }
            }
        }
    }

    private func gather<Answer: Sendable>(
        _ migration: MigrationReference, _ plan: Plan, atMost age: Duration?, _ body: @escaping @Sendable (Replica) async throws -> Answer
    ) async throws -> [Answer] {
        var all: [Replica] = []
        for pooler in plan.cutover.poolers ?? [] {
            let found = try await directory.replicas(pooler, migration, atMost: age)
            let places = PoolerPlaces(pooler, plan)
            for (isReady, addresses) in [(true, found.ready), (false, found.others)] {
                all += consoles(found, addresses, of: pooler).map { Replica(pooler: pooler, console: $0, places: places, isReady: isReady) }
            }
        }
        let results = await withTaskGroup(of: Result<Answer?, any Error>.self) { group in
            for replica in all {
                group.addTask {
                    do {
                        return .success(try await body(replica))
                    } catch let error as PostgresError where error.kind == .unreachable && !replica.isReady {
                        // Nobody is connected to it.
                        return .success(nil)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return try results.compactMap { try $0.get() }
    }

    private func consoles(_ replicas: PoolerReplicas, _ addresses: [ServiceAddress], of pooler: Plan.Pooler) -> [PoolerConsole] {
        addresses.map {
            PoolerConsole(host: $0.host, port: $0.port, sslMode: pooler.sslMode, user: replicas.login.user, password: replicas.login.password)
        }
    }

    private static func state(files: SecretsState, _ replicas: [[(Side?, PoolerConsole.Database, String)]]) -> PoolersState {
        let all = replicas.flatMap { $0 }
        let sides = Set(all.map(\.0))
        let leads: SecretsState = sides == [.source] ? .source : sides == [.target] ? .target : .mixed
        var evidence = "\(replicas.count) replicas"
        if leads == .mixed {
            evidence += "; on the source: " + Set(all.filter { $0.0 == .source }.map(\.2)).sorted().joined(separator: ", ")
        }
        let paused = Set(all.filter(\.1.isPaused).map(\.2)).sorted()
        if !paused.isEmpty { evidence += "; paused: " + paused.joined(separator: ", ") }
        return PoolersState(files: files, leads: leads, isPaused: !paused.isEmpty, evidence: evidence)
    }
}

/// Something about a pooler that its console does not say as an error.
struct PoolerTrouble: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
