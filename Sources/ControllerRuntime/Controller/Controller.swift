public import CoreMetrics
import KubernetesClient
public import Logging
import Metrics
import ServiceLifecycle

/// What a reconcile wants next. Reconciling is level-based: the result is a time or nothing, never a reason.
public enum ReconcileResult: Sendable, Equatable {
    /// Nothing to do until something changes.
    case done
    /// Reconcile again after this time, or earlier when something changes.
    case after(Duration)
}

/// The work queue of one kind of object and the workers that empty it.
///
/// Watches feed it through ``enqueue(_:)``; ``run()`` works until graceful shutdown (running reconciles end, no new ones start) or cancellation.
/// It runs once: after ``run()`` returned the queue stays closed.
public final class Controller: Sendable {
    public let name: String
    private let workers: Int
    private let queue: WorkQueue<ObjectKey>
    private let metrics: ControllerMetrics
    private let logger: Logger
    private let recheck: Recheck?
    private let reconcile: @Sendable (ObjectKey) async throws -> ReconcileResult

    /// Every object is looked at again from time to time, whether or not anything was heard of it: what an event should have told and did not is made
    /// good then.
    public struct Recheck: Sendable {
        public var every: Duration
        public var keys: @Sendable () -> [ObjectKey]

        /// - Parameters:
        ///   - every: default 10 hours, as in Go's controller-runtime.
        ///   - keys: all there are, usually a store's.
        public init(every: Duration = .seconds(36_000), keys: @escaping @Sendable () -> [ObjectKey]) {
            self.every = every
            self.keys = keys
        }
    }

    /// - Parameters:
    ///   - name: the label `controller` of the metrics.
    ///   - workers: how many keys are reconciled at once; a key never runs twice at once.
    ///   - reconcile: brings one object closer to its wish. An error means: again, with backoff.
    public init(
        name: String, workers: Int = 4, backoff: Backoff = Backoff(), recheck: Recheck? = nil, metrics factory: any MetricsFactory, logger: Logger,
        reconcile: @escaping @Sendable (ObjectKey) async throws -> ReconcileResult
    ) {
        self.name = name
        self.workers = max(1, workers)
        self.recheck = recheck
        self.logger = logger
        self.reconcile = reconcile
        metrics = ControllerMetrics(controller: name, factory: factory)
        queue = WorkQueue(backoff: backoff, metrics: WorkQueueMetrics(name: name, factory: factory))
    }

    /// Wants these objects to be reconciled now.
    public func enqueue(_ keys: some Sequence<ObjectKey> & Sendable) async {
        await queue.add(keys)
    }

    /// Reconciles until graceful shutdown or cancellation; returns when the last running reconcile has ended.
    public func run() async {
        let rechecking = recheck.map { recheck in
            Task {
                while (try? await Task.sleep(for: recheck.every)) != nil { await queue.add(recheck.keys()) }
            }
        }
        defer { rechecking?.cancel() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<workers {
                    group.addTask { await self.work() }
                }
            }
        } onCancelOrGracefulShutdown: {
            Task { await self.queue.close() }
        }
    }

    private func work() async {
        while let key = await queue.next() {
            let started = ContinuousClock.now
            let outcome = await ReconcileID.withNew { await attempt(key) }
            metrics.time.record(duration: ContinuousClock.now - started)
            await queue.finish(key, outcome)
        }
    }

    private func attempt(_ key: ObjectKey) async -> WorkQueueState<ObjectKey>.Outcome {
        do {
            switch try await reconcile(key) {
            case .done:
                metrics.count(.success)
                return .done
            case .after(let delay):
                metrics.count(.requeueAfter)
                return .after(delay)
            }
        } catch {
            if Task.isCancelled { return .done }
            metrics.count(.error)
            logger.error("reconcile failed", metadata: ["controller": "\(name)", "object": "\(key)", "error": "\(error)"])
            return .failed(atLeast: (error as? KubernetesError)?.retryAfter ?? .zero)
        }
    }
}
