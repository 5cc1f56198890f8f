@testable import MigrationCore

/// One thing that happens in the simulated world.
enum Step: Hashable, CustomStringConvertible {
    case visit(Verdict, blind: Mind.Blindness)
    case perform(Outcome)
    case lateArrival
    /// The lanes deliver, or lose their slot.
    case applied(Direction), laneLost(Direction)
    /// The poolers' file arrives where they can read it.
    case mounted
    /// So much time passes that it has arrived.
    case filesDue
    /// A pooler starts anew, and reads its file.
    case poolerRestarted
    /// The lease is lost: the controller sets out to undo its fence, while a successor goes on.
    case leaseLost
    case job(WorkerStep, World.Job.State)
    case rollout(World.Rollout)
    /// Others write the Secrets, as they are asked to or against what was written.
    case outside(Side)
    case write
    /// A person runs the commands of `status.remaining`.
    case byHand
    case wish(Change)
    case time

    /// What becomes of the action that was persisted.
    enum Outcome: UInt8, CaseIterable {
        case success
        /// Nothing happened: an error, or a crash between persisting and performing.
        case nothing
        /// Cut off, by an error or a crash, before or after its compare-and-set.
        case cutEarly, cutLate
        /// A crash, with the action still under way: it arrives later or never.
        case delayed
        /// Performed, and under way a second time.
        case twice

        var isFault: Bool { self != .success }
        /// What a crash of the controller can make of it.
        var isCrash: Bool { self == .nothing || self == .delayed || self == .twice }
    }

    enum Change: Hashable {
        case goal(Goal)
        case suspend, resume, invalid, valid, delete, backWithLoss
        /// `spec.attempt` raised, goal Promoted.
        case again
    }

    var description: String {
        switch self {
        case .visit(let probe, let blind): "visit" + (probe == .ok ? "" : ", probe \(probe)") + (blind == .none ? "" : ", blind to the \(blind)")
        case .perform(let outcome): "perform: \(outcome)"
        case .lateArrival: "the late action arrives"
        case .applied(let direction): "the \(direction) lanes deliver"
        case .laneLost(let direction): "the \(direction) slot is lost"
        case .mounted: "the poolers' file arrives"
        case .filesDue: "the time of files passes"
        case .poolerRestarted: "the poolers start anew"
        case .leaseLost: "the lease is lost, and the undo of the fence is under way"
        case .job(let step, let state): "\(step) Job: \(state)"
        case .rollout(let result): "rollout: \(result)"
        case .outside(let side): "others lead the Secrets to the \(side)"
        case .write: "a client writes on the target"
        case .byHand: "a person opens the source"
        case .wish(let change): "user: \(change)"
        case .time: "a long time passes"
        }
    }
}

/// What a run of the model may contain.
struct Limits {
    var faults: UInt8
    /// Changes of the user's mind and jumps in time, together.
    var changes: UInt8
    var kind = Kind.all
    /// Only these changes of mind.
    var offers: [Step.Change] = Limits.everyChange
    var timeJumps = true

    /// Which faults happen.
    enum Kind {
        case all
        /// Those which a crash of the controller explains.
        case crashes
        /// Jobs that fail; the controller lives and succeeds.
        case jobs
    }

    static let everyChange: [Step.Change] = [
        .goal(.ready), .goal(.promoted), .goal(.completed), .goal(.rolledBack), .suspend, .resume, .invalid, .valid, .delete, .backWithLoss, .again,
    ]
}

extension Mind {
    /// Calls `body` with every step possible in `world` and what it leads to, and with the rule the step broke, if it did.
    mutating func forEachStep(_ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        controllerSteps(world, limits, body)
        worldSteps(world, limits, body)
        // What the user does between a decision and its performance can as well happen after it: no action looks at the wish.
        guard world.changesLeft > 0, world.pending == 0 else { return }
        for change in limits.offers {
            guard var next = world.changed(change) else { continue }
            next.changesLeft -= 1
            finish(.wish(change), next, nil, body)
        }
        if limits.timeJumps, !world.isGone {
            var next = world
            next.record = older(world.record)
            next.poolers.mounted = world.poolers.file
            next.changesLeft -= 1
            if next.record != world.record { finish(.time, next, nil, body) }
        }
    }

    private mutating func controllerSteps(_ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        if world.pending != 0 {
            for outcome in Step.Outcome.allCases { perform(outcome, world, limits, body) }
        } else if !world.isGone {
            let isSoaking = traits[Int(world.record)].phase == .soaking
            for probe in isSoaking ? [Verdict.ok, .failed] : [.ok] { visit(world, probe, .none, body) }
            if world.faultsLeft > 0, limits.kind == .all {
                for blind in Blindness.allCases where blind != .none { visit(world, .ok, blind, body) }
            }
        }
    }

    private mutating func visit(_ world: World, _ probe: Verdict, _ blind: Blindness, _ body: (Step, World, String?) -> Void) {
        let answer = answer(world, probe: probe, blind: blind)
        guard answer.record != world.record || answer.actions != 0 else { return }
        var next = world
        next.remember(answer.record, newAttempt: isNewAttempt(world.record, answer.record))
        next.pending = answer.actions
        if blind != .none { next.faultsLeft -= 1 }
        finish(.visit(probe, blind: blind), next, broken(world, next), body)
    }

    /// What one decision must not do, given the record before it.
    private func broken(_ world: World, _ next: World) -> String? {
        let before = traits[Int(world.record)]
        let after = traits[Int(next.record)]
        if before.isOverdue {
            if after.phase != before.phase, after.phase != .awaitingCutover { return "a fence past its deadline leads to \(after.phase)" }
            if case .closeSource? = actions[Int(next.pending)].first { return "a fence past its deadline is closed" }
        }
        if before.phase.isTerminal, after.phase != before.phase, after.attempt == before.attempt,
            !(before.phase == .failed && world.wish.goal == .rolledBack)
        {
            return "\(before.phase) does not absorb"
        }
        switch actions[Int(next.pending)].first {
        case .removeArtefacts?, .discardOriginals?:
            return after.phase == .cleaningUp || world.wish.isDeleted ? nil : "something is destroyed before goal Completed"
        case .closeSource? where plan.cutover.stopsWorkloads && world.replicas != .resting: return "the source is fenced before replicas are at zero"
        case .releaseFinalizer? where world.cronJobs != .awake || world.replicas != .awake: return "deleted while CronJobs or replicas rest"
        default: return nil
        }
    }

    private mutating func perform(_ outcome: Step.Outcome, _ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        let decided = actions[Int(world.pending)]
        guard let action = decided.first else { return }
        if outcome.isFault, world.faultsLeft == 0 || limits.kind == .jobs || (limits.kind == .crashes && !outcome.isCrash) { return }
        var next = world
        next.pending = 0
        if outcome.isFault { next.faultsLeft -= 1 }
        switch outcome {
        case .success: next.pending = number(next.perform(firstOf: decided))
        case .nothing: break
        case .cutEarly, .cutLate:
            guard action.canBeCut else { return }
            next.perform(action, cut: outcome == .cutEarly ? .early : .late)
        case .delayed, .twice:
            guard action.canBeLate, world.late == 0 else { return }
            if outcome == .twice { next.pending = number(next.perform(firstOf: decided)) }
            next.late = world.pending
        }
        finish(.perform(outcome), next, nil, body)
    }

    private mutating func worldSteps(_ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        if world.late != 0 {
            var next = world
            next.late = 0
            next.late = number(next.perform(firstOf: actions[Int(world.late)]))
            finish(.lateArrival, next, nil, body)
        }
        if world.faultsLeft > 0, limits.kind != .jobs, world.late == 0, world.pending == 0,
            case let undo = self.record(world).undoWithoutLease(SourceState(fence: world.source.state, epoch: Int64(world.source.epoch))),
            !undo.isEmpty
        {
            var next = world
            next.faultsLeft -= 1
            next.late = number(undo)
            finish(.leaseLost, next, nil, body)
        }
        poolerSteps(world, limits, body)
        for (step, job) in [(WorkerStep.copy, world.copy), (.verify, world.verify)] where job.state == .running {
            for result in [World.Job.State.succeeded, .mayRetry, .failed] {
                var next = world
                if result != .succeeded {
                    guard world.faultsLeft > 0, limits.kind != .crashes else { continue }
                    next.faultsLeft -= 1
                }
                let broken = next.finish(step, result)
                finish(.job(step, result), next, broken, body)
            }
        }
        outsideSteps(world, limits, body)
        let record = traits[Int(world.record)]
        // Known limit: not while the lanes carry back what the target took; whoever opens the source then was told what that gives up.
        if limits.kind == .all, record.tellsToOpenSource, !world.reverse.applies, world.source.state != .open {
            var next = world
            next.openByHand(closingTarget: record.tellsToCloseTarget)
            finish(.byHand, next, nil, body)
        }
        for direction in Direction.allCases {
            if world.canApply(direction) {
                var next = world
                next.apply(direction)
                finish(.applied(direction), next, nil, body)
            }
            if world.faultsLeft > 0, limits.kind == .all, world[direction].stage != .absent, !world[direction].isLost {
                var next = world
                next.faultsLeft -= 1
                next[direction].isLost = true
                finish(.laneLost(direction), next, nil, body)
            }
        }
        if world.rollout == .progressing, world.tag != 0 {
            for result in [World.Rollout.complete, .failed] {
                var next = world
                next.finishRollout(result)
                finish(.rollout(result), next, nil, body)
            }
        }
        if world.takesWrites(.target), !(world.writeOnTargetOnly && world.clientWrote) {
            var next = world
            let broken = next.writeOnTarget()
            finish(.write, next, broken, body)
        }
    }

    func isNewAttempt(_ before: UInt32, _ after: UInt32) -> Bool { traits[Int(before)].attempt != traits[Int(after)].attempt }

    /// Where others write, they may at any time from when it is announced; elsewhere, turning back what was written is a fault.
    private func outsideSteps(_ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        let phase = traits[Int(world.record)].phase
        var next = world
        if world.isExternal {
            let sides: [Side] =
                switch phase {
                case .awaitingCutover: [.source, .target]
                case .fencing, .draining, .switching: [.target]
                case .rollingBack where traits[Int(world.record)].asksOthers: [.source]
                default: []
                }
            for side in sides where world.secrets != (side == .source ? .source : .target) {
                next.secrets = side == .source ? .source : .target
                finish(.outside(side), next, nil, body)
            }
        } else if world.faultsLeft > 0, limits.kind == .all, [.switching, .soaking, .rollingBack].contains(phase), let written = world.written,
            !world.isTurnedBack
        {
            next.faultsLeft -= 1
            next.secrets = written == .source ? .target : .source
            finish(.outside(written == .source ? .target : .source), next, nil, body)
        }
    }

    private mutating func poolerSteps(_ world: World, _ limits: Limits, _ body: (Step, World, String?) -> Void) {
        guard world.isPooled else { return }
        if world.poolers.mounted != world.poolers.file {
            var next = world
            next.poolers.mounted = world.poolers.file
            finish(.mounted, next, nil, body)
        }
        let later = due(world.record)
        // Writing a file takes no longer than its request; what takes as long as files do comes after it.
        if later != world.record, world.pending == 0 {
            var next = world
            (next.record, next.poolers.mounted) = (later, world.poolers.file)
            finish(.filesDue, next, nil, body)
        }
        if world.faultsLeft > 0, limits.kind == .all, world.poolers.leads != world.poolers.mounted || world.poolers.isPaused {
            var next = world
            next.faultsLeft -= 1
            (next.poolers.leads, next.poolers.isPaused) = (world.poolers.mounted, false)
            finish(.poolerRestarted, next, nil, body)
        }
    }

    /// What follows by itself from the step, and the rules that hold of every state.
    private func finish(_ step: Step, _ world: World, _ broken: String?, _ body: (Step, World, String?) -> Void) {
        var next = world
        let record = traits[Int(next.record)]
        if record.acceptsLoss, next.source.isWritable { next.writeOnTargetOnly = false }
        let lost = next.writeOnSource()
        body(step, next, broken ?? lost ?? brokenInvariant(next, record))
    }

    private func brokenInvariant(_ world: World, _ record: Traits) -> String? {
        if world.isPrepared, world.source.isWritable, world.target.isWritable { return "both sides are open to clients" }
        if world.forward.stage == .running, world.reverse.stage == .running { return "changes go round: both directions run" }
        if world.forward.applies, world.isPrepared, world.target.isWritable { return "the forward lanes write on an open target" }
        if world.reverse.applies, world.source.isWritable { return "the reverse lanes write on an open source" }
        switch record.phase {
        case .rolledBack where world.source.state != .open: return "RolledBack with a source that is \(world.source.state)"
        case .rolledBack where world.isPooled && world.poolers.file != .source && world.pending == 0:
            return "RolledBack with poolers' files that are not the originals"
        case .rolledBack where world.secrets != .source: return "RolledBack with Secrets that are not the originals"
        case .failed where world.source.state != .open && world.target.state != .open: return "Failed with no side open"
        default: return nil
        }
    }
}

extension Action {
    /// Consists of several steps on servers or objects.
    fileprivate var canBeCut: Bool {
        switch self {
        case .closeSource, .sealSource, .openSource, .closeTarget, .openTarget, .pointSecrets, .restartWorkloads: true
        case .suspendCronJobs, .scaleToZero, .resumeWorkloads: true
        case .turnPoolers: true
        default: false
        }
    }

    /// May arrive after a later decision. Known limit: late ones of ``pointSecrets(_:)``, ``pointPoolers(_:)`` and of what rests are not modelled; their lifetime is bounded by the request's timeout,
    /// which is shorter than a lease, not by compare-and-set.
    fileprivate var canBeLate: Bool {
        switch self {
        case .closeSource, .sealSource, .openSource, .closeTarget, .openTarget, .runJob, .restartWorkloads: true
        case .prepareLanes, .connectLanes, .disconnectLanes, .removeLanes, .drainLanes: true
        case .pausePoolers, .turnPoolers, .resumePoolers: true
        default: false
        }
    }
}

extension World {
    /// The world after the user changed their mind; `nil` where that changes nothing or is not possible.
    fileprivate func changed(_ change: Step.Change) -> World? {
        guard !wish.isDeleted else { return nil }
        var next = self
        switch change {
        case .goal(let goal): (next.wish.goal, next.wish.acceptsLoss) = (goal, false)
        case .suspend: next.wish.isSuspended = true
        case .resume: next.wish.isSuspended = false
        case .invalid: next.wish.isInvalid = true
        case .valid: next.wish.isInvalid = false
        case .delete:
            next.wish.isDeleted = true
            // Without a finalizer the API server waits for nobody.
            next.isGone = !hasFinalizer
        case .backWithLoss: (next.wish.goal, next.wish.acceptsLoss) = (.rolledBack, true)
        case .again:
            guard wish.attempt < 3 else { return nil }
            (next.wish.goal, next.wish.attempt, next.wish.acceptsLoss) = (.promoted, wish.attempt + 1, false)
        }
        return next.wish == wish ? nil : next
    }
}
