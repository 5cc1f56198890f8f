@testable import MigrationCore

/// How far an action that was cut off got.
enum Cut: UInt8 {
    /// Something is done, but the fence's row still has the old epoch.
    case early
    /// The row has moved on, but sessions or databases are left over. Repeating the same action finishes it.
    case late
}

extension World.Fence {
    /// Moves the fence as `DatabasePort` documents: compare-and-set on the epoch seen when it was decided; another one stops it.
    mutating func move(closing: Bool, from decided: Int64, cut: Cut?) {
        let goal: FenceState = closing ? .closed : .open
        if cut == nil, Int64(epoch) == decided { isShut = false }
        if Int64(epoch) == decided {
            if cut == .early { return state = state == goal ? goal : .partial }
            state = cut == .late && state != goal ? .partial : goal
            epoch += 1
            aimsAtClosed = closing
        } else if Int64(epoch) == decided + 1, aimsAtClosed == closing, state == .partial, cut == nil {
            state = goal
        }
    }
}

extension World {
    /// Performs the first of a decision's actions.
    ///
    /// - Returns: those that follow it; none when it failed.
    mutating func perform(firstOf actions: [Action], cut: Cut? = nil) -> [Action] {
        guard let action = actions.first else { return [] }
        perform(action, cut: cut)
        if cut != nil { return [] }
        let hasFailed =
            switch action {
            case .sealSource(let epoch): source.state != .closed || Int64(source.epoch) != epoch + 1
            case .openTarget(let epoch): target.state != .open || Int64(target.epoch) != epoch + 1
            case .openSource(let epoch): source.state != .open || Int64(source.epoch) != epoch + 1
            default: false
            }
        return hasFailed ? [] : Array(actions.dropFirst())
    }

    /// Performs an action on the world, wholly or cut off.
    mutating func perform(_ action: Action, cut: Cut? = nil) {
        switch action {
        case .holdFinalizer: hasFinalizer = true
        case .releaseFinalizer: (hasFinalizer, isGone) = (false, wish.isDeleted)
        case .prepareTarget: (isPrepared, targetArtefacts) = (true, true)
        case .closeSource(let epoch):
            sourceArtefacts = sourceArtefacts || Int64(source.epoch) == epoch
            source.move(closing: true, from: epoch, cut: cut)
        case .sealSource(let epoch):
            source.move(closing: true, from: epoch, cut: cut)
            if cut == nil, source.state == .closed { moveLanes(epoch + 1) { $0.forward.stage = min($0.forward.stage, .connected) } }
        case .openSource(let epoch): source.move(closing: false, from: epoch, cut: cut)
        case .closeTarget(let epoch): target.move(closing: true, from: epoch, cut: cut)
        case .openTarget(let epoch):
            let wasClosed = target.state == .closed
            target.move(closing: false, from: epoch, cut: cut)
            // The evidence of writes starts anew before the first database is opened.
            if wasClosed, target.isWritable { (clientWrote, openedAfterCopy) = (false, copy.number) }
        case .keepSnapshots: break
        case .prepareLanes(let direction, let epoch): moveLanes(epoch) { $0.prepare(direction) }
        case .connectLanes(let direction, let epoch):
            moveLanes(epoch) { if $0[direction].stage != .absent, !$0[direction].isLost { $0[direction].stage = .running } }
        case .disconnectLanes(let direction, let epoch): moveLanes(epoch) { $0[direction].stage = min($0[direction].stage, .connected) }
        case .removeLanes(let direction, let epoch):
            moveLanes(epoch) { $0[direction] = Lanes(areSequencesAligned: $0[direction].areSequencesAligned) }
        case .drainLanes(let direction, let position, let epoch, _): moveLanes(epoch) { $0.drain(direction, to: position) }
        case .runJob(let step, let number, let epoch): start(step, UInt8(number), UInt8(epoch))
        case .deleteJobs: (copy.state, verify.state, hasStaleJob) = (.absent, .absent, false)
        case .pointSecrets(let side): pointSecrets(side, cut)
        case .prepareDigests: originals = true
        case .restartWorkloads(let text, _): restart(Self.code(text), cut)
        case .suspendCronJobs: cronJobs = cut == nil ? .resting : .mixed
        case .scaleToZero: replicas = cut == nil ? .resting : .mixed
        case .resumeWorkloads:
            if cronJobs != .awake { cronJobs = cut == nil ? .awake : .mixed }
            if replicas != .awake { replicas = cut == nil ? .awake : .mixed }
        case .pointPoolers(let side): poolers.file = side
        // Cut off, it comes back with nothing paused, unless the controller is gone.
        case .pausePoolers: poolers.isPaused = true
        case .turnPoolers(let side):
            if poolers.leads != side { poolers.leads = poolers.mounted }
            if poolers.leads == side, cut == nil { poolers.isPaused = false }
        case .resumePoolers: poolers.isPaused = false
        case .removeArtefacts(let side): removeArtefacts(side)
        case .discardOriginals: originals = false
        }
    }

    /// Cut late, all is written and not noted.
    private mutating func pointSecrets(_ side: Side, _ cut: Cut?) {
        originals = true
        guard written != side else { return }
        let goal: Reach = side == .source ? .source : .target
        secrets = cut == .early && secrets != goal ? .mixed : goal
        if cut == nil { written = side }
    }

    subscript(_ direction: Direction) -> Lanes {
        get { direction == .forward ? forward : reverse }
        set { if direction == .forward { forward = newValue } else { reverse = newValue } }
    }

    /// Lane actions are compare-and-set on the source's epoch.
    private mutating func moveLanes(_ epoch: Int64, _ change: (inout World) -> Void) {
        if Int64(source.epoch) == epoch { change(&self) }
    }

    /// What the slot confirms is what the action can see: one that was made too late confirms everything.
    private mutating func drain(_ direction: Direction, to position: WALPosition) {
        if canApply(direction) { apply(direction) }
        let isDelivered = direction == .forward ? isCopied : !writeOnTargetOnly
        if isDelivered || !self[direction].holds || position.bytes == 0 { self[direction].areSequencesAligned = true }
    }

    /// A slot gives what is written from now on. Forward that is enough only while both sides are still and equal; backwards, as the target's
    /// opening advances the slot, only if it is there before a client writes.
    private mutating func prepare(_ direction: Direction) {
        guard self[direction].stage < .connected else { return }
        let isStill = isCopied && !writeOnTargetOnly && !source.isWritable && !target.isWritable
        self[direction] = Lanes(
            stage: .connected, holds: direction == .forward ? isStill : !writeOnTargetOnly, areSequencesAligned: self[direction].areSequencesAligned)
    }

    private mutating func start(_ step: WorkerStep, _ number: UInt8, _ epoch: UInt8) {
        let path = step == .copy ? \World.copy : \World.verify
        if number < self[keyPath: path].number {
            hasStaleJob = true
        } else if number > self[keyPath: path].number || self[keyPath: path].state == .absent {
            self[keyPath: path] = Job(number: number, epoch: epoch, state: .running)
        }
    }

    private mutating func restart(_ code: UInt8, _ cut: Cut?) {
        guard tag != code else { return }
        tag = cut == nil ? code : 0
        rollout = .progressing
        // The same change brings the replicas back.
        if replicas != .awake { replicas = cut == nil ? .awake : .mixed }
        if pods != secrets { pods = .mixed }
    }

    /// Known limit: a fence action of an earlier controller that arrives after the fence's row was dropped finds no epoch to compare with. Its
    /// lifetime is bounded by the lease and the statement timeouts, not by compare-and-set; here it does not outlive the row.
    private mutating func removeArtefacts(_ side: Side) {
        if side == .source { sourceArtefacts = false } else { targetArtefacts = false }
        late = 0
    }

    /// As the commands of `status.remaining` do: by the databases' settings, and without the source's row; what is late meets the limit of
    /// ``removeArtefacts(_:)``.
    mutating func openByHand(closingTarget: Bool) {
        if closingTarget { target.isShut = true }
        source = Fence(state: .open, aimsAtClosed: false)
        removeArtefacts(.source)
        writeOnTargetOnly = false
    }

    /// `u.<attempt>.forward` or `u.<attempt>.back` as a small number.
    static func code(_ tag: String) -> UInt8 {
        let parts = tag.split(separator: ".")
        guard parts.count == 3, let attempt = UInt8(parts[1]) else { return 15 }
        return 2 * attempt + (parts[2] == "back" ? 1 : 0)
    }

    static func text(_ code: UInt8) -> String? { code == 0 ? nil : "u.\(code / 2).\(code % 2 == 1 ? "back" : "forward")" }
}

// MARK: What happens by itself

extension World {
    /// A Job ends. It succeeds only between the two fences it was started for: the worker checks both servers' rows with every transaction, and
    /// refuses a target that is open or no longer knows the migration. Otherwise one created late would overwrite what the clients write there.
    mutating func finish(_ step: WorkerStep, _ state: Job.State) -> String? {
        let path = step == .copy ? \World.copy : \World.verify
        if isLive { return finishLive(step, state) }
        let holds = self[keyPath: path].epoch == source.epoch && source.state == .closed && target.state == .closed && targetArtefacts
        guard state == .succeeded, holds, step == .copy || isCopied else {
            self[keyPath: path].state = state == .succeeded ? .failed : state
            return nil
        }
        self[keyPath: path].state = .succeeded
        guard step == .copy else { return nil }
        if writeOnTargetOnly { return "the copy overwrites acknowledged writes of the target" }
        isCopied = true
        return nil
    }

    /// In Live mode the source's fence does not matter: the slot the copy made gives what comes after its snapshot.
    private mutating func finishLive(_ step: WorkerStep, _ state: Job.State) -> String? {
        let path = step == .copy ? \World.copy : \World.verify
        let mayWrite =
            target.state == .closed && targetArtefacts
            && (step == .verify ? forward.applies : copy.number > openedAfterCopy && (forward.stage < .connected || forward.isLost))
        self[keyPath: path].state = state == .succeeded && !mayWrite ? .failed : state
        guard state == .succeeded, mayWrite, step == .copy else { return nil }
        if writeOnTargetOnly { return "the copy overwrites acknowledged writes of the target" }
        forward = Lanes(stage: .slotted, holds: true)
        isCopied = false
        return nil
    }

    /// The lanes deliver everything there is.
    mutating func apply(_ direction: Direction) {
        if direction == .forward { return isCopied = true }
        writeOnTargetOnly = false
        // What came back would go forth again: an old forward slot is of no more use.
        if forward.stage != .absent { forward.holds = false }
    }

    /// Whether the lanes have something to deliver.
    func canApply(_ direction: Direction) -> Bool {
        self[direction].applies && (direction == .forward ? !isCopied : writeOnTargetOnly)
    }

    /// A client of the target has a write acknowledged.
    mutating func writeOnTarget() -> String? {
        clientWrote = true
        writeOnTargetOnly = true
        if isLive {
            if !forward.areSequencesAligned { return "an application writes on the target before its sequences were set" }
            reverse.areSequencesAligned = false
            if reverse.stage == .absent { reverse.holds = false }
            // The target is another than the one a forward slot was made for.
            if forward.stage != .absent, reverse.stage == .absent { forward.holds = false }
        }
        return isCopied ? nil : "an application writes on the target before it has everything of the source"
    }

    mutating func finishRollout(_ result: Rollout) {
        rollout = result
        pods = result == .complete ? secrets : (pods == secrets ? pods : .mixed)
    }

    /// Applications on the source write whenever they can; that is the worst they can do.
    mutating func writeOnSource() -> String? {
        guard takesWrites(.source) else { return nil }
        isCopied = false
        forward.areSequencesAligned = false
        return writeOnTargetOnly ? "the source takes writes while acknowledged writes stand on the target alone" : nil
    }
}
