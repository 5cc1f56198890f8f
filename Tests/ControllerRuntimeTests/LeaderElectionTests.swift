import ControllerRuntime
import KubernetesClient
import Logging
import Synchronization
import Testing

/// A Lease in memory; failing on demand.
final class MemoryLease: LeaseStorage {
    struct State {
        var lease: (record: LeaseRecord, version: Int)?
        var isFailing = false
        var reads = 0
        /// What the server does not permit.
        var forbidden: Set<String> = []

        func authorize(_ verb: String) throws {
            if isFailing { throw Unreachable() }
            if forbidden.contains(verb) { throw KubernetesError(kind: .forbidden, verb: verb, resource: "leases", status: 403, message: "no") }
        }
    }

    struct Unreachable: Error {}

    let state = Mutex(State())

    func read() async throws -> (record: LeaseRecord, version: String)? {
        try state.withLock { state in
            try state.authorize("get")
            state.reads += 1
            return state.lease.map { ($0.record, "\($0.version)") }
        }
    }

    func write(_ record: LeaseRecord, replacing: String?) async throws -> String {
        try state.withLock { state in
            try state.authorize(replacing == nil ? "create" : "update")
            guard replacing == state.lease.map({ "\($0.version)" }) else { throw LeaseConflict() }
            let version = (state.lease?.version ?? 0) + 1
            state.lease = (record, version)
            return "\(version)"
        }
    }

    func take(by holder: String) {
        state.withLock { $0.lease = (LeaseRecord(holder: holder, durationSeconds: 15), ($0.lease?.version ?? 0) + 1) }
    }

    var holder: String? { state.withLock { $0.lease?.record.holder } }
}

@Suite("Leader election over a Lease in memory", .timeLimit(.minutes(5)))
struct LeaderElectionTests {
    let lease = MemoryLease()
    let registry = PrometheusRegistry()

    /// A renew deadline that no busy machine reaches, unless a test is about it.
    private func election(
        _ identity: String = "me", renewDeadline: Duration = .seconds(300), onLost: Duration = .seconds(20)
    ) -> LeaderElection {
        LeaderElection(
            lease: "controller", identity: identity, storage: lease,
            timing: .init(leaseDuration: renewDeadline * 2, renewDeadline: renewDeadline, retryPeriod: .milliseconds(10)),
            limits: .init(stopWork: .seconds(5), onLost: onLost), metrics: registry,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private var isMaster: Bool { registry.text.contains("leader_election_master_status{name=\"controller\"} 1\n") }

    @Test("works while it holds the lease, gives it back afterwards")
    func releases() async throws {
        let election = election()
        #expect(registry.text.contains("leader_election_master_status{name=\"controller\"} 0\n"))
        try await election.run {
            #expect(lease.holder == "me")
            #expect(isMaster)
            #expect(election.health == .passing)
        }
        #expect(lease.holder == "")
        #expect(!isMaster)
    }

    @Test("an error of the work is thrown after the lease was given back")
    func workFails() async {
        struct Broken: Error {}
        await #expect(throws: Broken.self) { try await election().run { throw Broken() } }
        #expect(lease.holder == "")
    }

    @Test("taken over: the work is cancelled, then onLost runs, then it throws and leaves the lease alone")
    func takenOver() async throws {
        let steps = Mutex<[String]>([])
        let error = await #expect(throws: LeadershipLost.self) {
            try await election().run {
                lease.take(by: "other")
                await untilCancelled()
                steps.withLock { $0.append("work ended") }
            } onLost: { _ in
                steps.withLock { $0.append("undone") }
            }
        }
        #expect(error?.loss == .takenOver(by: "other"))
        #expect(steps.withLock { $0 } == ["work ended", "undone"])
        #expect(lease.holder == "other")
        #expect(!isMaster)
    }

    @Test("an API that is gone ends leadership at the renew deadline")
    func unreachable() async {
        let error = await #expect(throws: LeadershipLost.self) {
            try await election(renewDeadline: .milliseconds(100)).run {
                lease.state.withLock { $0.isFailing = true }
                await untilCancelled()
            }
        }
        #expect(error?.loss == .renewDeadlinePassed)
    }

    @Test("a replica that is refused the lease is not ready, and says which permission is missing", arguments: ["get", "create"])
    func refused(verb: String) async throws {
        lease.state.withLock { $0.forbidden = [verb] }
        let election = election()
        #expect(election.access == .passing)
        let leading = Task { try await election.run {} }
        while election.access == .passing { await Task.yield() }
        guard case .failing(let reason) = election.access else { return #expect(Bool(false), "is ready") }
        #expect(reason.contains("grant the verb '\(verb)' on the resource 'leases'"))
        lease.state.withLock { $0.forbidden = [] }
        try await leading.value
        #expect(election.access == .passing)
    }

    @Test("a lease that may be read and not written stays refused while it is read again")
    func readOnly() async throws {
        lease.take(by: "")
        lease.state.withLock { $0.forbidden = ["update"] }
        let election = election()
        let leading = Task { try await election.run {} }
        while election.access == .passing { await Task.yield() }
        let reads = lease.state.withLock { $0.reads }
        while lease.state.withLock({ $0.reads }) < reads + 3 {
            #expect(election.access != .passing)
            await Task.yield()
        }
        leading.cancel()
        _ = await leading.result
    }

    @Test("onLost is bounded")
    func bounded() async {
        await #expect(throws: LeadershipLost.self) {
            try await election(onLost: .milliseconds(20)).run {
                lease.take(by: "other")
                await untilCancelled()
            } onLost: { _ in
                await untilCancelled()
            }
        }
    }

    @Test("the second waits for the first and follows at once after its release")
    func follows() async throws {
        let (begin, first) = (Latch(), election("first"))
        async let leading: Void = first.run { try await begin.wait() }
        while lease.holder != "first" { await Task.yield() }
        async let following: String? = {
            let holder = Mutex<String?>(nil)
            try await election("second").run { holder.withLock { $0 = lease.holder } }
            return holder.withLock { $0 }
        }()
        begin.open()
        try await leading
        #expect(try await following == "second")
    }
}

private func untilCancelled() async {
    try? await Latch().wait()
}
