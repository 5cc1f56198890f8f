public import KubernetesModel

/// `status`: display, conditions and the controller's record. Only ``StatusBuilder`` makes one; every part is bounded as the schema says.
public struct DatabaseMigrationStatus: Codable, Sendable, Hashable {
    public var observedGeneration: Int64?
    public var phase: String?
    public var message: String?
    public var progressPercent: Int?
    public var etaSeconds: Int64?
    /// How far the side that follows is behind: the target until the switch, the source after it. Only the Live mode has one.
    public var lagBytes: Int64?
    /// The same in whole seconds; unknown until the lanes were watched for as long as that.
    public var lagSeconds: Int64?
    public var lagMeasuredAt: MicroTime?
    public var attempt: Int?
    public var databases: [DatabaseStatus]?
    public var cutover: CutoverStatus?
    /// Set once a rollback of this attempt has decided to close the target.
    public var rollback: RollbackStatus?
    public var endpoints: [EndpointStatus]?
    public var timeline: [TimelineEntry]?
    /// What is left to do for a person after a rollback that does not come to its end, as commands; at most 32.
    public var remaining: [String]?
    /// See ``RecordCoding``.
    public var record: String?
    public var conditions: [Condition]?

    public init() {}

    public subscript(_ type: ConditionType) -> Condition? { conditions?.first { $0.type == type.rawValue } }
}

/// How far one database has come.
public struct DatabaseStatus: Codable, Sendable, Hashable {
    public struct Tables: Codable, Sendable, Hashable { public var total, copied, verified: Int64 }
    public struct Bytes: Codable, Sendable, Hashable { public var total, copied: Int64 }
    public struct Rows: Codable, Sendable, Hashable { public var copied: Int64 }

    public var name: String
    public var phase: String?
    public var tables: Tables?
    public var bytes: Bytes?
    public var rows: Rows?
    /// As seen on the last visit that looked; Live mode only.
    public var lanes: [LaneStatus]?
    /// At most 20.
    public var mismatches: [String]?
}

/// One lane of a database's replication.
public struct LaneStatus: Codable, Sendable, Hashable {
    /// `Forward` or `Reverse`.
    public var direction: String
    /// Which of the database's lanes of this direction, from 1. Absent in what an older controller wrote.
    public var number: Int?
    /// `Absent`, `Slotted`, `Connected` or `Running`.
    public var stage: String
    public var streaming: Bool
    public var lagBytes: Int64?
    /// Whole seconds.
    public var lagSeconds: Int64?
    /// WAL the publisher keeps for it.
    public var retainedBytes: Int64?
    /// What is lost, or else what stands in the way at the moment.
    public var trouble: String?
}

/// The write pause of this attempt.
public struct CutoverStatus: Codable, Sendable, Hashable {
    /// When the next maintenance window opens, while the cutover has one and is still to begin; while one is open, the one after it.
    public var nextWindowAt: MicroTime?
    /// When the fence was decided, by the controller's clock.
    public var startedAt: MicroTime?
    /// When it was closed, by the source's clock.
    public var closedAt: MicroTime?
    public var switchedAt: MicroTime?
    public var firstClientWriteAt: MicroTime?
    public var fenceEvidence: String?
    /// What the source had written when its fence was seen closed: the target follows up to here before it opens. Live mode only.
    public var fenceLSN: String?
    /// How far the way back has come, in the words of ``LaneStatus/stage``. Live mode only.
    public var reverseLane: String?
    public var pauseMilliseconds: Int64?
    /// What the applications' objects have to hold, where `secretWriter` is External: what is watched while it matters.
    public var connections: [ConnectionStatus]?
}

/// The write pause of a rollback, by the controller's clock.
public struct RollbackStatus: Codable, Sendable, Hashable {
    /// When closing the target was decided.
    public var startedAt: MicroTime
    /// From then until the source was seen open again.
    public var pauseMilliseconds: Int64?
}

/// One key that somebody else has to write.
public struct ConnectionStatus: Codable, Sendable, Hashable {
    /// `Secret` or `ConfigMap`.
    public var kind: String
    public var name: String
    public var key: String
    /// Where it has to lead: `source` or `target`.
    public var wanted: String
    /// Whether it does.
    public var held: Bool
    /// Of the whole value that the controller would have written: `hmac-sha256:` and 64 digits. Any value that leads there will do.
    public var digest: String?
}

/// How one health check fares.
public struct EndpointStatus: Codable, Sendable, Hashable {
    public var name: String
    public var verdict: String?
    /// Readings in a row with this verdict.
    public var consecutive: Int64?
    /// Failures of this soak altogether.
    public var failures: Int64?
    public var lastResult: String?
    /// What a query gave before the cutover, where the check compares with it: the value, or the lowest and the highest of its series.
    public var baseline: String?
}

/// One stay in a phase.
public struct TimelineEntry: Codable, Sendable, Hashable {
    public var phase: String
    public var startedAt: MicroTime
    public var finishedAt: MicroTime?
    public var reason: String?
}
