@testable import MigrationCore

/// The world around the core, as small as it can be and still go wrong: two fenced servers, Secrets, workloads, Jobs, the resource, and one
/// controller with the record it persisted.
///
/// The controller keeps nothing between visits but what it persisted (the response of that write feeds the next decision), so a crash is one of:
/// the decided action was never performed, was performed, half-happened, or is still under way and arrives late (``late``). A write refused for
/// a conflict drops the whole decision and is no step at all.
///
/// Time stands still at ``start``; a time jump makes every stamp of the record older instead (``Stamps``).
struct World {
    struct Fence: Hashable {
        var state: FenceState
        /// Of the fence's row; every completed compare-and-set adds one.
        var epoch: UInt8 = 0
        /// Which way the last compare-and-set went.
        var aimsAtClosed: Bool
        /// A person has shut it by its connection limit, which its row knows nothing of.
        var isShut = false

        var isWritable: Bool { state != .closed && !isShut }
    }

    struct Job: Hashable {
        enum State: UInt8 { case absent, running, succeeded, mayRetry, failed }
        /// The highest number ever started.
        var number: UInt8 = 0
        var epoch: UInt8 = 0
        var state = State.absent
    }

    /// The lanes of one direction, as one.
    struct Lanes: Hashable, CustomStringConvertible {
        var stage = LaneState.Stage.absent
        /// With what the subscriber has, the slot gives it everything the publisher takes.
        var holds = false
        /// The slot is gone or invalidated.
        var isLost = false
        /// The subscriber's sequences are past the publisher's.
        var areSequencesAligned = false

        var description: String {
            "\(stage)\(holds ? "" : " gap")\(isLost ? " lost" : "")\(areSequencesAligned ? " aligned" : "")"
        }
        var applies: Bool { stage == .running && holds && !isLost }
    }

    /// What rests over the write pause, and carries what it was before.
    enum Rest: UInt8 { case awake, mixed, resting }

    /// All replicas of all poolers, as one. Files reach it with a delay, and are read when it is told to.
    struct Poolers: Hashable {
        var file = Side.source
        var mounted = Side.source
        var leads = Side.source
        var isPaused = false
    }

    enum Rollout: UInt8 { case complete, progressing, failed }
    enum Reach: UInt8 {
        case source, target, mixed

        func includes(_ side: Side) -> Bool { self == .mixed || self == (side == .source ? .source : .target) }
    }

    var source = Fence(state: .open, aimsAtClosed: false)
    var target = Fence(state: .closed, aimsAtClosed: true)
    var isPrepared = false
    /// The target's own evidence: a client wrote since its fence was last lifted.
    var clientWrote = false
    /// An acknowledged write stands on the target alone, and nobody accepted its loss.
    var writeOnTargetOnly = false
    /// The target has every acknowledged write of the source.
    var isCopied = false
    var secrets = Reach.source
    /// Where the controller noted that it turned them to in this attempt.
    var written: Side?
    /// Others write the Secrets, the controller never does. Never changes.
    var isExternal = false
    /// Which connection strings the running pods have read.
    var pods = Reach.source
    /// 0 none or mixed, otherwise 2 × attempt + (1 when back).
    var tag: UInt8 = 0
    var rollout = Rollout.complete
    var cronJobs = Rest.awake
    var replicas = Rest.awake
    /// Set for the Live mode; never changes.
    var isLive = false
    /// Set where the applications are behind poolers, which are all they know; never changes.
    var isPooled = false
    var poolers = Poolers()
    var forward = Lanes()
    var reverse = Lanes()
    var copy = Job()
    /// The newest copy when the target was last opened: workers up to it are refused from then on.
    var openedAfterCopy: UInt8 = 0
    var verify = Job()
    /// A Job older than the newest of its step came to life late.
    var hasStaleJob = false
    var originals = false
    var sourceArtefacts = false
    var targetArtefacts = false
    var hasFinalizer = false
    /// The object is gone from the API server.
    var isGone = false
    var wish = Wish()
    /// Of the persisted record in ``Mind/records``.
    var record: UInt32 = 0
    /// The actions the controller persisted and is about to perform, in ``Mind/actions``; 0 none.
    var pending: UInt16 = 0
    /// An action of an earlier controller or visit that is still under way, or the undo of a controller that lost its lease; 0 none.
    var late: UInt16 = 0
    /// Faults, and changes of the user's mind or jumps in time, that may still happen.
    var faultsLeft: UInt8 = 0
    var changesLeft: UInt8 = 0

    struct Wish: Hashable {
        var goal = Goal.promoted
        var attempt: UInt8 = 1
        var isSuspended = false
        var isDeleted = false
        var isInvalid = false
        var acceptsLoss = false
    }

    /// What a running or restarted pod may connect to.
    func reaches(_ side: Side) -> Bool {
        isPooled ? poolers.leads == side && !poolers.isPaused : pods.includes(side) || secrets.includes(side)
    }

    /// The applications of this side can write.
    func takesWrites(_ side: Side) -> Bool {
        reaches(side) && (side == .source ? source.isWritable : isPrepared && target.isWritable)
    }
}

extension World {
    /// The state without its budgets in 128 bits, for the set of visited states.
    struct Key: Hashable {
        var high: UInt64
        var low: UInt64
    }

    var key: Key {
        var high = Bits()
        high.add(source)
        high.add(target)
        for flag in [
            isPrepared, clientWrote, writeOnTargetOnly, isCopied, hasStaleJob, originals, sourceArtefacts, targetArtefacts, hasFinalizer, isGone,
        ] {
            high.add(flag)
        }
        // Behind poolers the others never change.
        if isPooled {
            high.add(poolers)
        } else {
            high.add(secrets.rawValue, 2)
            high.add(writtenCode, 2)
            high.add(pods.rawValue, 2)
            high.add(tag, 4)
            high.add(rollout.rawValue, 2)
            high.add(cronJobs.rawValue, 2)
            high.add(replicas.rawValue, 2)
        }
        high.add(wish)
        high.add(openedAfterCopy, 4)
        high.add(forward)
        high.add(reverse)
        var low = Bits()
        low.add(copy)
        low.add(verify)
        low.add(pending, 9)
        low.add(late, 9)
        low.value = low.value << 22 | UInt64(record)
        return Key(high: high.value, low: low.value)
    }

    /// Everything an observation can show, for the memory of decisions.
    var visible: UInt64 {
        var bits = Bits()
        for fence in [source, target] {
            bits.add(fence.state.ordinal, 2)
            bits.add(fence.epoch, 5)
        }
        bits.add(cronJobs.rawValue, 2)
        bits.add(replicas.rawValue, 2)
        for flag in [isPrepared, clientWrote, hasStaleJob, originals, sourceArtefacts, targetArtefacts, hasFinalizer] { bits.add(flag) }
        // Behind poolers the others never change.
        if isPooled {
            bits.add(poolers)
        } else {
            bits.add(secrets.rawValue, 2)
            bits.add(tag, 3)
            bits.add(rollout.rawValue, 2)
        }
        bits.add(wish)
        for lanes in [forward, reverse] {
            bits.add(UInt8(lanes.stage.rawValue), 2)
            bits.add(lanes.isLost)
            bits.add(lanes.areSequencesAligned)
        }
        bits.add(isLive && isCopied)
        bits.add(isLive && writeOnTargetOnly)
        bits.add(copy.state.rawValue, 3)
        bits.add(copy.number, 4)
        bits.add(verify.state.rawValue, 3)
        bits.add(verify.number, 4)
        return bits.value
    }
}

extension World {
    var writtenCode: UInt8 { written.map { $0 == .source ? 1 : 2 } ?? 0 }

    /// Somebody turned back what the controller had written.
    var isTurnedBack: Bool { written.map { secrets != ($0 == .source ? .source : .target) } ?? false }

    /// The next decision's record, which may begin another attempt.
    mutating func remember(_ record: UInt32, newAttempt: Bool) {
        self.record = record
        if newAttempt { written = nil }
    }
}

private struct Bits {
    var value: UInt64 = 0

    mutating func add(_ number: some UnsignedInteger, _ width: UInt64) { value = value << width | UInt64(number) }
    mutating func add(_ flag: Bool) { value = value << 1 | (flag ? 1 : 0) }

    mutating func add(_ fence: World.Fence) {
        add(fence.state.ordinal, 2)
        add(fence.epoch, 5)
        add(fence.aimsAtClosed)
        add(fence.isShut)
    }

    mutating func add(_ poolers: World.Poolers) {
        for side in [poolers.file, poolers.mounted, poolers.leads] { add(side == .target) }
        add(poolers.isPaused)
    }

    mutating func add(_ lanes: World.Lanes) {
        add(UInt8(lanes.stage.rawValue), 2)
        add(lanes.holds)
        add(lanes.isLost)
        add(lanes.areSequencesAligned)
    }

    mutating func add(_ job: World.Job) {
        add(job.number, 4)
        add(job.epoch, 5)
        add(job.state.rawValue, 3)
    }

    mutating func add(_ wish: World.Wish) {
        add(wish.goal.ordinal, 2)
        add(wish.attempt, 2)
        add(wish.isSuspended)
        add(wish.isDeleted)
        add(wish.isInvalid)
        add(wish.acceptsLoss)
    }
}

extension FenceState {
    fileprivate var ordinal: UInt8 {
        switch self {
        case .open: 0
        case .partial: 1
        case .closed: 2
        }
    }
}

extension Goal {
    fileprivate var ordinal: UInt8 {
        switch self {
        case .ready: 0
        case .promoted: 1
        case .completed: 2
        case .rolledBack: 3
        }
    }
}
