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
    }

    var snapshot: State { state.withLock { $0 } }
    var count: Int { state.withLock { $0.count } }

    func acknowledge(_ number: Int64, of client: String, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.acknowledged[client, default: []].append(number)
            state.count += 1
            if let last = state.last { state.longestGap = max(state.longestGap, now - last) }
            state.last = now
        }
    }

    func fail(_ kind: String) {
        state.withLock { state in
            state.errors += 1
            state.kinds[kind, default: 0] += 1
        }
    }
}
