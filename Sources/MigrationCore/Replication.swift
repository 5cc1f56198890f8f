/// Which way changes flow between the two servers.
public enum Direction: String, Sendable, Hashable, Codable, CaseIterable {
    /// From source to target, until the switch.
    case forward
    /// From target to source, after it: what makes a rollback lossless.
    case reverse

    public var publisher: Side { self == .forward ? .source : .target }
    public var subscriber: Side { self == .forward ? .target : .source }
}

/// One of the lanes of a database: publication and slot on the publisher, subscription on the subscriber.
public struct LaneState: Sendable, Hashable {
    /// How much of a lane exists, in the order in which it comes to be.
    public enum Stage: Int, Sendable, Hashable, Comparable, CaseIterable {
        case absent
        /// Publication and slot, no subscription.
        case slotted
        /// A subscription too, disabled.
        case connected
        /// The subscription is enabled.
        case running

        public static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// Source name of the database.
    public var database: String
    /// Which of its lanes, from 1.
    public var number: Int
    public var stage: Stage
    /// A worker applies, fed by a walsender.
    public var isStreaming: Bool
    /// Everything before it is durable on the subscriber.
    public var confirmed: WALPosition?
    /// Between the publisher's insert position and ``confirmed``.
    public var lagBytes: Int64?
    /// How long ago the publisher wrote what ``confirmed`` comes before; `nil` while nothing that old was seen.
    public var lagMilliseconds: Int64?
    /// WAL the publisher keeps for this slot.
    public var retainedBytes: Int64?
    /// The slot is lost or invalidated, or its publication is not the one it was made with: changes are missing, and only a new copy helps.
    public var loss: String?
    /// Why it does not get on, e.g. that the worker ends with errors; it may recover.
    public var trouble: String?

    public init(
        database: String, number: Int = 1, stage: Stage, isStreaming: Bool = false, confirmed: WALPosition? = nil, lagBytes: Int64? = nil,
        retainedBytes: Int64? = nil, loss: String? = nil, trouble: String? = nil, lagMilliseconds: Int64? = nil
    ) {
        self.lagMilliseconds = lagMilliseconds
        self.database = database
        self.number = number
        self.stage = stage
        self.isStreaming = isStreaming
        self.confirmed = confirmed
        self.lagBytes = lagBytes
        self.retainedBytes = retainedBytes
        self.loss = loss
        self.trouble = trouble
    }
}

/// All lanes of one direction, at least one for each database of the plan.
public struct ReplicationState: Sendable, Hashable {
    public var lanes: [LaneState]
    /// The publisher's fence epoch for which the subscriber's sequences were last set past the publisher's; `nil` never.
    public var sequencesEpoch: Int64?
    /// What the last comparison, made when the sequences were set, found to differ.
    public var mismatch: String?
    /// How the publisher's tables differ from the subscriber's so that rows would not fit, and what to do about it. Compared now and then while
    /// the lanes run, never inside the write pause; `nil` then, and when they fit.
    public var drift: String?

    public init(lanes: [LaneState], sequencesEpoch: Int64? = nil, mismatch: String? = nil, drift: String? = nil) {
        self.lanes = lanes
        self.drift = drift
        self.sequencesEpoch = sequencesEpoch
        self.mismatch = mismatch
    }

    /// How far all lanes have come.
    public var stage: LaneState.Stage { lanes.map(\.stage).min() ?? .absent }
    /// How far all lanes of one database have come; absent when none is listed.
    public func stage(of database: String) -> LaneState.Stage { lanes.filter { $0.database == database }.map(\.stage).min() ?? .absent }
    /// Nothing of any lane exists.
    public var isAbsent: Bool { lanes.allSatisfy { $0.stage == .absent } }
    /// Some lane may apply changes.
    public var isRunning: Bool { lanes.contains { $0.stage == .running } }
    /// The largest lag; `nil` while one is unknown.
    public var lagBytes: Int64? { largest(\.lagBytes) }
    /// The longest lag; `nil` while one is unknown.
    public var lagMilliseconds: Int64? { largest(\.lagMilliseconds) }
    /// The largest lag in bytes, and in time where that is known, for people.
    var lagText: String? {
        lagBytes.map { bytes in "\(bytes) bytes" + (lagMilliseconds.map { " (\($0 / 1000).\($0 % 1000 / 100) s)" } ?? "") }
    }
    public var retainedBytes: Int64 { lanes.compactMap(\.retainedBytes).max() ?? 0 }
    /// The publisher keeps more WAL for a lane than `copy.maxRetainedWALMiB` allows.
    func retainsTooMuch(_ plan: Plan) -> Bool { retainedBytes > plan.copy.maxRetainedBytes }
    public var loss: String? { lanes.lazy.compactMap { lane in lane.loss.map { "\(lane.database): \($0)" } }.first }
    public var trouble: String? { lanes.lazy.compactMap { lane in lane.trouble.map { "\(lane.database): \($0)" } }.first }

    private func largest(_ lag: (LaneState) -> Int64?) -> Int64? {
        lanes.map(lag).reduce(Int64?.some(0)) { most, lag in most.flatMap { most in lag.map { max(most, $0) } } }
    }

    /// Whether everything the publisher wrote before `position` is durable on the subscriber.
    public func isDrained(to position: WALPosition) -> Bool { !lanes.isEmpty && lanes.allSatisfy { ($0.confirmed ?? .init(bytes: 0)) >= position } }
}
