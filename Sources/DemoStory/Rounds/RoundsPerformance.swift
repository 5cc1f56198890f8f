import DevCluster
import KubernetesClient
import KubernetesModel
import MigrationAPI
import StructuredData

/// Forth and back, several times, under load. Behind PgBouncer nothing disturbs it, because no client may see an error; otherwise a fault strikes
/// on every way, and no confirmed entry may be lost.
struct RoundsPerformance {
    let story: Story
    let rounds: Int
    let stage: Stage
    let load: Load
    let migration = CurrentMigration()
    var board = Board()
    private var users: Task<Void, Never>?
    private var forth = PauseSeries()
    private var back = PauseSeries()
    private var cutovers = 0
    private var rollbacks = 0
    /// Cutovers that a fault undid, and that were tried again.
    private var undone = 0
    private var faults = 0
    private var attempt = 1

    /// Of a cutover behind poolers, in milliseconds, at the 99th percentile of its clients.
    private static let pauseLimit: Int64 = 1000

    private var isDisturbed: Bool { story.variant != .pgbouncer }

    init(story: Story, rounds: Int, stage: Stage) {
        self.story = story
        self.rounds = rounds
        self.stage = stage
        // Behind poolers they write as fast as they are answered.
        load =
            story.variant == .pgbouncer ? Load(databases: stage.databases, clients: 20, breath: .zero) : Load(databases: stage.databases)
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
        if !result.isSuccess {
            print(await Diagnosis(kubectl: Kubectl(state: stage.cluster)).text())
            for problem in result.problems { print("problem: \(problem)") }
        }
        print(isDisturbed ? disturbedLine(result) : pooledLine(result))
        return result
    }

    /// Scripts read both lines.
    private func pooledLine(_ result: DemoResult) -> String {
        "pgbouncer: cutovers \(cutovers) · errors \(load.errors) · lost \(result.lost) · pause p50 \(forth.percentile(50)) ms · "
            + "p99 \(forth.percentile(99)) ms · max \(forth.values.max() ?? 0) ms"
    }

    private func disturbedLine(_ result: DemoResult) -> String {
        "live: cutovers \(cutovers) · rollbacks \(rollbacks) · faults \(faults) · undone cutovers \(undone) · errors \(load.errors) · lost \(result.lost) · "
            + "longest time without a confirmed entry \(Text.milliseconds(load.longestGap)) ms"
    }

    private mutating func play() async throws {
        let servers = stage.cluster.servers
        let poolers = story.variant == .pgbouncer ? " behind \(StagingNames.poolers) PgBouncers" : ""
        board.say("setting up \(stage.databases.map(\.name).joined(separator: ", ")) on \(servers.source.host)\(poolers)")
        try await stage.setUp()
        try await stage.waitForDeployments()
        board.say("all pods are ready; \(load.clients) clients begin to write")
        users = Task { [load] in await load.run() }
        try await load.waitForEntries(50, stage.deadline)
        try await stage.start(MigrationManifest(databases: stage.databases, servers: servers, soakSeconds: story.soakSeconds))
        for number in 1...rounds {
            if number > 1 { try await tryAgain() }
            try await pass(
                to: "Promoted", pausing: ["Fencing", "Draining", "Switching", "Soaking", "Promoted"], isDisturbed ? .forth(number) : nil)
            try await load.waitForEntries(50, stage.deadline)
            cutovers += 1
            forth.add(load.takeSlowest())
            if !isDisturbed { board.say("cutovers \(cutovers), as each of \(load.clients) clients saw its longest wait: \(forth.text)") }
            // Before the lanes back run, going back would lose what clients have written meanwhile, and waits for a person.
            try await waitForWayBack()
            try await stage.patchSpec(["goal": "RolledBack"])
            try await pass(to: "RolledBack", pausing: ["RollingBack", "RolledBack"], isDisturbed ? .back(number) : nil)
            try await load.waitForEntries(50, stage.deadline)
            rollbacks += 1
            back.add(load.takeSlowest())
            if !isDisturbed { board.say("rollbacks \(rollbacks), the same: \(back.text)") }
        }
    }

    private mutating func tryAgain() async throws {
        attempt += 1
        try await stage.patchSpec(["goal": "Promoted", "attempt": .integer(Int64(attempt))])
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

    /// Follows the migration to `phase`; what clients waited for before one of `phases` began is none of the pause. A cutover that the fault undid
    /// is tried again.
    private mutating func pass(to phase: String, pausing phases: Set<String>, _ disturbance: Disturbance?) async throws {
        var hasBegun = false
        var disturbance = disturbance
        while true {
            let isCurrent = migration.status?.attempt == attempt
            hasBegun = hasBegun || (isCurrent && phases.contains(migration.phase))
            // What waits now is counted when it is answered.
            if !hasBegun { _ = load.takeSlowest() }
            board.show(Frame(after: board.elapsed, migration, load))
            if isCurrent {
                if migration.phase == phase { return }
                if let strike = disturbance, strike.phases.contains(migration.phase) {
                    disturbance = nil
                    try await disturb(strike)
                }
                if let obstacle = migration.obstacle {
                    guard phase == "Promoted", isDisturbed, disturbance == nil else {
                        throw DemoError.stopped(phase: migration.phase, message: obstacle)
                    }
                    board.say("undone: \(obstacle)")
                    undone += 1
                    try await tryAgain()
                }
            }
            guard ContinuousClock.now < stage.deadline.end else {
                throw DemoError.timeout(waitingFor: phase, state: "\(migration.phase), \(migration.status?.message ?? "no message")")
            }
            // Some phases last no longer than a few visits.
            try await Task.sleep(for: .milliseconds(disturbance == nil ? 50 : 5))
        }
    }

    private mutating func disturb(_ disturbance: Disturbance) async throws {
        try await Task.sleep(for: disturbance.delay)
        faults += 1
        board.say("\(disturbance.fault) in \(migration.phase)")
        try await disturbance.fault.strike(stage.cluster.servers, applications: stage.databases.map(\.role))
    }

    /// Compares confirmed entries with the source, to which everything went back.
    private mutating func assess(_ problems: [String]) async -> DemoResult {
        var result = DemoResult(
            phase: migration.phase, expectedPhase: story.expectedPhase,
            pauseMilliseconds: isDisturbed ? Text.milliseconds(load.longestGap) : forth.percentile(99), acknowledged: load.acknowledged,
            errors: load.errors, problems: problems)
        guard users != nil else { return result }
        if !isDisturbed, load.errors > 0 { result.problems.append("\(load.errors) clients saw an error, where a wait is all they may notice") }
        if !isDisturbed, forth.percentile(99) >= Self.pauseLimit {
            result.problems.append("p99 of the clients' longest waits is \(forth.percentile(99)) ms; less than \(Self.pauseLimit) are wanted")
        }
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
        if !isDisturbed, load.errors > 0 { result.problems.append("clients saw errors: \(load.errorSummary)") }
        return result
    }
}
