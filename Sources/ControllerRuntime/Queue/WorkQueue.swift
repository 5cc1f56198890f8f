import Metrics

/// ``WorkQueueState`` shared between watches (which add) and workers (which wait for keys).
///
/// At rest it holds at most one timer task, set to the earliest due time; workers are suspended continuations.
public actor WorkQueue<Key: Hashable & Sendable> {
    private var state: WorkQueueState<Key>
    private var waiters: [CheckedContinuation<Key?, Never>] = []
    private var alarm: (due: ContinuousClock.Instant, task: Task<Void, Never>)?
    private var closed = false
    private let metrics: WorkQueueMetrics
    private let clock = ContinuousClock()

    public init(backoff: Backoff = Backoff(), metrics: WorkQueueMetrics) {
        state = WorkQueueState(backoff: backoff)
        self.metrics = metrics
    }

    /// Wants `key` to run, at once or after `delay`.
    public func add(_ key: Key, after delay: Duration = .zero) {
        if state.add(key, due: clock.now + delay) { metrics.adds.increment() }
        handOut()
    }

    /// Wants all of `keys` to run at once.
    public func add(_ keys: some Sequence<Key> & Sendable) {
        let now = clock.now
        for key in keys where state.add(key, due: now) { metrics.adds.increment() }
        handOut()
    }

    /// Waits for the next key; `nil` once the queue is closed.
    public func next() async -> Key? {
        await withCheckedContinuation { waiter in
            if closed {
                waiter.resume(returning: nil)
            } else {
                waiters.append(waiter)
                handOut()
            }
        }
    }

    /// Ends the run of a key that ``next()`` returned.
    public func finish(_ key: Key, _ outcome: WorkQueueState<Key>.Outcome) {
        if case .failed = outcome { metrics.retries.increment() }
        if let ran = state.finish(key, outcome, now: clock.now) { metrics.workDuration.record(duration: ran) }
        handOut()
    }

    /// Hands out no more keys; everyone waiting gets `nil`. What runs may still finish.
    public func close() {
        closed = true
        alarm?.task.cancel()
        alarm = nil
        for waiter in waiters { waiter.resume(returning: nil) }
        waiters = []
    }

    private func handOut() {
        defer { metrics.depth.record(state.depth(now: clock.now)) }
        while !closed, !waiters.isEmpty {
            switch state.next(now: clock.now) {
            case .run(let key, let waited):
                metrics.queueDuration.record(duration: waited)
                waiters.removeFirst().resume(returning: key)
            case .wait(let due):
                return arm(due)
            case .idle:
                return
            }
        }
    }

    private func arm(_ due: ContinuousClock.Instant) {
        if let alarm, alarm.due <= due { return }
        alarm?.task.cancel()
        let task = Task { [weak self, clock] in
            do { try await clock.sleep(until: due) } catch { return }
            await self?.ring()
        }
        alarm = (due, task)
    }

    private func ring() {
        alarm = nil
        handOut()
    }
}
