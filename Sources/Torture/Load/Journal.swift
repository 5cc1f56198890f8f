import MigrationCore
import Synchronization

/// What became of one transaction.
struct Attempt: Sendable, Hashable {
    enum Outcome: String, Sendable, Hashable {
        /// COMMIT was confirmed.
        case acknowledged
        /// A server said no before COMMIT could have happened.
        case refused
        /// The answer got lost.
        case unknown
    }

    var number: String
    var kind: String
    var side: Side
    var outcome: Outcome
    /// Before COMMIT was sent, and after the answer; in nanoseconds of one clock.
    var began: Int64
    var ended: Int64
}

/// Remembers every transaction of a run.
final class Journal: Sendable {
    private struct State {
        var attempts: [String: [Attempt]] = [:]
        var unexpected: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// Nanoseconds since the run began.
    var now: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    func add(_ attempt: Attempt, database: String) {
        state.withLock { $0.attempts[database, default: []].append(attempt) }
    }

    /// An answer no fence and no fault of a server explains.
    func unexpected(_ answer: String) { state.withLock { $0.unexpected[answer, default: 0] += 1 } }

    func attempts(_ database: String) -> [Attempt] { state.withLock { $0.attempts[database] ?? [] } }
    var all: [Attempt] { state.withLock { $0.attempts.values.flatMap(\.self) } }
    var acknowledged: Int { all.count { $0.outcome == .acknowledged } }
    var unexpected: [String: Int] { state.withLock { $0.unexpected } }

    /// The latest acknowledgement on a side, as a time of ``now``.
    func lastAcknowledged(on side: Side) -> Int64? {
        all.lazy.filter { $0.side == side && $0.outcome == .acknowledged }.map(\.ended).max()
    }

    func acknowledged(on side: Side) -> Int {
        all.count { $0.side == side && $0.outcome == .acknowledged }
    }
}
