/// One of the two servers.
public enum Side: String, Sendable, Hashable, Codable, CaseIterable { case source, target }

/// How far a fence stands over all databases of a side.
public enum FenceState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every database takes client writes.
    case open
    /// Something is fenced and something is not: an operation is under way or was cut off.
    case partial
    /// Proven: no client session, none may come, writes are refused.
    case closed
}

/// The source's fence as read from the server.
public struct SourceState: Sendable, Hashable {
    public var fence: FenceState
    /// Of the fence's row in the maintenance database; 0 before the first fence.
    public var epoch: Int64
    /// When the fence that stands was closed, by the source's clock.
    public var closedAt: Timestamp?
    /// The server's insert position, read after the fence was seen closed; `nil` while it is not.
    public var position: WALPosition?
    /// Evidence of a closed fence (method, WAL position), or what is missing from one.
    public var evidence: String

    public init(fence: FenceState, epoch: Int64, closedAt: Timestamp? = nil, position: WALPosition? = nil, evidence: String = "") {
        self.fence = fence
        self.epoch = epoch
        self.closedAt = closedAt
        self.position = position
        self.evidence = evidence
    }
}

/// The target as read from the server.
public struct TargetState: Sendable, Hashable {
    /// Roles, databases and fence rows exist.
    public var isPrepared: Bool
    public var fence: FenceState
    public var epoch: Int64
    /// Whether a client wrote since the fence was last lifted. Conservative: a write rolled back counts.
    public var tookClientWrite: Bool
    /// When the first of those began, by the target's clock.
    public var firstClientWriteAt: Timestamp?
    /// The server's insert position, read after the fence was seen closed; `nil` while it is not.
    public var position: WALPosition?

    public init(
        isPrepared: Bool, fence: FenceState, epoch: Int64, tookClientWrite: Bool = false, firstClientWriteAt: Timestamp? = nil,
        position: WALPosition? = nil
    ) {
        self.position = position
        self.isPrepared = isPrepared
        self.fence = fence
        self.epoch = epoch
        self.tookClientWrite = tookClientWrite
        self.firstClientWriteAt = firstClientWriteAt
    }
}

/// Where the applications' Secrets point.
public enum SecretsState: String, Sendable, Hashable, Codable, CaseIterable { case source, target, mixed }

/// One key that connection strings stand in, as the cluster holds it.
public struct ConnectionValue: Sendable, Hashable {
    /// Such as `Secret app-db`.
    public var object: String
    public var key: String
    /// `nil` when it cannot be told.
    public var state: SecretsState?
    /// Where it led when we wrote it in this attempt; `nil` when we did not.
    public var written: Side?
    /// Who changed what we had written, as the API server noted it.
    public var writer: String?
    /// What the key has to hold to lead to a side, as a keyed digest. Only where others write.
    public var digests: [Side: String]
    /// The Secret that keeps the value from before, under the same key; `nil` when none was kept.
    public var original: String?

    public init(
        object: String, key: String, state: SecretsState?, written: Side? = nil, writer: String? = nil, digests: [Side: String] = [:],
        original: String? = nil
    ) {
        self.object = object
        self.key = key
        self.state = state
        self.written = written
        self.writer = writer
        self.digests = digests
        self.original = original
    }
}

/// A long step that runs as a Job.
public enum WorkerStep: String, Sendable, Hashable, Codable, CaseIterable { case copy, verify }

/// The Job of the current phase's step, as the API server shows the number the record names.
public enum JobState: Sendable, Hashable {
    case absent
    case running(String)
    case succeeded(String)
    case failed(reason: Reason, message: String, mayRetry: Bool)
}

/// Three verdicts: absent data is inconclusive, never success or failure.
public enum Verdict: String, Sendable, Hashable, Codable { case ok, failed, inconclusive }

/// One reading of one health check.
public struct ProbeReading: Sendable, Hashable {
    public var name: String
    public var verdict: Verdict
    public var message: String

    public init(name: String, verdict: Verdict, message: String) {
        self.name = name
        self.verdict = verdict
        self.message = message
    }
}

/// Something preflight found, with its remedy.
public struct PreflightProblem: Sendable, Hashable, Codable {
    public var reason: Reason
    /// What was found, on which object, and what to do (SQL, parameter or manifest).
    public var message: String

    public init(reason: Reason, message: String) {
        self.reason = reason
        self.message = message
    }
}

/// Progress of one database, for people.
public struct DatabaseProgress: Sendable, Hashable, Codable {
    public var name: String
    public var phase: String
    public var tablesTotal: Int
    public var tablesCopied: Int
    public var tablesVerified: Int
    public var bytesTotal: Int64
    public var bytesCopied: Int64
    public var rowsCopied: Int64
    /// At most 20, e.g. `public.ledger: 10 rows on the source, 9 on the target`.
    public var mismatches: [String]

    public init(
        name: String, phase: String, tablesTotal: Int = 0, tablesCopied: Int = 0, tablesVerified: Int = 0, bytesTotal: Int64 = 0,
        bytesCopied: Int64 = 0,
        rowsCopied: Int64 = 0, mismatches: [String] = []
    ) {
        self.name = name
        self.phase = phase
        self.tablesTotal = tablesTotal
        self.tablesCopied = tablesCopied
        self.tablesVerified = tablesVerified
        self.bytesTotal = bytesTotal
        self.bytesCopied = bytesCopied
        self.rowsCopied = rowsCopied
        self.mismatches = mismatches
    }
}

/// What is known of the world at one reconcile. The observer fills what ``Phase/facts`` names; the rest stays unknown.
public struct Observation: Sendable, Hashable {
    public static let notAsked = "not observed in this phase"

    public var hasFinalizer: Bool
    /// Another migration that owns one of our databases or Secrets, by name.
    public var conflictingOwner: Fact<String?>
    public var preflight: Fact<[PreflightProblem]>
    /// What preflight found that is said and holds nothing up; `nil` when it did not look around for it.
    public var warnings: [PreflightProblem]?
    public var source: Fact<SourceState>
    public var target: Fact<TargetState>
    public var secrets: Fact<SecretsState>
    /// What ``secrets`` sums up, key by key; those that could be read.
    public var connections: [ConnectionValue] = []
    /// Whether digests can be made; only where others write.
    public var hasDigestKey = false
    public var workloads: Fact<WorkloadsState>
    /// What rests over the write pause; asked where something does or should.
    public var rest: Fact<RestState> = .unknown(notAsked)
    /// The Job the record names for the current phase.
    public var job: Fact<JobState>
    /// Whether any Job of this migration still exists.
    public var hasJobs: Fact<Bool>
    /// The lanes of each direction; asked in Live mode only.
    public var forward: Fact<ReplicationState>
    public var reverse: Fact<ReplicationState>
    /// Whether originals of Secrets or artefacts on a server remain (asked on clean-up and deletion).
    public var leftovers: Fact<Set<Leftover>>
    /// Those that were seen although ``leftovers`` is unknown, because the other server does not answer.
    public var seenLeftovers: Set<Leftover> = []
    /// Readings of this visit; empty when no probe was due.
    public var probes: [ProbeReading]
    /// What checks of numbers measured, by the check's name; empty when none was due.
    public var measurements: [String: Fact<MeasuredValues>] = [:]
    /// Asked where the plan has poolers.
    public var poolers: Fact<PoolersState> = .unknown(notAsked)
    /// Asked while a cutover with a window waits.
    public var window: Fact<MaintenanceWindow.State> = .unknown(notAsked)
    /// Numbers of notifications that were delivered to everybody, or given up.
    public var delivered: Set<Int> = []
    /// For display only.
    public var progress: [DatabaseProgress]

    public init(
        hasFinalizer: Bool = false, conflictingOwner: Fact<String?> = .unknown(notAsked), preflight: Fact<[PreflightProblem]> = .unknown(notAsked),
        source: Fact<SourceState> = .unknown(notAsked), target: Fact<TargetState> = .unknown(notAsked),
        secrets: Fact<SecretsState> = .unknown(notAsked),
        workloads: Fact<WorkloadsState> = .unknown(notAsked), job: Fact<JobState> = .unknown(notAsked), hasJobs: Fact<Bool> = .unknown(notAsked),
        forward: Fact<ReplicationState> = .unknown(notAsked), reverse: Fact<ReplicationState> = .unknown(notAsked),
        leftovers: Fact<Set<Leftover>> = .unknown(notAsked), probes: [ProbeReading] = [], progress: [DatabaseProgress] = []
    ) {
        self.forward = forward
        self.reverse = reverse
        self.hasFinalizer = hasFinalizer
        self.conflictingOwner = conflictingOwner
        self.preflight = preflight
        self.source = source
        self.target = target
        self.secrets = secrets
        self.workloads = workloads
        self.job = job
        self.hasJobs = hasJobs
        self.leftovers = leftovers
        self.probes = probes
        self.progress = progress
    }
}

/// What clean-up and deletion have to remove.
public enum Leftover: String, Sendable, Hashable, Codable, CaseIterable { case originals, sourceArtefacts, targetArtefacts }
