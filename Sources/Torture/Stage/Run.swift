import KubernetesModel
import MigrationAPI
import MigrationCore

/// One run, from an empty namespace to nothing left of it.
struct Run: Sendable {
    let plan: RunPlan
    let arena: Arena
    let limit: Int
    let evidence: Evidence

    private let journal: Journal
    private let load: Load
    private let migration = MigrationWatch()
    private let auditor: Auditor
    private let injector: Injector

    init(_ plan: RunPlan, _ cluster: Cluster, limit: Int, evidence: String) {
        self.plan = plan
        self.limit = limit
        arena = Arena(cluster, plan)
        self.evidence = Evidence(folder: "\(evidence)/seed-\(plan.seed)")
        journal = Journal()
        load = Load(plan, arena, journal: journal)
        auditor = Auditor(arena: arena, journal: journal)
        injector = Injector(cluster: cluster, migration: migration)
    }

    func perform() async -> RunResult {
        var result = RunResult()
        let start = ContinuousClock.now
        let follower = Task { await migration.follow(arena) }
        await attempt("the run", &result) { _ in try await live() }
        await load.stop()
        await attempt("waiting for the cluster", &result) { _ in
            try await arena.cluster.healthy(seconds: limit)
        }
        result.phase = migration.isGone ? "deleted in \(migration.phase)" : migration.phase
        result.way = migration.way
        let active = try? await arena.activeSide()
        if let active {
            await attempt("the audit", &result) { try await audit(active, &$0) }
        } else {
            result.problems.append("the Secrets do not agree on a side")
        }
        result.injections = plan.injections.indices.map {
            injector.reports.line($0) ?? "(not struck: \(plan.injections[$0].description))"
        }
        if !result.isGood { await evidence.keep(result, plan, arena, migration, journal) }
        await attempt("the end", &result) { try await end(active ?? .source, &$0) }
        if !result.isGood { await evidence.add(result) }
        follower.cancel()
        result.seconds = Int((ContinuousClock.now - start).components.seconds)
        return result
    }

    private func attempt(
        _ what: String, _ result: inout RunResult, _ body: (inout RunResult) async throws -> Void
    ) async {
        do { try await body(&result) } catch { result.problems.append("\(what): \(error)") }
    }

    private func live() async throws {
        try await arena.makeDatabases()
        try await arena.makeObjects()
        await load.start(.anywhere)
        try await insist("writes on the source", seconds: limit) {
            journal.acknowledged(on: .source) > 20
        }
        try await arena.apply()
        let injections = Task { await injector.run(plan.injections) }
        let outcome: Result<Void, any Error>
        do {
            try await Conductor(arena: arena, load: load, migration: migration, limit: limit).play()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        injections.cancel()
        await injections.value
        try outcome.get()
    }

    // MARK: What must be true

    private func audit(_ active: Side, _ result: inout RunResult) async throws {
        result.acknowledged = journal.acknowledged
        for (database, audit) in try await auditor.ledgers(active).sorted(by: { $0.key < $1.key }) {
            result.lost += audit.lost.count
            result.doubled += audit.doubled.count
            result.problems += audit.lost.prefix(10).map {
                "lost in \(database): \($0.number) (\($0.kind)), acknowledged by the \($0.side.rawValue)"
            }
            result.problems += audit.doubled.prefix(10).map {
                "doubled in \(database): \($0.key), \($0.value) times"
            }
            result.problems += audit.risen.prefix(10).map {
                "refused but there in \(database): \($0.number) (\($0.kind)) by the \($0.side.rawValue)"
            }
            result.problems += audit.strangers.prefix(10).map {
                "nobody sent \($0), which is there in \(database)"
            }
        }
        result.problems += try await auditor.torn(active)
        result.problems += try await auditor.sequences(active)
        result.problems += journal.unexpected.map { "\($0.value) × unexpected answer: \($0.key)" }
            .sorted()
        let switches = migration.visits(.switching)
        // A rollback from before the switch moves nobody.
        result.twoWritable = SideAudit.unexplained(journal.all, switches: switches + min(switches, migration.visits(.rollingBack)))
        if !migration.isGone { try await compare(active, &result) }
    }

    /// Where a lane runs, both sides have to become equal.
    private func compare(_ active: Side, _ result: inout RunResult) async throws {
        let migration = migration
        switch (migration.phase, plan.ending) {
        case (Phase.promoted.rawValue, _):
            try await insist("the way back", seconds: limit, state: { migration.description }) {
                migration.status?[.rollbackReady]?.status == "True"
            }
        case (Phase.rolledBack.rawValue, .rolledBack) where !injector.reports.struck(.rollingBack):
            // Making them takes at most half of what the pause may last, so a fault at that moment may leave them out.
            try await insist(
                "the lanes for another attempt", seconds: limit, state: { migration.description }
            ) { migration.runsForward }
        case (Phase.rolledBack.rawValue, _): guard migration.runsForward else { return }
        default: return
        }
        var differences: [String] = []
        do {
            // Lanes that their server cannot decode are taken away when they are next looked at, within a minute.
            try await insist("both sides to be equal", seconds: min(limit, 90)) {
                if migration.phase == Phase.rolledBack.rawValue, migration.forwardLanes.isEmpty { return true }
                differences = try await auditor.differences()
                return differences.isEmpty
            }
        } catch {
            result.problems += differences.isEmpty ? ["\(error)"] : differences
            // What the other side lacks would be lost by going there.
            for (database, audit) in try await auditor.ledgers(active == .source ? .target : .source) {
                result.lost += audit.lost.count
                result.problems += audit.lost.prefix(10).map { "never arrived on the other side of \(database): \($0.number) (\($0.kind))" }
            }
        }
    }

    // MARK: The end

    private func end(_ active: Side, _ result: inout RunResult) async throws {
        try await arena.delete()
        let migration = migration
        do {
            try await insist("the deletion", seconds: limit, state: { migration.description }) {
                migration.isGone
            }
        } catch {
            result.problems.append("\(error)")
            try await arena.force()
        }
        var left: [String] = []
        // Garbage collection of Jobs takes its time; what is ours is gone with the object.
        try? await insist("nothing to be left", seconds: 20) {
            left = try await auditor.leftovers(active: active)
            return left.isEmpty
        }
        result.leftBehind = left.count
        result.problems += left.map { "left behind: \($0)" }
        if !left.isEmpty { try await arena.force() }
        try await arena.removeNamespace()
        try await arena.dropDatabases()
    }
}

extension MigrationWatch {
    var forwardLanes: [[LaneStatus]] {
        (status?.databases ?? []).map { ($0.lanes ?? []).filter { $0.direction == "Forward" } }.filter { !$0.isEmpty }
    }

    /// Every database has forward lanes, and all of them run.
    var runsForward: Bool {
        let lanes = forwardLanes
        return !lanes.isEmpty && lanes.count == status?.databases?.count && lanes.joined().allSatisfy { $0.stage == "Running" }
    }
}
