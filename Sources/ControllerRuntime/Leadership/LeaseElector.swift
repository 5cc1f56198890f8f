/// What a Lease says, without its name.
///
/// The times are texts on purpose: clocks of different machines are never compared. Expiry is judged by how long *we* saw no change.
public struct LeaseRecord: Sendable, Equatable {
    /// Empty when nobody holds the lease.
    public var holder: String
    /// What the holder promises to renew within, in seconds.
    public var durationSeconds: Int
    public var acquireTime: String?
    public var renewTime: String?
    public var transitions: Int

    public init(holder: String, durationSeconds: Int, acquireTime: String? = nil, renewTime: String? = nil, transitions: Int = 0) {
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.transitions = transitions
    }
}

/// Leader election over one Lease, as a value: it is told what was read and written, and says what to do next.
///
/// At most one process leads as long as clocks *run* at about the same speed: a leader stops `renewDeadline` after it *sent* its last successful
/// renewal, others take over `durationSeconds` after they *saw* it, which is later by at least the difference.
public struct LeaseElector: Sendable {
    public typealias Instant = ContinuousClock.Instant

    /// The timing of Kubernetes' own components.
    public struct Timing: Sendable, Equatable {
        /// How long others wait after the last change they saw. Default 15 s.
        public var leaseDuration: Duration
        /// How long the leader goes on without a successful renewal. Default 10 s; must be shorter than `leaseDuration`.
        public var renewDeadline: Duration
        /// Pause between tries. Default 2 s.
        public var retryPeriod: Duration

        public init(leaseDuration: Duration = .seconds(15), renewDeadline: Duration = .seconds(10), retryPeriod: Duration = .seconds(2)) {
            self.leaseDuration = leaseDuration
            self.renewDeadline = renewDeadline
            self.retryPeriod = retryPeriod
        }
    }

    public enum Input: Sendable, Equatable {
        /// The time asked for by ``Action/wait(until:)`` has come; also the first input of all.
        case tick
        /// The Lease was read; `nil` when there is none.
        case observed(LeaseRecord?, version: String)
        /// The write asked for was accepted.
        case written(version: String)
        /// The write was refused because the Lease had changed (409).
        case conflict
        /// The request failed for another reason, or did not answer in time; `retryAfter` is how long the server asked us to wait.
        case failed(retryAfter: Duration? = nil)
    }

    public enum Action: Sendable, Equatable {
        case read
        /// Write this record; `replacing` is the resourceVersion to send with it, `nil` to create the Lease.
        case write(LeaseRecord, replacing: String?)
        case wait(until: Instant)
        /// Leadership is over and does not come back in this process.
        case stop(Loss)
    }

    /// Why leadership ended.
    public enum Loss: Sendable, Equatable {
        case renewDeadlinePassed
        case takenOver(by: String)
        /// Somebody deleted the Lease; another process may have created and held it since.
        case leaseDeleted
    }

    private struct Observation: Sendable {
        var record: LeaseRecord
        var version: String
        /// When we first saw this record.
        var since: Instant
    }

    private let identity: String
    private let timing: Timing
    private var observation: Observation?
    /// The write in flight and when it was sent.
    private var sent: (record: LeaseRecord, at: Instant)?
    /// When the last successful renewal was sent; `nil` while following.
    public private(set) var renewedAt: Instant?
    /// Why leadership ended; `nil` before that.
    public private(set) var loss: Loss?

    /// - Parameter identity: unique to this process, not to its pod: a restarted container is another candidate.
    public init(identity: String, timing: Timing = Timing()) {
        self.identity = identity
        self.timing = timing
    }

    public var isLeader: Bool { renewedAt != nil && loss == nil }

    /// Who holds the lease as far as we saw; `nil` before the first read.
    public var holder: String? { observation?.record.holder }

    /// The moment after which the leader must not act without a new renewal; `nil` while following.
    public var deadline: Instant? { isLeader ? renewedAt.map { $0 + timing.renewDeadline } : nil }

    /// Takes one input and answers with the one thing to do.
    ///
    /// - Parameters:
    ///   - now: monotonic time.
    ///   - stamp: wall-clock time in the API's MicroTime format, for other people to read.
    public mutating func handle(_ input: Input, now: Instant, stamp: String) -> Action {
        if let loss { return .stop(loss) }
        if let deadline, now >= deadline { return lose(.renewDeadlinePassed) }
        switch input {
        case .tick:
            return isLeader ? renew(now: now, stamp: stamp) : .read
        case .observed(let record, let version):
            return observed(record, version: version, now: now, stamp: stamp)
        case .written(let version):
            // An acquisition answered too late to act on: look again.
            guard let sent, now < sent.at + timing.renewDeadline else { return .read }
            renewedAt = sent.at
            observation = Observation(record: sent.record, version: version, since: now)
            self.sent = nil
            return .wait(until: sent.at + timing.retryPeriod)
        case .conflict:
            sent = nil
            return .read
        case .failed(let retryAfter):
            // Counted from when it was sent: one that took long to fail has used up its pause, and a leader's time runs out.
            var next = max(now, (sent?.at ?? now) + timing.retryPeriod)
            if let retryAfter {
                // A leader asks once more before its time is over, however long the server wants to be left alone.
                let last = deadline.map { $0 - timing.retryPeriod }
                next = max(next, min(now + retryAfter, last ?? now + retryAfter))
            }
            sent = nil
            return .wait(until: min(next, deadline ?? next))
        }
    }

    /// The record that gives the lease back, with the version it replaces; `nil` when we do not hold it. The elector stops with it.
    public mutating func release(stamp: String) -> (record: LeaseRecord, replacing: String)? {
        guard isLeader, let observation else { return nil }
        renewedAt = nil
        // One second, the shortest the API takes: even a reader that ignores the empty holder waits no longer.
        let record = LeaseRecord(
            holder: "", durationSeconds: 1, acquireTime: observation.record.acquireTime, renewTime: stamp, transitions: observation.record.transitions
        )
        return (record, observation.version)
    }

    private mutating func observed(_ record: LeaseRecord?, version: String, now: Instant, stamp: String) -> Action {
        guard let record else {
            if isLeader { return lose(.leaseDeleted) }
            observation = nil
            return write(LeaseRecord(holder: identity, durationSeconds: seconds, acquireTime: stamp, renewTime: stamp), replacing: nil, now: now)
        }
        if observation?.record == record {
            observation?.version = version
        } else {
            observation = Observation(record: record, version: version, since: now)
        }
        if isLeader {
            return record.holder == identity ? renew(now: now, stamp: stamp) : lose(.takenOver(by: record.holder))
        }
        let since = observation?.since ?? now
        let expiry = since + .seconds(record.durationSeconds)
        if !record.holder.isEmpty, record.holder != identity, now < expiry { return .wait(until: min(now + timing.retryPeriod, expiry)) }
        var mine = record
        if record.holder != identity {
            mine.transitions += 1
            mine.acquireTime = stamp
        }
        mine.holder = identity
        mine.durationSeconds = seconds
        mine.renewTime = stamp
        return write(mine, replacing: version, now: now)
    }

    private mutating func renew(now: Instant, stamp: String) -> Action {
        guard let observation else { return .read }
        var record = observation.record
        record.renewTime = stamp
        return write(record, replacing: observation.version, now: now)
    }

    private mutating func write(_ record: LeaseRecord, replacing version: String?, now: Instant) -> Action {
        sent = (record, now)
        return .write(record, replacing: version)
    }

    private mutating func lose(_ reason: Loss) -> Action {
        loss = reason
        renewedAt = nil
        sent = nil
        return .stop(reason)
    }

    private var seconds: Int { max(1, Int(timing.leaseDuration.components.seconds)) }
}
