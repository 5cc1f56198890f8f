import Synchronization

/// What the clients of one application experienced, kept outside of every pod.
final class Acknowledgements: Sendable {
    private let state = Mutex(State())

    struct State: Sendable {
        /// Numbers whose COMMIT was confirmed, by client.
        var acknowledged: [String: [Int64]] = [:]
        var count = 0
        var errors = 0
        /// Failed requests by what the client saw.
        var kinds: [String: Int] = [:]
        var last: ContinuousClock.Instant?
        var longestGap: Duration = .zero
        /// The longest time a request took that was confirmed, by client, since it was last asked for.
        var slowest: [String: Duration] = [:]
    }

    var snapshot: State { state.withLock { $0 } }
    var count: Int { state.withLock { $0.count } }

    /// - Parameter sent: when the request was.
    func acknowledge(_ number: Int64, of client: String, sent: ContinuousClock.Instant, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.slowest[client] = max(state.slowest[client] ?? .zero, now - sent)
            state.acknowledged[client, default: []].append(number)
            state.count += 1
            if let last = state.last { state.longestGap = max(state.longestGap, now - last) }
            state.last = now
        }
    }

    /// One for each client, and forgotten.
    func takeSlowest() -> [Duration] {
        state.withLock { state in
            defer { state.slowest = [:] }
            return Array(state.slowest.values)
        }
    }

    func fail(_ kind: String) {
        state.withLock { state in
            state.errors += 1
            state.kinds[kind, default: 0] += 1
        }
    }
}
