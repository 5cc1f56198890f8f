/// How often failed keys are tried again, all keys together: 10 a second, after a burst of 100.
///
/// The backoff of each key alone would let thousands of keys that fail for one reason press a server that is just coming back. The defaults are
/// those of client-go's rate limiter.
public struct RetryLimit: Sendable, Equatable {
    private let interval: Duration
    private let burst: Int
    /// When the bucket is full again.
    private var full: ContinuousClock.Instant?

    public init(perSecond: Int = 10, burst: Int = 100) {
        interval = .seconds(1) / max(1, perSecond)
        self.burst = burst
    }

    /// Takes the next place.
    /// - Returns: how long to wait for it.
    mutating func take(now: ContinuousClock.Instant) -> Duration {
        let next = max(full ?? now, now) + interval
        full = next
        return max(.zero, next - now - interval * burst)
    }
}
