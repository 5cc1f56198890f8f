import DevCluster
import KubernetesClient
import KubernetesModel
import MigrationAPI
import StructuredData

/// The story behind PgBouncer: forth and back, several times, while 20 clients write as fast as they are answered.
struct PooledPerformance {
    static let clients = 20
    /// Between an answer and the next entry, so that the machine is not busy with the clients alone.
    static let breath = Duration.milliseconds(5)

    let story: Story
    let stage: Stage
    let load: Load
    let migration = CurrentMigration()
    var board = Board()
    private var users: Task<Void, Never>?
    private var forth = PauseSeries()
    private var back = PauseSeries()
    private var cutovers = 0

    init(story: Story, stage: Stage) {
        self.story = story
        self.stage = stage
        load = Load(databases: stage.databases, clients: Self.clients, breath: Self.breath)
    }

    mutating func run() async -> DemoResult {
        let followers = [
            Task { [load, stage] in await load.addresses.follow(stage.client, namespace: StagingNames.namespace) },
            Task { [migration, stage] in await migration.follow(stage.client) },
        ]
        var problems: [String] = []
        do { try await play() } catch { problems.append("\(error)") }
        load.stop.putUp()
        await users?.value
        let result = await assess(problems)
        for follower in followers { follower.cancel() }
        board.say("requests that failed: \(load.errorSummary.isEmpty ? "none" : load.errorSummary)")
        board.say("cutovers \(cutovers), as each of \(Self.clients) clients saw its longest wait: \(forth.text)")
        board.say("rollbacks \(cutovers), the same: \(back.text)")
        if !result.isSuccess {
            print(await Diagnosis(kubectl: Kubectl(state: stage.cluster)).text())
            for problem in result.problems { print("problem: \(problem)") }
        }
        print(
            "pgbouncer: cutovers \(cutovers) · errors \(load.errors) · lost \(result.lost) · pause p50 \(forth.percentile(50)) ms · "
                + "p99 \(forth.percentile(99)) ms · max \(forth.values.max() ?? 0) ms")
        return result
    }

    private mutating func play() async throws {
        let servers = stage.cluster.servers
        board.say(
            "setting up \(stage.databases.map(\.name).joined(separator: ", ")) on \(servers.source.host) behind \(StagingNames.poolers) PgBouncers")
        try await stage.setUp()
        try await stage.waitForDeployments()
        board.say("all pods are ready; \(Self.clients) clients begin to write")
        users = Task { [load] in await load.run() }
        try await load.waitForEntries(50, stage.deadline)
        try await stage.start(MigrationManifest(databases: stage.databases, servers: servers, soakSeconds: story.soakSeconds))
        for number in 1...story.cutovers {
            if number > 1 { try await stage.patchSpec(["goal": "Promoted", "attempt": .integer(Int64(number))]) }
            try await watch(until: "Promoted", attempt: number, pausing: ["Fencing", "Draining", "Switching", "Soaking", "Promoted"])
            try await load.waitForEntries(50, stage.deadline)
            forth.add(load.takeSlowest())
            board.say("cutover \(number): \(forth.text)")
            // Before the lanes back run, going back would lose what clients have written meanwhile, and waits for a person.
            try await waitForWayBack()
            try await stage.patchSpec(["goal": "RolledBack"])
            try await watch(until: "RolledBack", attempt: number, pausing: ["RollingBack", "RolledBack"])
            try await load.waitForEntries(50, stage.deadline)
            back.add(load.takeSlowest())
            cutovers = number
        }
    }

    private mutating func waitForWayBack() async throws {
        while migration.status?[.rollbackReady]?.status != "True" {
            board.show(Frame(after: board.elapsed, migration, load))
            guard ContinuousClock.now < stage.deadline.end else {
                throw DemoError.timeout(waitingFor: "RollbackReady", state: migration.status?[.rollbackReady]?.message ?? "no message")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Follows the migration to `phase`; what clients waited for before one of `phases` began is none of the pause.
    private mutating func watch(until phase: String, attempt: Int, pausing phases: Set<String>) async throws {
        var hasBegun = false
        while true {
            hasBegun = hasBegun || (migration.status?.attempt == attempt && phases.contains(migration.phase))
            // What waits now is counted when it is answered.
            if !hasBegun { _ = load.takeSlowest() }
            board.show(Frame(after: board.elapsed, migration, load))
            if migration.status?.attempt == attempt {
                if migration.phase == phase { return }
                if let obstacle = migration.obstacle { throw DemoError.stopped(phase: migration.phase, message: obstacle) }
            }
            guard ContinuousClock.now < stage.deadline.end else {
                throw DemoError.timeout(waitingFor: phase, state: "\(migration.phase), \(migration.status?.message ?? "no message")")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Compares confirmed entries with the source, to which everything went back.
    private mutating func assess(_ problems: [String]) async -> DemoResult {
        var result = DemoResult(
            phase: migration.phase, expectedPhase: story.expectedPhase, pauseMilliseconds: forth.percentile(99), acknowledged: load.acknowledged,
            errors: load.errors, problems: problems)
        guard users != nil else { return result }
        let servers = stage.cluster.servers
        for database in stage.databases {
            do {
                let side = ["Promoted", "Soaking"].contains(migration.phase) ? servers.target : servers.source
                let rows = try await ActiveSide(client: stage.client, servers: servers).rows(of: database, on: side)
                let audit = LedgerAudit(acknowledged: load.results[database.name]?.snapshot.acknowledged ?? [:], rows: rows)
                board.say(
                    "\(Text.left(database.name, 20))on \(side.host): acknowledged \(audit.acknowledged), lost \(audit.lost.count), "
                        + "duplicated \(audit.duplicated.count), unknown \(audit.unknown)")
                result.lost += audit.lost.count
                result.duplicated += audit.duplicated.count
            } catch {
                result.problems.append("\(error)")
            }
        }
        if load.errors > 0 { result.problems.append("clients saw errors: \(load.errorSummary)") }
        return result
    }
}
