public import Logging
public import ServiceLifecycle
import UnixSignals

/// A controller process: endpoints → caches → lease → workers, stopped in reverse by SIGTERM or SIGINT within 30 s.
///
/// ```swift
/// try await ControllerProcess(
///     endpoints: [.health(…), .metrics(…)], caches: [recorder, migrations, jobs], synced: [store.waitUntilSynced, jobStore.waitUntilSynced],
///     election: election, logger: logger, work: controller.run, onLost: undoFences
/// ).run()
/// ```
public struct ControllerProcess: Sendable {
    private let endpoints: [any Service]
    private let caches: [any Service]
    private let leader: LeaderService
    private let logger: Logger

    /// How long a graceful stop may take before everything is cancelled, and then the cancellation: together less than a pod's default of 30 s.
    var limits: (gracePeriod: Duration, cancellation: Duration) = (.seconds(20), .seconds(8))

    /// - Parameters:
    ///   - endpoints: stopped last.
    ///   - caches: informers and the event recorder.
    ///   - synced: one wait for each store that must be filled before the lease is sought.
    ///   - work: runs while the lease is held and ends at graceful shutdown.
    ///   - onLost: what may still be done after the lease was lost, at most 20 s.
    public init(
        endpoints: [any Service], caches: [any Service], synced: [@Sendable () async throws -> Void], election: LeaderElection, logger: Logger,
        work: @escaping @Sendable () async throws -> Void, onLost: @escaping @Sendable (LeadershipLost) async -> Void = { _ in }
    ) {
        self.endpoints = endpoints
        self.caches = caches
        self.logger = logger
        leader = LeaderService(election: election, synced: synced, work: work, onLost: onLost)
    }

    /// Runs until a signal (returns) or a failure.
    ///
    /// - Throws: ``LeadershipLost``, ``OperationsServerError``, or what `work` throws: end the process with an error code.
    public func run() async throws {
        // A group stops its services in reverse order, each after the next one has ended.
        var services = (endpoints + caches).map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        services.append(.init(service: leader, successTerminationBehavior: .gracefullyShutdownGroup))
        var configuration = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        configuration.maximumGracefulShutdownDuration = limits.gracePeriod
        configuration.maximumCancellationDuration = limits.cancellation
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The group tells at debug level about every service; our own services say what matters.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }
}

/// Waits for the caches, then for the lease, then works.
private struct LeaderService: Service {
    let election: LeaderElection
    let synced: [@Sendable () async throws -> Void]
    let work: @Sendable () async throws -> Void
    let onLost: @Sendable (LeadershipLost) async -> Void

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                for wait in synced { try await wait() }
            }
        } catch is CancellationError {
            return
        }
        try await election.run(lead: work, onLost: onLost)
    }
}
