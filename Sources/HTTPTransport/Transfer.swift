import FoundationEssentials
import Synchronization

/// One request under way, shared by the thread that runs it and the task that reads it.
final class Transfer: Sendable {
    let request: HTTPRequest
    private let startedAt = ContinuousClock.now
    private let exchange: Mutex<ExchangeState>

    init(_ request: HTTPRequest) {
        self.request = request
        exchange = Mutex(ExchangeState(pauses: !request.sharesConnection))
    }

    func error(_ kind: HTTPError.Kind, _ message: String) -> HTTPError {
        HTTPError(kind: kind, method: request.method, url: request.url, message: message)
    }

    // MARK: The receiving side

    /// Whether its reader has waited for an answer long enough to doubt the connection.
    var isSilent: Bool { exchange.withLock { $0.head == nil } && startedAt.duration(to: .now) > .seconds(2) }

    func receive(_ head: HTTPHead) { exchange.withLock { $0.received(head: head) }.perform() }

    /// - Returns: whether the bytes were taken; otherwise the transfer has to pause.
    func receive(_ chunk: Data) -> Bool {
        guard let effect = exchange.withLock({ $0.received(chunk) }) else { return false }
        effect.perform()
        return true
    }

    func end(_ result: Result<Void, HTTPError>) { exchange.withLock { $0.ended(result) }.perform() }

    func fail(_ kind: HTTPError.Kind, _ message: String) { end(.failure(error(kind, message))) }

    // MARK: The reading side

    func waitForHead(_ waiter: ExchangeState.HeadWaiter) { exchange.withLock { $0.waitForHead(waiter) }.perform() }

    /// - Parameter resume: called when a paused transfer has to go on.
    func waitForChunk(_ waiter: ExchangeState.ChunkWaiter, resume: () -> Void) {
        let (effect, mustResume) = exchange.withLock { $0.waitForChunk(waiter) }
        if mustResume { resume() }
        effect.perform()
    }
}
