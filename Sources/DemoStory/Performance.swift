import DevCluster
import KubernetesModel
import MigrationAPI
import Synchronization

/// One telling of a story.
struct Performance {
    let story: Story
    let stage: Stage
    let load: Load
    let migration = CurrentMigration()
    var board = Board()
    private var users: Task<Void, Never>?

    init(story: Story, stage: Stage) {
        self.story = story
        self.stage = stage
        load = Load(databases: stage.databases)
    }

    mutating func run() async -> DemoResult {
        let kubectl = Kubectl(state: stage.cluster)
        let followers = [
            Task { [load, stage] in await load.addresses.follow(stage.client, namespace: StagingNames.namespace) },
            Task { [migration, stage] in await migration.follow(stage.client) },
        ]
        var problems: [String] = []
        do { try await play() } catch { problems.append("\(error)") }
        await stopUsers()
        let result = await assess(problems)
        for follower in followers { follower.cancel() }
        board.say("requests that failed: \(load.errorSummary.isEmpty ? "none" : load.errorSummary)")
        board.say("longest time without a confirmed entry, as users saw it: \(Text.grouped(Text.milliseconds(load.longestGap))) ms")
        if let memory = ControllerProcess.memory() {
            board.say("controller memory: \(memory.resident / 1024) MiB resident, \(memory.peak / 1024) MiB at most")
        }
        print(await kubectl.run("get", "databasemigrations", "-n", StagingNames.namespace))
        if !result.isSuccess {
            print(await Diagnosis(kubectl: kubectl).text())
            for problem in result.problems { print("problem: \(problem)") }
        }
        return result
    }

    private mutating func play() async throws {
        let servers = stage.cluster.servers
        board.say("setting up \(stage.databases.map(\.name).joined(separator: ", ")) on \(servers.source.host), applications and controller")
        try await stage.setUp()
        try await stage.waitForDeployments()
        board.say("all pods are ready; waiting until users write into every database")
        users = Task { [load] in await load.run() }
        try await waitForEntries()
        board.say("kubectl apply: move everything to \(servers.target.host)")
        try await stage.start(
            MigrationManifest(databases: stage.databases, servers: servers, soakSeconds: story.soakSeconds, isLive: story.variant != .snapshot))
        try await watch(until: "Promoted")
        if story.variant == .rollback, migration.phase == "Promoted" {
            board.say("promoted; waiting until users wrote into every database on \(servers.target.host)")
            try await waitForEntries()
            board.say("kubectl patch: spec.goal RolledBack")
            try await stage.setGoal("RolledBack")
            try await watch(until: "RolledBack")
        }
        // Whatever happened: the applications have to be at work again.
        board.say("the migration is \(migration.phase); waiting until users write into every database again")
        try await waitForEntries()
    }

    /// No new entries; those under way still get their answer.
    private func stopUsers() async {
        load.stop.putUp()
        await users?.value
    }

    private func waitForEntries() async throws {
        try await load.waitForEntries(20, stage.deadline)
    }

    /// Shows the table until the migration has come to `phase`, or to an end that it does not leave by itself.
    private mutating func watch(until phase: String) async throws {
        let ends: Set = [phase, "Completed", "RolledBack", "Failed"]
        while true {
            board.show(Frame(after: board.elapsed, migration, load))
            if ends.contains(migration.phase) { return }
            if let obstacle = migration.obstacle { throw DemoError.stopped(phase: migration.phase, message: obstacle) }
            guard ContinuousClock.now < stage.deadline.end else {
                throw DemoError.timeout(waitingFor: story.expectedPhase, state: "\(migration.phase), \(migration.status?.message ?? "no message")")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Compares confirmed entries with the server each application now uses; also after a story that broke off.
    private mutating func assess(_ problems: [String]) async -> DemoResult {
        var result = DemoResult(
            phase: migration.phase, expectedPhase: story.expectedPhase,
            // After a rollback nobody wrote on the target, so the resource has no pause to tell; the users have.
            pauseMilliseconds: migration.status?.cutover?.pauseMilliseconds ?? Text.milliseconds(load.longestGap), acknowledged: load.acknowledged,
            errors: load.errors, problems: problems)
        guard users != nil else { return result }
        for database in stage.databases {
            do { try await audit(database, &result) } catch { result.problems.append("\(error)") }
        }
        return result
    }

    private mutating func audit(_ database: StagingDatabase, _ result: inout DemoResult) async throws {
        let checker = ActiveSide(client: stage.client, servers: stage.cluster.servers)
        let side = try await checker.server(of: database)
        let audit = LedgerAudit(
            acknowledged: load.results[database.name]?.snapshot.acknowledged ?? [:], rows: try await checker.rows(of: database, on: side))
        board.say(
            "\(Text.left(database.name, 20))on \(side.host): acknowledged \(audit.acknowledged), lost \(audit.lost.count), "
                + "duplicated \(audit.duplicated.count), unknown \(audit.unknown)")
        result.lost += audit.lost.count
        result.duplicated += audit.duplicated.count
        if !audit.lost.isEmpty { result.problems.append("lost in \(database.name): \(Self.some(audit.lost))") }
        if !audit.duplicated.isEmpty { result.problems.append("duplicated in \(database.name): \(Self.some(audit.duplicated))") }
        let expected = story.variant == .rollback ? stage.cluster.servers.source.host : stage.cluster.servers.target.host
        if side.host != expected { result.problems.append("\(database.secret) names \(side.host) instead of \(expected)") }
    }

    private static func some(_ lines: [LedgerAudit.Line]) -> String {
        lines.prefix(20).map(\.description).joined(separator: ", ") + (lines.count > 20 ? " and \(lines.count - 20) more" : "")
    }
}
