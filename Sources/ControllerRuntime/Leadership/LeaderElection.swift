public import CoreMetrics
import FoundationEssentials
import KubernetesClient
import KubernetesModel
public import Logging
import ServiceLifecycle
import Synchronization

/// Leadership ended while the process was leading; the process must exit.
public struct LeadershipLost: Error, Sendable, Equatable, CustomStringConvertible {
    public let lease: String
    public let loss: LeaseElector.Loss

    public var description: String {
        switch loss {
        case .renewDeadlinePassed: "lost lease \(lease): it could not be renewed in time; another replica takes over, this one exits"
        case .takenOver(let holder): "lost lease \(lease): \(holder) holds it now; this process exits"
        case .leaseDeleted: "lost lease \(lease): somebody deleted it; this process exits and takes part again after its restart"
        }
    }
}

/// Drives a ``LeaseElector``: waits for the lease, keeps it while work goes on, gives it back afterwards.
public actor LeaderElection {
    private enum Signal: Sendable {
        case acquired
        case lost(LeaseElector.Loss)
        case finished
        case stop
    }

    /// How long the work may take to end after its cancellation, and how long `onLost` may take.
    public struct Limits: Sendable {
        public var stopWork: Duration
        public var onLost: Duration

        public init(stopWork: Duration = .seconds(5), onLost: Duration = .seconds(20)) {
            self.stopWork = stopWork
            self.onLost = onLost
        }
    }

    public nonisolated let identity: String
    private nonisolated let lease: String
    private let storage: any LeaseStorage
    private let timing: LeaseElector.Timing
    private let limits: Limits
    private let logger: Logger
    private let status: Gauge
    private var elector: LeaseElector
    private var isPublishedAsLeader = false
    private nonisolated let deadline = Mutex<ContinuousClock.Instant?>(nil)
    /// Why the server does not let us read or write the Lease, whoever holds it: of the last answer to each.
    private nonisolated let refusals = Mutex<(read: String?, write: String?)>((nil, nil))
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - lease: its name, the label `name` of the metric.
    ///   - identity: unique to this process; `<pod>_<random>` is usual.
    public init(
        lease: String, identity: String, storage: any LeaseStorage, timing: LeaseElector.Timing = .init(), limits: Limits = .init(),
        metrics factory: any MetricsFactory, logger: Logger
    ) {
        self.lease = lease
        self.identity = identity
        self.storage = storage
        self.timing = timing
        self.limits = limits
        self.logger = logger
        elector = LeaseElector(identity: identity, timing: timing)
        status = Gauge(label: "leader_election_master_status", dimensions: [("name", lease)], factory: factory)
    }

    /// A liveness check: fails when this process believes it leads although its lease has long expired (a stuck process).
    public nonisolated var health: HealthStatus {
        guard let deadline = deadline.withLock({ $0 }), ContinuousClock.now > deadline + .seconds(20) else { return .passing }
        return .failing("leading lease \(lease) without having renewed it")
    }

    /// A readiness check: fails while the server refuses us the Lease. Then nobody acts, for want of a permission that somebody has to grant.
    public nonisolated var access: HealthStatus { refusals.withLock { ($0.read ?? $0.write).map { .failing($0) } ?? .passing } }

    /// Waits for the lease, runs `lead`, gives the lease back. Without leadership it returns at graceful shutdown.
    ///
    /// `lead` must itself end at graceful shutdown; the lease is kept until it has.
    ///
    /// - Parameter onLost: what may still be done without the lease, after `lead` was cancelled; at most ``Limits/onLost``.
    /// - Throws: ``LeadershipLost``: leave the process. `CancellationError`; what `lead` throws.
    public func run(
        lead: @escaping @Sendable () async throws -> Void, onLost: @escaping @Sendable (LeadershipLost) async -> Void = { _ in }
    ) async throws {
        let (signals, report) = AsyncStream<Signal>.makeStream()
        let electing = Task { await self.elect { report.yield($0) } }
        var work: Task<Void, any Error>?
        defer { publish(leading: false) }
        await withGracefulShutdownHandler {
            for await signal in signals {
                switch signal {
                case .acquired:
                    logger.info("acquired the lease", metadata: ["lease": "\(lease)", "identity": "\(identity)"])
                    work = Task { @concurrent in
                        defer { report.yield(.finished) }
                        try await lead()
                    }
                    continue
                case .stop where work != nil: continue
                case .stop, .finished, .lost: report.finish()
                }
            }
        } onGracefulShutdown: {
            report.yield(.stop)
        }
        electing.cancel()
        await electing.value
        guard let work else {
            await release()
            return try Task.checkCancellation()
        }
        if Task.isCancelled || lost != nil { work.cancel() }
        let hasEnded = await ended(work, within: limits.stopWork)
        if let lost { return try await finish(lost, hasEnded: hasEnded, onLost: onLost) }
        if hasEnded { await release() }
        try await work.value
    }

    private var lost: LeadershipLost? { elector.loss.map { LeadershipLost(lease: lease, loss: $0) } }

    private func finish(_ lost: LeadershipLost, hasEnded: Bool, onLost: @escaping @Sendable (LeadershipLost) async -> Void) async throws {
        logger.error("\(lost)", metadata: ["lease": "\(lease)", "workEnded": "\(hasEnded)"])
        let last = Task { @concurrent in await onLost(lost) }
        if await !ended(last, within: limits.onLost) {
            last.cancel()
            logger.error("what was left to do without the lease did not end in time", metadata: ["lease": "\(lease)"])
        }
        throw lost
    }

    private func elect(_ report: @Sendable (Signal) -> Void) async {
        var input = LeaseElector.Input.tick
        while !Task.isCancelled {
            let action = elector.handle(input, now: clock.now, stamp: stamp)
            deadline.withLock { $0 = elector.deadline }
            if elector.isLeader, !isPublishedAsLeader {
                publish(leading: true)
                report(.acquired)
            }
            if case .stop(let loss) = action { return report(.lost(loss)) }
            input = await perform(action)
        }
    }

    private func perform(_ action: LeaseElector.Action) async -> LeaseElector.Input {
        let storage = storage
        // Half of the time, so that one request without an answer does not cost the lease: there is a second one.
        let limit = min(elector.deadline ?? .now + timing.renewDeadline, .now + timing.renewDeadline / 2)
        do {
            switch action {
            case .read:
                let found = try await withDeadline(limit) { try await storage.read() }
                // Somebody else's lease says nothing of whether we may write; asked again when it is ours to take.
                let isTaken = found.map { !$0.record.holder.isEmpty && $0.record.holder != identity } ?? false
                refusals.withLock { $0 = (nil, isTaken ? nil : $0.write) }
                return .observed(found?.record, version: found?.version ?? "")
            case .write(let record, let replaced):
                let version = try await withDeadline(limit) { try await storage.write(record, replacing: replaced) }
                refusals.withLock { $0 = (nil, nil) }
                return .written(version: version)
            case .wait(let until):
                try await clock.sleep(until: until)
                return .tick
            case .stop:
                return .tick
            }
        } catch is LeaseConflict {
            // Who may not write is told so first.
            refusals.withLock { $0.write = nil }
            return .conflict
        } catch {
            if !Task.isCancelled { logger.warning("lease request failed", metadata: ["lease": "\(lease)", "error": "\(error)"]) }
            let answer = error as? KubernetesError
            switch answer?.kind {
            case .forbidden, .unauthorized, .notFound, .invalid:
                if case .read = action { refusals.withLock { $0.read = "\(error)" } } else { refusals.withLock { $0.write = "\(error)" } }
            default: break
            }
            return .failed(retryAfter: answer?.retryAfter)
        }
    }

    /// Gives the lease back so that the next replica need not wait for its expiry; failing that, it expires.
    private func release() async {
        guard let (record, version) = elector.release(stamp: stamp) else { return }
        let (storage, identity) = (storage, identity)
        let releasing = Task {
            do {
                _ = try await storage.write(record, replacing: version)
            } catch is LeaseConflict {
                // A renewal cut off by the shutdown may have arrived after all.
                if let now = try await storage.read(), now.record.holder == identity { _ = try await storage.write(record, replacing: now.version) }
            }
        }
        let isDone = await ended(releasing, within: limits.stopWork)
        releasing.cancel()
        logger.info(isDone ? "released the lease" : "could not release the lease, it expires", metadata: ["lease": "\(lease)"])
    }

    private func publish(leading: Bool) {
        isPublishedAsLeader = leading
        status.record(leading ? 1 : 0)
        if !leading { deadline.withLock { $0 = nil } }
    }

    private var stamp: String { "\(MicroTime(Date()))" }
}
