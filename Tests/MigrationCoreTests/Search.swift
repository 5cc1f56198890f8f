@testable import MigrationCore

/// Breadth-first search through everything that may happen within ``Limits``, and the way to rest from every state found.
struct Search {
    var mind: Mind
    let limits: Limits
    private(set) var worlds: [World] = []
    /// How each world came about: the number of its predecessor, and the step.
    private var origins: [(Int, Step)?] = []
    /// The budgets each state was seen with, one bit each.
    private var seen: [World.Key: UInt64] = [:]
    /// The first counterexample, as a readable trace.
    private(set) var counterexample: String?
    /// Every state from which, without faults and changes of mind, rest is reached.
    private var calmed: Set<World.Key> = []
    private(set) var outcomes: Set<Outcome> = []
    /// Whether others, where they write the Secrets, do so in the end.
    private let othersWrite: Bool

    /// Where the applications and the migration are in the end.
    struct Outcome: Hashable {
        var wish: World.Wish
        var phase: Phase
        var secrets: World.Reach
        var source: FenceState
        var target: FenceState
        var isGone: Bool
    }

    init(plan: Plan, limits: Limits, goesOnward: Bool = true, othersWrite: Bool = true) {
        self.othersWrite = othersWrite
        mind = Mind(plan: plan, goesOnward: goesOnward)
        self.limits = limits
        var world = World()
        world.isLive = plan.isLive
        world.isExternal = plan.cutover.isWrittenOutside
        world.isPooled = plan.hasPoolers
        world.faultsLeft = limits.faults
        world.changesLeft = limits.changes
        worlds = [world]
        origins = [nil]
        _ = isNew(world)
    }

    /// Visits every reachable state, shortest runs first; stops at the first broken rule.
    mutating func explore(atMost limit: Int = 2_000_000) {
        var index = 0
        var found: [(Step, World, String?)] = []
        while index < worlds.count, counterexample == nil {
            found.removeAll(keepingCapacity: true)
            mind.forEachStep(worlds[index], limits) { found.append(($0, $1, $2)) }
            for (step, next, broken) in found {
                if let broken {
                    counterexample = "\(broken)\n\(trace(index))  \(step)\n    → \(describe(next))"
                    return
                }
                guard isNew(next) else { continue }
                worlds.append(next)
                origins.append((index, step))
            }
            index += 1
            if worlds.count > limit { counterexample = "more than \(limit) states: the model is too large" }
        }
    }

    /// Whether the state was not yet seen with budgets at least as large: from there everything was reached that can be reached from here.
    private mutating func isNew(_ world: World) -> Bool {
        var larger: UInt64 = 0
        for faults in world.faultsLeft..<8 {
            for changes in world.changesLeft..<8 { larger |= 1 << UInt64(faults * 8 + changes) }
        }
        let bit = UInt64(1) << UInt64(world.faultsLeft * 8 + world.changesLeft)
        let before = seen[world.key, default: 0]
        guard before & larger == 0 else { return false }
        seen[world.key] = before | bit
        return true
    }

    /// From every state found, with faults switched off and the wish as it is: rest within so many steps, and applications that can write there.
    mutating func calm(within bound: Int = 120) {
        for index in worlds.indices where counterexample == nil {
            var world = worlds[index]
            (world.faultsLeft, world.changesLeft, world.late) = (0, 0, 0)
            var path: Set<World.Key> = []
            var isAtRest = false
            var steps = 0
            while steps < bound, !calmed.contains(world.key), !isAtRest {
                path.insert(world.key)
                steps += 1
                guard let next = calmStep(world) else {
                    isAtRest = true
                    break
                }
                // Watching for ever, with nothing to do, is a rest as well; doing something for ever is not.
                isAtRest = path.contains(next.key) && next.pending == 0 && world.pending == 0 && phase(next) == phase(world)
                world = next
            }
            if isAtRest, let broken = brokenAtRest(world) {
                counterexample = "\(broken)\n\(trace(index))  … and then, without faults, rests:\n    \(describe(world))"
            } else if !isAtRest, steps == bound {
                counterexample = "no rest within \(bound) steps\n\(trace(index))  … and then, without faults, is here:\n    \(describe(world))"
            }
            calmed.formUnion(path)
        }
    }

    /// The one step that happens when all goes well; `nil` at rest.
    private mutating func calmStep(_ world: World) -> World? {
        var next = world
        if world.pending != 0 {
            next.pending = 0
            let before = next.key
            next.pending = mind.number(next.perform(firstOf: mind.actions[Int(world.pending)]))
            if next.pending != 0 { return settled(next) }
            // What changes nothing and is decided again takes time.
            if next.key == before {
                let again = mind.answer(next, probe: .ok, blind: .none)
                if again.record == world.record, again.actions == world.pending {
                    if next.poolers.mounted != next.poolers.file {
                        next.poolers.mounted = next.poolers.file
                    } else if !finishJob(&next) {
                        next.record = mind.older(world.record)
                    }
                }
            }
            return settled(next)
        }
        if world.isGone { return nil }
        let answer = mind.answer(world, probe: .ok, blind: .none)
        if answer.record != world.record || answer.actions != 0 {
            next.remember(answer.record, newAttempt: mind.isNewAttempt(world.record, answer.record))
            next.pending = answer.actions
            return settled(next)
        }
        if world.isExternal, othersWrite, let side = wantedOutside(world) {
            next.secrets = side
            return settled(next)
        }
        if finishJob(&next) { return settled(next) }
        if world.rollout == .progressing, world.tag != 0 {
            next.finishRollout(.complete)
            return settled(next)
        }
        if world.poolers.mounted != world.poolers.file {
            next.poolers.mounted = world.poolers.file
            return settled(next)
        }
        for direction in Direction.allCases where world.canApply(direction) {
            next.apply(direction)
            next = settled(next)
            // A source in use is never caught up with for good.
            if next.key != world.key { return next }
        }
        if world.isPooled {
            (next.record, next.poolers.mounted) = (mind.due(world.record), world.poolers.file)
            if next.record != world.record { return next }
        }
        next.record = mind.older(world.record)
        return answer.isWaiting && next.record != world.record ? next : nil
    }

    /// Whether there was one that ran.
    private func finishJob(_ world: inout World) -> Bool {
        for (step, job) in [(WorkerStep.copy, world.copy), (.verify, world.verify)] where job.state == .running {
            _ = world.finish(step, .succeeded)
            return true
        }
        return false
    }

    /// Where others have still to lead the Secrets: to the target once asked, to the source when the cutover was undone or goes back.
    private func wantedOutside(_ world: World) -> World.Reach? {
        let wanted: World.Reach =
            switch phase(world) {
            case .switching, .soaking, .promoted, .cleaningUp, .completed: .target
            // Not before they are asked.
            case .rollingBack where !mind.traits[Int(world.record)].asksOthers: world.secrets
            default: .source
            }
        return world.secrets == wanted ? nil : wanted
    }

    private func phase(_ world: World) -> Phase { mind.traits[Int(world.record)].phase }

    /// What follows by itself.
    private func settled(_ world: World) -> World {
        var next = world
        if mind.traits[Int(next.record)].acceptsLoss, next.source.isWritable { next.writeOnTargetOnly = false }
        _ = next.writeOnSource()
        return next
    }

    private mutating func brokenAtRest(_ world: World) -> String? {
        outcomes.insert(
            Outcome(
                wish: world.wish, phase: mind.record(world).phase, secrets: world.secrets, source: world.source.state, target: world.target.state,
                isGone: world.isGone))
        // Whose turn it is has been said; the controller does not fight.
        if world.isTurnedBack, [.switching, .rollingBack].contains(phase(world)) { return nil }
        if world.cronJobs != .awake || world.replicas != .awake { return "rests while CronJobs are \(world.cronJobs) and replicas \(world.replicas)" }
        if world.isTurnedBack, phase(world) == .soaking { return nil }
        if world.isExternal, !othersWrite || world.isGone, wantedOutside(world) != nil { return nil }
        if world.isPooled { return brokenBehindPoolers(world) }
        let fence = world.secrets == .source ? world.source : world.target
        if world.secrets == .mixed { return "rests with Secrets that point to both sides" }
        if fence.state != .open { return "rests while the applications' side is \(fence.state)" }
        if world.rollout == .complete, world.pods != world.secrets { return "rests while pods use other connection strings than the Secrets hold" }
        if world.wish.isDeleted, !world.isGone { return "rests while it should be deleted" }
        return nil
    }

    private func brokenBehindPoolers(_ world: World) -> String? {
        if world.poolers.isPaused { return "rests while the applications wait behind a paused pooler" }
        if world.poolers.file != world.poolers.leads { return "rests with poolers that lead elsewhere than their files" }
        let fence = world.poolers.leads == .source ? world.source : world.target
        if fence.state != .open { return "rests while the applications' side is \(fence.state)" }
        return world.wish.isDeleted && !world.isGone ? "rests while it should be deleted" : nil
    }

    // MARK: Telling

    func trace(_ index: Int) -> String {
        var lines: [String] = []
        var at = index
        while let (from, step) = origins[at] {
            lines.append("  \(step)\n    → \(describe(worlds[at]))")
            at = from
        }
        return lines.reversed().joined(separator: "\n") + "\n"
    }

    func describe(_ world: World) -> String {
        let record = mind.record(world)
        var words = [
            "\(record.phase.rawValue)#\(record.attempt)", "source \(world.source.state)@\(world.source.epoch)",
            "target \(world.target.state)@\(world.target.epoch)", "secrets \(world.secrets)",
            "pods \(world.pods) \(World.text(world.tag) ?? "-") \(world.rollout)",
        ]
        if let fence = record.fence { words.append("fence@\(fence.epoch)\(start >= fence.deadline ? " overdue" : "")") }
        if let epoch = record.targetEpoch { words.append("opened@\(epoch)") }
        if record.firstClientWriteAt != nil { words.append("write known") }
        if world.writeOnTargetOnly { words.append("write on target only") }
        if world.isCopied { words.append("copied") }
        if world.isLive { words.append("forward \(world.forward)"); words.append("reverse \(world.reverse)") }
        if world.cronJobs != .awake || world.replicas != .awake { words.append("CronJobs \(world.cronJobs) replicas \(world.replicas)") }
        if let abort = record.abort { words.append("abort \(abort.reason)") }
        if let held = record.held { words.append("held \(held.reason)") }
        for action in mind.actions[Int(world.pending)] { words.append("pending \(action)") }
        for action in mind.actions[Int(world.late)] { words.append("late \(action)") }
        if world.wish != World.Wish() { words.append("wish \(world.wish)") }
        return words.joined(separator: " · ")
    }
}
