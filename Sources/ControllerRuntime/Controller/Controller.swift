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
    private let reconcile: @Sendable (ObjectKey) async throws -> ReconcileResult

    /// - Parameters:
    ///   - name: the label `controller` of the metrics.
    ///   - workers: how many keys are reconciled at once; a key never runs twice at once.
    ///   - reconcile: brings one object closer to its wish. An error means: again, with backoff.
    public init(
        name: String, workers: Int = 4, backoff: Backoff = Backoff(), metrics factory: any MetricsFactory, logger: Logger,
        reconcile: @escaping @Sendable (ObjectKey) async throws -> ReconcileResult
    ) {
        self.name = name
        self.workers = max(1, workers)
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
