import Synchronization

/// The longest time in which no client of a database got a write acknowledged.
final class WriteGaps: Sendable {
    private struct State {
        var last: [String: ContinuousClock.Instant] = [:]
        var longest: [String: Duration] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    func acknowledged(_ database: String) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.count += 1
            if let last = state.last[database] { state.longest[database] = max(state.longest[database] ?? .zero, now - last) }
            state.last[database] = now
        }
    }

    /// Writes acknowledged so far.
    var count: Int { state.withLock { $0.count } }

    /// The longest of any database since the last call, in milliseconds.
    func take() -> Double {
        state.withLock { state in
            defer { state.longest = [:] }
            return (state.longest.values.max() ?? .zero) / .milliseconds(1)
        }
    }
}
