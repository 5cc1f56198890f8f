import ControllerRuntime
import MigrationCore

/// How long a visit may take while the source is fenced and nothing has been opened yet: whatever hangs must not hold up the undo.
struct PauseBudget: Sendable {
    private let decidedAt: Timestamp
    private let deadline: Timestamp

    /// `nil` where no visit is bounded.
    init?(_ record: Record?) {
        guard let record, let fence = record.fence else { return nil }
        guard record.isFencedBeforeSwitch || (record.phase == .switching && record.targetEpoch == nil) else { return nil }
        (decidedAt, deadline) = (fence.decidedAt, fence.deadline)
    }

    /// For a look and a status write past the deadline, when the undo is due and the API server may be what hangs.
    static let grace = Duration.seconds(1)
    /// The longest pause between two visits that fail.
    static let retry = Duration.milliseconds(500)

    /// Also when the clock was set back: then nobody knows what is left.
    func isSpent(at now: Timestamp) -> Bool { now >= deadline || now < decidedAt }

    /// When to visit again, at the latest, after a visit that failed.
    func retry(at now: Timestamp) -> Duration { isSpent(at: now) ? Self.retry : min(Self.retry, left(at: now)) }

    /// When to visit again, at the latest.
    func wake(_ wanted: Duration, at now: Timestamp) -> Duration { isSpent(at: now) ? wanted : min(wanted, left(at: now)) }

    private func left(at now: Timestamp) -> Duration { .milliseconds(max(0, deadline.since(now))) }

    /// Looks for as long as the fence has left; past its deadline for ``grace``. What was not seen by then is unknown, which the rules can judge.
    func looking(at now: Timestamp, _ operation: @escaping @Sendable () async -> Observation) async -> Observation {
        await stopped(at: .now + patience(at: now), operation)
    }

    /// Writes for as long as looking may take.
    func writing<Value: Sendable>(at now: Timestamp, _ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withDeadline(.now + patience(at: now), operation)
    }

    private func patience(at now: Timestamp) -> Duration { isSpent(at: now) ? Self.grace : left(at: now) }

    /// Acts, for as long as the fence has left. What is cut off has failed, and the next visit undoes it; the undo itself has all the time it needs.
    func acting(at now: Timestamp, _ operation: @escaping @Sendable () async throws -> Void) async throws {
        if isSpent(at: now) { return try await operation() }
        try await withDeadline(.now + left(at: now), operation)
    }
}
