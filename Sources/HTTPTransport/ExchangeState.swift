import FoundationEssentials

/// The status line and header fields of an answer.
struct HTTPHead: Sendable {
    var status: Int
    var headers: HTTPHeaders
}

/// Between the thread that receives and the task that reads: what has arrived, who waits, and whether the peer must pause.
///
/// A pure value; the caller performs the returned effects after it has left the lock.
struct ExchangeState {
    /// Above this many unread bytes the transfer is paused: 256 KiB, 16 of libcurl's largest pieces.
    static let highWater = 256 * 1024

    /// Shared connections are never paused, because libcurl 7.88 loses streams over it; their answers are read whole anyway.
    private let highWater: Int

    init(pauses: Bool = true) { highWater = pauses ? Self.highWater : .max }

    typealias HeadWaiter = CheckedContinuation<Result<HTTPHead, HTTPError>, Never>
    typealias ChunkWaiter = CheckedContinuation<Result<Data?, HTTPError>, Never>

    private(set) var head: HTTPHead?
    private var unread: [Data] = []
    private var unreadBytes = 0
    private var end: Result<Void, HTTPError>?
    private var isPaused = false
    private var headWaiter: HeadWaiter?
    private var chunkWaiter: ChunkWaiter?

    enum Effect {
        case none
        case answerHead(HeadWaiter, Result<HTTPHead, HTTPError>)
        case answerChunk(ChunkWaiter, Result<Data?, HTTPError>)
    }

    // MARK: The receiving side

    mutating func received(head: HTTPHead) -> Effect {
        guard self.head == nil, end == nil else { return .none }
        self.head = head
        guard let waiter = headWaiter else { return .none }
        headWaiter = nil
        return .answerHead(waiter, .success(head))
    }

    /// - Returns: `nil` when the piece was not taken, because the reader lags: pause, and offer it again after the resume.
    mutating func received(_ chunk: Data) -> Effect? {
        guard end == nil else { return Effect.none }
        if let waiter = chunkWaiter {
            chunkWaiter = nil
            return .answerChunk(waiter, .success(chunk))
        }
        guard unreadBytes + chunk.count <= highWater || unread.isEmpty else {
            isPaused = true
            return nil
        }
        unread.append(chunk)
        unreadBytes += chunk.count
        return Effect.none
    }

    /// The transfer is over. The first end counts; bytes that arrived before a failure stay readable, except after a cancellation.
    mutating func ended(_ result: Result<Void, HTTPError>) -> Effect {
        guard end == nil else { return .none }
        end = result
        if case .failure(let error) = result {
            if error.kind == .cancelled { (unread, unreadBytes) = ([], 0) }
            if let waiter = headWaiter {
                headWaiter = nil
                return .answerHead(waiter, .failure(error))
            }
        }
        guard let waiter = chunkWaiter else { return .none }
        chunkWaiter = nil
        return .answerChunk(waiter, result.map { nil })
    }

    // MARK: The reading side

    mutating func waitForHead(_ waiter: HeadWaiter) -> Effect {
        if let head { return .answerHead(waiter, .success(head)) }
        if case .failure(let error) = end { return .answerHead(waiter, .failure(error)) }
        headWaiter = waiter
        return .none
    }

    /// - Returns: the effect, and whether the transfer has to be resumed.
    mutating func waitForChunk(_ waiter: ChunkWaiter) -> (Effect, resume: Bool) {
        guard !unread.isEmpty else {
            if let end { return (.answerChunk(waiter, end.map { nil }), resume: false) }
            chunkWaiter = waiter
            return (.none, resume: takePause())
        }
        let chunk = unread.removeFirst()
        unreadBytes -= chunk.count
        return (.answerChunk(waiter, .success(chunk)), resume: unreadBytes <= highWater / 2 && takePause())
    }

    private mutating func takePause() -> Bool {
        defer { isPaused = false }
        return isPaused
    }
}

extension ExchangeState.Effect {
    func perform() {
        switch self {
        case .none: break
        case .answerHead(let waiter, let result): waiter.resume(returning: result)
        case .answerChunk(let waiter, let result): waiter.resume(returning: result)
        }
    }
}
