/// Something that must become true. Performing it twice, late or after a take-over is harmless: fences are compare-and-set on `epoch`,
/// Jobs are named by number, restarts by tag.
public enum Action: Sendable, Hashable {
    case holdFinalizer
    case releaseFinalizer
    case prepareTarget
    case closeSource(epoch: Int64)
    /// The source's fence, which stands, is whole at the next epoch, and in Live mode the forward subscriptions are disabled and their workers gone.
    case sealSource(epoch: Int64)
    case openSource(epoch: Int64)
    case closeTarget(epoch: Int64)
    case openTarget(epoch: Int64)
    /// The snapshots that the running copy reads under outlive its worker.
    case keepSnapshots
    /// Publication and slot on the publisher and a disabled subscription on the subscriber exist. Lane actions are compare-and-set on the
    /// source's epoch: late ones stop.
    case prepareLanes(Direction, epoch: Int64)
    /// The subscriptions exist and are enabled.
    case connectLanes(Direction, epoch: Int64)
    /// The subscriptions, if there are any, are disabled and their workers gone.
    case disconnectLanes(Direction, epoch: Int64)
    /// Nothing of the direction's lanes is left on either server.
    case removeLanes(Direction, epoch: Int64)
    /// The subscriber has everything the publisher took before `to`, and its sequences are past the publisher's, both being closed;
    /// `publisherEpoch` is noted as done. Waits a moment for what is under way; what needs longer is looked at again.
    case drainLanes(Direction, to: WALPosition, epoch: Int64, publisherEpoch: Int64)
    case runJob(WorkerStep, number: Int, sourceEpoch: Int64)
    /// Deletes every Job of this migration and waits for their pods to be gone.
    case deleteJobs
    /// Originals are kept in Secrets of ours before the first is changed. What was written in this attempt is not written again in it.
    case pointSecrets(Side)
    /// There is a key for the digests of what others have to write.
    case prepareDigests
    /// Every workload of that order has the restart annotation `tag`.
    case restartWorkloads(tag: String, order: Int = 0)
    /// Every selected CronJob is suspended, and carries what it was before.
    case suspendCronJobs
    /// Every workload selected for it has no replicas, and carries how many it had.
    case scaleToZero
    /// What carries what it was before is that again.
    case resumeWorkloads
    /// The poolers' files in the cluster lead to a side; no pooler has read them yet.
    case pointPoolers(Side)
    /// The plan's databases are paused in every replica, where they lead to one of its servers; after a failure in none. Comes back within the longest
    /// ``Plan/Pooler/pauseSeconds``, and one that is later than that has resumed what it paused.
    case pausePoolers
    /// Every replica leads to a side, as its file says, and runs again there; those that lead there already read no file.
    case turnPoolers(Side)
    /// Every replica runs again, wherever it leads.
    case resumePoolers
    case removeArtefacts(Side)
    case discardOriginals
}

/// What a visit tells people as an Event: one per change, never "about to".
public struct Notice: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable { case normal = "Normal", warning = "Warning" }
    public var kind: Kind
    public var reason: Reason
    public var note: String

    public init(_ kind: Kind, _ reason: Reason, _ note: String) {
        self.kind = kind
        self.reason = reason
        self.note = note
    }
}

/// Where the migration stands, for the summary conditions `Ready`, `Reconciling`, `Stalled`.
public enum Standing: Sendable, Hashable {
    case progressing(Record.Cause)
    /// The goal needs a person.
    case awaitingApproval(String)
    case goalReached(String)
    case stalled(Record.Cause)

    /// What somebody other than the controller is waited for; `nil` while nobody is. ``stalled(_:)`` says so by itself.
    public var awaited: Record.Cause? {
        switch self {
        case .awaitingApproval(let message): .init(.awaitingApproval, message)
        case .progressing(let cause) where cause.reason.isForPeople: cause
        default: nil
        }
    }
}

extension Reason {
    /// Where the controller goes on by itself as soon as somebody has acted: wrote the connection strings, or repaired what may not go back by itself.
    fileprivate var isForPeople: Bool {
        switch self {
        case .awaitingConnections, .connectionsTurnedBack: true
        case .automaticRollbackOff, .noReverseLane, .reverseLaneLost, .reverseLaneBroken, .reverseSchemaDrift: true
        default: false
        }
    }
}

/// The answer of ``decide(_:record:observation:now:)``: what to remember, then what to do, and when to look again.
public struct Decision: Sendable, Hashable {
    public var record: Record
    /// Performed in this order; the first that fails is the last.
    public var actions: [Action]
    /// Seconds until the next visit even if nothing changes; `nil` waits for a change.
    public var wake: Int?
    public var notices: [Notice]
    public var standing: Standing

    public init(record: Record, actions: [Action] = [], wake: Int? = nil, notices: [Notice] = [], standing: Standing) {
        self.record = record
        self.actions = actions
        self.wake = wake
        self.notices = notices
        self.standing = standing
    }
}
