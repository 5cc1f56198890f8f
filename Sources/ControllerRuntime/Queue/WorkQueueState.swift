import DequeModule
import HeapModule

/// The work queue as a value: which key is due when, which runs, which failed how often.
///
/// One entry per key, the earliest time wins, and a key never runs twice at once: a key added while it runs is kept and handed out
/// again after ``finish(_:_:now:)``. Time is an argument, so tests need no clock, and never goes back.
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

    /// A key that wants to run: among those whose time has come, or at its place in `delayed`.
    private struct Wish {
        var due: Instant
        /// The order of arrival.
        var number: UInt64
        var isReady = false
    }

    private struct Delayed: Comparable {
        var due: Instant
        var number: UInt64
        var key: Key

        static func < (a: Self, b: Self) -> Bool { (a.due, a.number) < (b.due, b.number) }
        static func == (a: Self, b: Self) -> Bool { (a.due, a.number) == (b.due, b.number) }
    }

    private let backoff: Backoff
    private var retries: RetryLimit
    private var wishes: [Key: Wish] = [:]
    /// Wishes in order. One that came true, or earlier than first wanted, leaves an entry behind, which is passed over.
    private var delayed = Heap<Delayed>()
    /// Keys whose time has come, in that order; those that run again after their run are not among them.
    private var ready = Deque<Key>()
    private var readyCount = 0
    private var running: [Key: Instant] = [:]
    private var failures: [Key: Int] = [:]
    private var sequence: UInt64 = 0

    public init(backoff: Backoff = Backoff(), retries: RetryLimit = RetryLimit()) {
        self.backoff = backoff
        self.retries = retries
    }

    /// Keys waiting to run that are due, those of them that run right now included.
    public mutating func depth(now: Instant) -> Int {
        promote(now)
        return readyCount
    }

    /// Keys handed out and not finished.
    public var runningKeys: Int { running.count }

    /// Failures in a row of one key.
    public func failureCount(of key: Key) -> Int { failures[key] ?? 0 }

    /// Wants `key` to run at `due`; an earlier time already wanted stays. Returns whether anything changed.
    @discardableResult
    public mutating func add(_ key: Key, due: Instant) -> Bool {
        if let present = wishes[key], present.isReady || present.due <= due { return false }
        if wishes[key] == nil { sequence += 1 }
        let number = wishes[key]?.number ?? sequence
        wishes[key] = Wish(due: due, number: number)
        delayed.insert(Delayed(due: due, number: number, key: key))
        return true
    }

    /// The key to run now, in order of due time, then of arrival; one that came due during its own run is last when that ends.
    public mutating func next(now: Instant) -> Next {
        promote(now)
        guard let key = ready.popFirst(), let wish = wishes.removeValue(forKey: key) else {
            return earliest().map { .wait(until: $0) } ?? .idle
        }
        readyCount -= 1
        running[key] = now
        return .run(key, waited: now - wish.due)
    }

    /// Ends the run of `key`. Returns how long it ran; `nil` when it was not running.
    @discardableResult
    public mutating func finish(_ key: Key, _ outcome: Outcome, now: Instant) -> Duration? {
        guard let started = running.removeValue(forKey: key) else { return nil }
        if wishes[key]?.isReady == true { ready.append(key) }
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

    /// Moves keys whose time has come.
    private mutating func promote(_ now: Instant) {
        while let due = earliest(), due <= now, let first = delayed.popMin() {
            wishes[first.key]?.isReady = true
            readyCount += 1
            if running[first.key] == nil { ready.append(first.key) }
        }
    }

    /// When the next key is due that is not ready yet.
    private mutating func earliest() -> Instant? {
        while let first = delayed.min {
            if let wish = wishes[first.key], !wish.isReady, wish.due == first.due, wish.number == first.number { return first.due }
            delayed.removeMin()
        }
        return nil
    }
}
