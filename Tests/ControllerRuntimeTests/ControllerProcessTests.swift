import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ControllerRuntime

/// Each in a process of its own: the signal is everybody's.
@Suite("A controller process that is told to stop", .timeLimit(.minutes(5)))
struct ControllerProcessTests {
    private final class Diary: Sendable {
        private let entries = Mutex<[String]>([])

        func note(_ what: String) { entries.withLock { $0.append(what) } }
        var all: [String] { entries.withLock { $0 } }
    }

    /// Ends when it is told to, and notes who held the lease then.
    private struct Recorded: ServiceLifecycle.Service {
        let name: String
        let diary: Diary
        let lease: MemoryLease

        func run() async throws {
            try await gracefulShutdown()
            diary.note("\(name) ended, lease: \(lease.holder ?? "none")")
        }
    }

    private static func process(
        _ diary: Diary, _ lease: MemoryLease, _ work: @escaping @Sendable () async throws -> Void
    ) -> ControllerProcess {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let election = LeaderElection(lease: "controller", identity: "me", storage: lease, metrics: PrometheusRegistry(), logger: logger)
        return ControllerProcess(
            endpoints: [Recorded(name: "endpoint", diary: diary, lease: lease)], caches: [Recorded(name: "cache", diary: diary, lease: lease)],
            synced: [{ diary.note("synced") }], election: election, logger: logger, work: work)
    }

    @Test("SIGTERM: the work ends, the lease is given back, then the caches, then the endpoints")
    func order() async {
        await #expect(processExitsWith: .success) { try await ControllerProcessTests.stopsInOrder() }
    }

    private static func stopsInOrder() async throws {
        let (diary, lease) = (Diary(), MemoryLease())
        try await process(diary, lease) {
            kill(getpid(), SIGTERM)
            try await gracefulShutdown()
            diary.note("work ended, lease: \(lease.holder ?? "none")")
        }.run()
        #expect(diary.all == ["synced", "work ended, lease: me", "cache ended, lease: ", "endpoint ended, lease: "])
    }

    @Test("SIGTERM: work that goes on is cancelled when its time is over, and the lease is given back all the same")
    func stubborn() async {
        await #expect(processExitsWith: .success) { try await ControllerProcessTests.stopsTheStubborn() }
    }

    private static func stopsTheStubborn() async throws {
        let (diary, lease) = (Diary(), MemoryLease())
        var process = process(diary, lease) {
            kill(getpid(), SIGTERM)
            try? await Latch().wait()
            diary.note("work was cancelled")
        }
        #expect(process.limits.gracePeriod + process.limits.cancellation < .seconds(30), "a pod's default")
        process.limits.gracePeriod = .milliseconds(50)
        _ = try? await process.run()
        #expect(diary.all.contains("work was cancelled"))
        #expect(lease.holder == "")
    }
}
