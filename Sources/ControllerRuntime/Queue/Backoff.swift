/// How long to wait after the n-th failure in a row: `base`·2ⁿ, never more than `limit`.
///
/// The defaults (5 ms, 1,000 s) are those of client-go's rate limiter, which operators' users know.
public struct Backoff: Sendable, Equatable {
    public var base: Duration
    public var limit: Duration

    public init(base: Duration = .milliseconds(5), limit: Duration = .seconds(1000)) {
        self.base = base
        self.limit = limit
    }

    /// The delay after `failures` earlier failures in a row (0 for the first one).
    public func delay(afterFailures failures: Int) -> Duration {
        // 2^40 × 5 ms is far past any sensible limit; the shift stays inside Int64.
        min(base * (Int64(1) << min(max(failures, 0), 40)), limit)
    }
}
