/// The work queue as a value: which key is due when, which runs, which failed how often.
///
/// One entry per key, the earliest time wins, and a key never runs twice at once: a key added while it runs is kept and handed out
/// again after ``finish(_:_:now:)``. Time is an argument, so tests need no clock.
///
/// The search for the next key is linear: the number of keys is the number of objects of one kind that need work.
public struct WorkQueueState<Key: Hashable & Sendable>: Sendable {
    public typealias Instant = ContinuousClock.Instant

    /// What a worker gets from ``next(now:)``.
    public enum Next: Sendable, Equatable {
        /// Run this key now; it had been due for `waited`.
        case run(Key, waited: Duration)
        /// Nothing is due before this time.
        case wait(until: Instant)
        /// Nothing waits, or everything that waits is running.
        case idle
    }

    /// How a run ended.
    public enum Outcome: Sendable, Equatable {
        case done
        case after(Duration)
        /// Try again after the backoff, and not sooner than `atLeast` (what a server asked for).
        case failed(atLeast: Duration = .zero)
    }

    private let backoff: Backoff
    private var retries: RetryLimit
    private var waiting: [Key: Instant] = [:]
    private var running: [Key: Instant] = [:]
    private var failures: [Key: Int] = [:]
    private var order: [Key: UInt64] = [:]
    private var sequence: UInt64 = 0

    public init(backoff: Backoff = Backoff(), retries: RetryLimit = RetryLimit()) {
        self.backoff = backoff
        self.retries = retries
    }

    /// Keys waiting to run that are due, those of them that run right now included.
    public func depth(now: Instant) -> Int { waiting.values.count { $0 <= now } }

    /// Keys handed out and not finished.
    public var runningKeys: Int { running.count }

    /// Failures in a row of one key.
    public func failureCount(of key: Key) -> Int { failures[key] ?? 0 }

    /// Wants `key` to run at `due`; an earlier time already wanted stays. Returns whether anything changed.
    @discardableResult
    public mutating func add(_ key: Key, due: Instant) -> Bool {
        if let present = waiting[key], present <= due { return false }
        waiting[key] = due
        if order[key] == nil {
            sequence += 1
            order[key] = sequence
        }
        return true
    }

    /// The key to run now, in order of due time, then of arrival.
    public mutating func next(now: Instant) -> Next {
        guard let first = earliest() else { return .idle }
        guard first.due <= now else { return .wait(until: first.due) }
        waiting[first.key] = nil
        order[first.key] = nil
        running[first.key] = now
        return .run(first.key, waited: now - first.due)
    }

    /// Ends the run of `key`. Returns how long it ran; `nil` when it was not running.
    @discardableResult
    public mutating func finish(_ key: Key, _ outcome: Outcome, now: Instant) -> Duration? {
        guard let started = running.removeValue(forKey: key) else { return nil }
        switch outcome {
        case .done:
            failures[key] = nil
        case .after(let delay):
            failures[key] = nil
            add(key, due: now + delay)
        case .failed(let atLeast):
            let before = failures[key] ?? 0
            failures[key] = before + 1
            add(key, due: now + max(atLeast, backoff.delay(afterFailures: before), retries.take(now: now)))
        }
        return now - started
    }

    private func earliest() -> (key: Key, due: Instant)? {
        var best: (key: Key, due: Instant)?
        for (key, due) in waiting where running[key] == nil {
            guard let current = best else {
                best = (key, due)
                continue
            }
            if due < current.due || (due == current.due && arrival(key) < arrival(current.key)) { best = (key, due) }
        }
        return best
    }

    private func arrival(_ key: Key) -> UInt64 { order[key] ?? .max }
}
