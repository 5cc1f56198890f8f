/// The controller's write-ahead memory (`status.record`): only what cannot be observed again, persisted before anything is performed.
public struct Record: Sendable, Hashable, Codable {
    /// Of the format; a newer one is refused, never guessed at.
    public static let currentVersion = 1
    /// Larger records are refused, never trimmed. In bytes of JSON.
    public static let sizeLimit = 65_536

    public var version = Record.currentVersion
    public var attempt: Int
    public var phase: Phase
    public var phaseStartedAt: Timestamp
    /// The plan with which the migration left Pending: source, target and databases may not change after it.
    public var accepted: Plan?
    /// The plan in force from Fencing on.
    public var frozen: Plan?
    public var fence: Fence?
    /// The number of the newest Job of each step within the migration (never reused, also over attempts).
    public var jobs: [WorkerStep: Int] = [:]
    /// Jobs of the current phase that failed one after the other, none of which had lasted; they may be tried again.
    public var jobFailures = 0
    /// When the newest Job was decided.
    public var jobStartedAt: Timestamp?
    /// Why the fence is being undone before the switch; cleared when the source is open again.
    public var abort: Cause?
    /// Why the last cutover was undone; holds the next one until a new attempt, or until the goal goes back to Ready once.
    public var held: Cause?
    /// Why we go back, from RollingBack on.
    public var rollback: Rollback?
    /// The target's position that the last rollback waited for in vain, behind a closed target: the next one closes it only when the source is past it.
    public var unreached: WALPosition?
    /// When the poolers' files were last written, until every pooler was seen to serve again.
    public var pointedAt: Timestamp?
    /// Why the forward lanes are taken away: they are not made again in this attempt.
    public var dropped: Cause?
    /// CronJobs or replicas may rest for the write pause, and are put back after it.
    public var hasRested: Bool?
    /// Why it failed, in Failed.
    public var failure: Cause?
    /// What is left to do for a person after a rollback that does not come to its end.
    public var remaining: [String]?
    /// How each health check fares in this soak.
    public var checks: [String: CheckState] = [:]
    /// What readings of checks are compared with, by the check's name: measured in the visit that decided the fence. Absent in a record of an older
    /// controller.
    public var baselines: [String: Baseline]?
    /// Since when all checks have been good without a break.
    public var healthySince: Timestamp?
    /// Since when a check has stood at its failure limit without a break.
    public var unhealthySince: Timestamp?
    public var lastProbeAt: Timestamp?
    /// Connection strings, by their places, that others have to write or have turned back, as last told. Absent in a record of an older controller.
    public var awaited: String?
    /// Set once the applications were told to read the target in this attempt; their restart's annotation then exists.
    public var switchedAt: Timestamp?
    public var firstClientWriteAt: Timestamp?
    public var milestones: Set<Milestone> = []
    /// The target's epoch when its opening was decided in this attempt; an undo must leave a higher one behind.
    public var targetEpoch: Int64?
    /// Since when the deletion of the object has been under way.
    public var teardownStartedAt: Timestamp?
    /// What people are to be told and was not delivered yet, oldest first.
    public var outbox: [Notification]?
    /// The number of the newest notification within the migration (never reused, also over attempts).
    public var notified: Int?
    /// Which standing was told of, so that it is not told of again at every visit.
    public var toldStanding: Occasion?
    /// Live mode: when both sides were last found equal.
    public var verifiedAt: Timestamp?
    /// At most ``timelineLimit``; older entries go first.
    public var timeline: [Visit] = []

    public static let timelineLimit = 64

    public init(attempt: Int, phase: Phase = .pending, at now: Timestamp) {
        self.attempt = attempt
        self.phase = phase
        self.phaseStartedAt = now
        self.timeline = [Visit(phase: phase, startedAt: now)]
    }
}

extension Record {
    /// This record as a clock has to take it that was set back: nothing in it lies in the future, so nothing waits until the clock is there again.
    ///
    /// How long the source has been fenced cannot be told any more, so that its time is over; a soak begins anew, as after a stretch nobody watched.
    func seen(from now: Timestamp) -> Record {
        var record = self
        record.phaseStartedAt = min(phaseStartedAt, now)
        record.verifiedAt = verifiedAt.map { min($0, now) }
        record.jobStartedAt = jobStartedAt.map { min($0, now) }
        record.teardownStartedAt = teardownStartedAt.map { min($0, now) }
        record.rollback?.openedAt = rollback?.openedAt.map { min($0, now) }
        record.rollback?.closingAt = rollback?.closingAt.map { min($0, now) }
        record.rollback?.closedAt = rollback?.closedAt.map { min($0, now) }
        record.unhealthySince = unhealthySince.map { min($0, now) }
        record.pointedAt = pointedAt.map { min($0, now) }
        if let lastProbeAt, lastProbeAt > now { (record.lastProbeAt, record.healthySince) = (nil, nil) }
        if let fence, fence.decidedAt > now { record.fence?.deadline = min(fence.deadline, now) }
        return record
    }

    /// A reason with its message, as conditions show it.
    public struct Cause: Sendable, Hashable, Codable {
        /// Characters of a message that are kept: records and conditions are bounded, and a long error must not block an undo.
        public static let messageLimit = 1024

        public var reason: Reason
        public var message: String

        public init(_ reason: Reason, _ message: String) {
            self.reason = reason
            self.message = String(message.prefix(Self.messageLimit))
        }
    }

    /// The source fence this record stands behind.
    public struct Fence: Sendable, Hashable, Codable {
        /// The epoch observed when the fence was decided; every action on it is compare-and-set against the epochs that follow.
        public var epoch: Int64
        public var decidedAt: Timestamp
        /// Past it, and before the switch, the fence is undone.
        public var deadline: Timestamp
        /// When the fence was closed, by the source's clock.
        public var closedAt: Timestamp?
        /// The source's insert position behind the closed fence: what the forward lanes have to reach.
        public var position: WALPosition?
        public var evidence: String?
        /// Times the poolers were to be paused for it, while it was still open.
        public var pauses: Int?
        /// The target was seen open, as it was opened behind this fence, and opening the source has not been decided since. Until then the target may
        /// take writes whatever is known of the source. Absent in a record of an older controller.
        public var hasOpenedTarget: Bool?

        /// The source's epoch once it is closed.
        public var closedEpoch: Int64 { epoch + 1 }
        /// The source's epoch once Switching has closed it again, and from when nobody but a rollback may open it.
        public var sealEpoch: Int64 { epoch + 2 }
    }

    public struct Rollback: Sendable, Hashable, Codable {
        public var cause: Cause
        /// Asked for by the user: then RolledBack is the goal, not a failure.
        public var isRequested: Bool
        public var from: Phase
        public var acceptsLoss: Bool
        /// When the target was first seen closed: from then on nobody can write, whatever happened between the decision and then.
        public var closedAt: Timestamp?
        /// When closing the target was last decided: from then on nobody could write, or a little later.
        public var closingAt: Timestamp?
        /// From ``closingAt`` until the source was first seen open again, in milliseconds.
        public var pauseMilliseconds: Int64?
        /// When the source was first seen open again, and then when the workloads were first to be restarted: what is left has its time from then on.
        public var openedAt: Timestamp?
        /// Restarting the workloads has been decided.
        public var hasRestarted: Bool?
        /// The target's insert position behind its closed fence: what the reverse lanes have to reach.
        public var position: WALPosition?
        /// Everything the target took is on the source, sequences included: the reverse lanes have done their work.
        public var isCarriedBack: Bool?
        /// Times the poolers were to be paused for it, while the target was still open.
        public var pauses: Int?
    }

    public struct CheckState: Sendable, Hashable, Codable {
        public var verdict: Verdict
        /// Readings in a row with this verdict.
        public var streak: Int
        public var message: String
        /// Failures of this soak altogether; absent in a record of an older controller.
        public var failures: Int?
    }

    public struct Visit: Sendable, Hashable, Codable {
        public var phase: Phase
        public var startedAt: Timestamp
        public var finishedAt: Timestamp?
        public var reason: Reason?

        public init(phase: Phase, startedAt: Timestamp) {
            self.phase = phase
            self.startedAt = startedAt
        }
    }

}

/// Something reached in this attempt; conditions are derived from these.
public enum Milestone: String, Sendable, Hashable, Codable, CaseIterable {
    case preflightPassed, provisioned, copied, caughtUp, verified, cutOver, promoted, rolledBack, cleanedUp
}
