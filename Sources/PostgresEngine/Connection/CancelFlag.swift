import Synchronization

/// Set from a task's cancellation handler, read by the queue that waits for the server.
final class CancelFlag: Sendable {
    private let flag = Atomic(false)
    /// When waiting ends, however it stands.
    private let deadline: ContinuousClock.Instant?

    init(deadline: ContinuousClock.Instant? = nil) { self.deadline = deadline }

    var isSet: Bool { flag.load(ordering: .acquiring) }
    var isOver: Bool { deadline.map { $0 <= .now } ?? false }
    func set() { flag.store(true, ordering: .releasing) }
}
