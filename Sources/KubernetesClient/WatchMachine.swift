import KubernetesModel

/// What a watcher learns. The sequence never ends by itself.
public enum WatchOutput<Object: Sendable>: Sendable {
    /// The whole truth as of now: whatever is not in it is gone, except what is there and cannot be read.
    case replaced([Object], unreadable: [UnreadableObject] = [])
    case applied(Object)
    case deleted(Object)
    /// An object that was added, changed or deleted cannot be read.
    case unreadable(UnreadableObject)
    /// A list or watch request failed and will be tried again. What was known may grow stale.
    case interrupted(KubernetesError)
    /// A watch stands again, after `interrupted`.
    case resumed
}

/// List, then watch, then watch again from where it ended, for ever. A pure value: it says what to do next and is told what came of it.
///
/// A resource version is taken over only with the event that carries it, so an event that was not delivered is sent again.
struct WatchMachine<Object: Sendable>: Sendable {
    /// A watch that ends sooner than this without an event counts as a failure, so that a confused server is not asked in a tight loop.
    static var shortestWatch: Duration { .seconds(1) }

    /// How old a list may be.
    enum ListVersion: Sendable, Hashable {
        /// As old as the server's cache, which answers at a third of the cost, and in one page. What it lacks comes with the watch.
        case any
        /// The newest: after what has been seen, time must not go back.
        case newest
    }

    enum Step: Sendable, Hashable {
        /// Ask for a page; `nil` for the first.
        case list(continue: String?, ListVersion)
        /// Ask for events after this version; or, when the watch stands, read on.
        case watch(resourceVersion: String)
        /// Wait: the attempt counts from 1.
        case wait(attempt: Int, atLeast: Duration?)
    }

    enum Input: Sendable {
        case page([Object], unreadable: [UnreadableObject] = [], continue: String?, resourceVersion: String)
        /// The watch was accepted.
        case opened
        case event(WatchEvent<Object>)
        /// The watch is over, however it ended, after this time.
        case ended(lasted: Duration)
        /// A request was refused or got no answer, or an answer was not understood.
        case failed(KubernetesError)
        case waited
    }

    private indirect enum State: Sendable {
        case listing(continue: String?, collected: [Object], unreadable: [UnreadableObject])
        case watching(resourceVersion: String)
        case backingOff(atLeast: Duration?, then: State)
    }

    /// For messages.
    private let resource: String
    private var state = State.listing(continue: nil, collected: [], unreadable: [])
    /// Failures since the last sign of life.
    private var failures = 0
    private var isInterrupted = false
    private var sawEvent = false
    private var hasListed = false

    init(resource: String) { self.resource = resource }

    var next: Step {
        switch state {
        // One answer with everything may be too much for a slow server or reader; pages get on.
        case .listing(let token, _, _): .list(continue: token, hasListed || failures > 0 ? .newest : .any)
        case .watching(let version): .watch(resourceVersion: version)
        case .backingOff(let atLeast, _): .wait(attempt: failures, atLeast: atLeast)
        }
    }

    mutating func handle(_ input: Input) -> [WatchOutput<Object>] {
        switch (state, input) {
        case (.listing(_, let collected, let before), .page(let items, let unreadable, let token, let version)):
            let (all, unread) = (collected + items, before + unreadable)
            if let token, !token.isEmpty {
                state = .listing(continue: token, collected: all, unreadable: unread)
                return []
            }
            state = .watching(resourceVersion: version)
            hasListed = true
            return [.replaced(all, unreadable: unread)]
        case (.watching, .opened):
            sawEvent = false
            defer { isInterrupted = false }
            return isInterrupted ? [.resumed] : []
        case (.watching, .event(let event)):
            return handle(event)
        case (.watching(let version), .ended(let lasted)):
            if sawEvent || lasted >= Self.shortestWatch {
                failures = 0
            } else {
                backOff(then: .watching(resourceVersion: version))
            }
            return []
        case (_, .failed(let error)):
            return handle(error)
        case (.backingOff(_, let then), .waited):
            state = then
            return []
        default:
            return []
        }
    }

    private mutating func handle(_ event: WatchEvent<Object>) -> [WatchOutput<Object>] {
        switch event {
        case .applied(let object, let version):
            advance(to: version)
            return [.applied(object)]
        case .deleted(let object, let version):
            advance(to: version)
            return [.deleted(object)]
        case .bookmark(let version):
            advance(to: version)
            return []
        case .unreadable(let object):
            advance(to: object.head.resourceVersion)
            return [.unreadable(object)]
        case .error(let status):
            let code = status.code ?? 500
            let kind = APIRequest.kind(status: code, reason: status.reason, retryAfter: RetryAfter.duration(status))
            let error = KubernetesError(
                kind: kind, verb: "watch", resource: resource, status: code, reason: status.reason,
                message: status.message ?? "an error without a message")
            return handle(error, relist: true)
        }
    }

    private mutating func advance(to version: String) {
        sawEvent = true
        failures = 0
        state = .watching(resourceVersion: version)
    }

    /// No answer, too many requests or a fault of the server: the same question again. Anything else may mean that what we know no longer
    /// holds (the kind was removed and came back, for instance): list again.
    private mutating func handle(_ error: KubernetesError) -> [WatchOutput<Object>] {
        switch error.kind {
        case .transport, .tooManyRequests, .serverError: handle(error, relist: false)
        default: handle(error, relist: true)
        }
    }

    private mutating func handle(_ error: KubernetesError, relist: Bool) -> [WatchOutput<Object>] {
        let then: State
        switch state {
        case .watching where !relist: then = state
        case .backingOff(_, let after): then = after
        default: then = .listing(continue: nil, collected: [], unreadable: [])
        }
        // The first expiry is ordinary and answered at once; a server that says so again and again is not.
        if error.kind == .gone, failures == 0 {
            failures = 1
            state = .listing(continue: nil, collected: [], unreadable: [])
            return []
        }
        backOff(atLeast: error.retryAfter, then: then)
        if error.kind == .gone { return [] }
        isInterrupted = true
        return [.interrupted(error)]
    }

    private mutating func backOff(atLeast: Duration? = nil, then: State) {
        failures += 1
        state = .backingOff(atLeast: atLeast, then: then)
    }
}

/// How long to wait before asking again: 0.5 s, doubled with every attempt up to 30 s, of which a random half to all.
enum WatchBackoff {
    /// - Parameters:
    ///   - attempt: from 1.
    ///   - jitter: 0 to 1.
    static func delay(attempt: Int, atLeast: Duration?, jitter: Double) -> Duration {
        let full = min(30_000, 500 << min(max(attempt, 1) - 1, 10))
        let delay = Duration.milliseconds(Int(Double(full) * (0.5 + 0.5 * jitter)))
        return max(delay, atLeast ?? .zero)
    }
}
