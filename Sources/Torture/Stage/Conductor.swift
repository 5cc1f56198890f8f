import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData

/// Plays the people of a run: sets goals, and tries again what an injected fault made the operator give up, as they would.
struct Conductor: Sendable {
    let arena: Arena
    let load: Load
    let migration: MigrationWatch
    /// For what hangs; seconds for each wait.
    let limit: Int

    private var plan: RunPlan { arena.plan }

    /// Takes the run to its ending.
    func play() async throws {
        var attempt = 1
        if plan.stopsAtReady, needsCutover {
            try await wait("AwaitingCutover", &attempt) { $0.phase == Phase.awaitingCutover.rawValue }
            try await dwell()
            try await arena.patch(["goal": "Promoted"])
        }
        switch plan.ending {
        case .promoted: try await promoted(&attempt)
        case .completed:
            try await promoted(&attempt)
            try await arena.patch(["goal": "Completed"])
            try await wait("Completed", &attempt) { $0.phase == Phase.completed.rawValue }
        case .rolledBack:
            try await promoted(&attempt)
            try await rollBack(&attempt)
        case .rolledBackEarly(let phase):
            try await reach(phase, &attempt)
            try await rollBack(&attempt)
        case .secondAttempt:
            try await promoted(&attempt)
            try await rollBack(&attempt)
            attempt += 1
            try await arena.patch(["goal": "Promoted", "attempt": .integer(Int64(attempt))])
            let wanted = attempt
            try await wait("Promoted again", &attempt) {
                $0.phase == Phase.promoted.rawValue && ($0.attempt ?? 0) >= wanted
            }
            try await works(on: .target)
        case .deleted(let phase):
            try await reach(phase, &attempt)
            try await deleteUnderLoad()
        }
    }

    private var needsCutover: Bool {
        switch plan.ending {
        case .deleted(let phase), .rolledBackEarly(let phase):
            [Phase.fencing, .draining, .switching, .soaking, .promoted].contains(phase)
        default: true
        }
    }

    private func promoted(_ attempt: inout Int) async throws {
        try await wait("Promoted", &attempt) { $0.phase == Phase.promoted.rawValue }
        try await works(on: .target)
    }

    private func rollBack(_ attempt: inout Int) async throws {
        try await arena.patch(["goal": "RolledBack"])
        try await wait("RolledBack", &attempt) { $0.phase == Phase.rolledBack.rawValue }
        try await works(on: .source)
    }

    private func reach(_ phase: Phase, _ attempt: inout Int) async throws {
        let migration = migration
        try await wait("\(phase.rawValue) to be reached", &attempt) { _ in migration.visits(phase) > 0 }
    }

    /// Applications work on a side for a while; that they can is what everything is about.
    private func works(on side: Side) async throws {
        let journal = load.journal
        let before = journal.acknowledged(on: side)
        try await insist(
            "writes to be acknowledged on the \(side.rawValue)", seconds: limit,
            state: { migration.description }
        ) {
            journal.acknowledged(on: side) > before + 5
        }
        try await dwell()
    }

    private func dwell() async throws {
        try await Task.sleep(for: .milliseconds(plan.dwellMilliseconds))
    }

    /// From the deletion on no fence keeps a forgotten server closed: applications then go where their Secrets say.
    private func deleteUnderLoad() async throws {
        await load.stop()
        try await arena.delete()
        var side = try await activeSide()
        await load.start(.only(side))
        let deadline = ContinuousClock.now + .seconds(limit)
        while !migration.isGone {
            guard ContinuousClock.now < deadline else {
                throw TortureError.waited(
                    seconds: limit, what: "the deletion", state: migration.description)
            }
            try await Task.sleep(for: .milliseconds(100))
            // A switch under way comes to its end first.
            let now = try await activeSide()
            guard now != side else { continue }
            await load.stop()
            side = now
            await load.start(.only(side))
        }
        try await Task.sleep(for: .milliseconds(500))
    }

    private func activeSide() async throws -> Side {
        var found: Side?
        try await insist("the Secrets to agree on a side", seconds: limit) {
            found = try await arena.activeSide()
            return found != nil
        }
        return found ?? .source
    }

    /// Waits until a status is as wanted; raises `spec.attempt` when the operator waits for a person to do so.
    private func wait(
        _ what: String, _ attempt: inout Int, _ wanted: (DatabaseMigrationStatus) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(limit)
        var raised = attempt - 1
        while true {
            if let status = migration.status, wanted(status) { return }
            if migration.isGone { throw TortureError.gone("the migration, while waiting for \(what)") }
            if needsPerson, raised < attempt, attempt < 6 {
                attempt += 1
                raised = attempt
                try await arena.patch(["attempt": .integer(Int64(attempt))])
            }
            // The number it works on has caught up: the next time is another one.
            if (migration.status?.attempt ?? 0) >= attempt { raised = attempt - 1 }
            guard ContinuousClock.now < deadline else {
                throw TortureError.waited(seconds: limit, what: what, state: migration.description)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private var needsPerson: Bool {
        guard let status = migration.status else { return false }
        switch status.phase {
        case Phase.failed.rawValue: return true
        case Phase.rolledBack.rawValue: return status[.stalled]?.status == "True"
        case Phase.awaitingCutover.rawValue: return status[.reconciling]?.reason == "AwaitingApproval"
        default: return false
        }
    }
}
