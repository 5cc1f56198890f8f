import HTTPTransport
import KubernetesModel
import Logging
import Synchronization
import TestServers
import Testing

@testable import ControllerRuntime
@testable import KubernetesClient

@Suite("leader election in front of a real API server with faults", .enabled(if: FaultStage.kubeconfig != nil), .timeLimit(.minutes(5)))
struct LeaseFaultTests {
    /// What happened, in order, with the time.
    private final class Diary: Sendable {
        private let entries = Mutex<[(what: String, at: ContinuousClock.Instant)]>([])

        func note(_ what: String) { entries.withLock { $0.append((what, .now)) } }
        func time(_ what: String) -> ContinuousClock.Instant? { entries.withLock { $0.first { $0.what == what }?.at } }
    }

    private func election(_ identity: String, _ stage: FaultStage, _ client: KubernetesClient) -> LeaderElection {
        LeaderElection(
            lease: "leader", identity: identity, storage: KubernetesLease(client: client, namespace: stage.namespace, name: "leader"),
            metrics: PrometheusRegistry(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func lead(_ election: LeaderElection, _ diary: Diary) -> Task<Void, any Error> {
        Task {
            defer { diary.note("\(election.identity) ended") }
            try await election.run(lead: {
                diary.note("\(election.identity) leads")
                defer { diary.note("\(election.identity) stops") }
                try await Task.sleep(for: .seconds(3600))
            })
        }
    }

    @Test("a leader cut off from the server stops by itself, and the other has taken over within 20 s, not before that")
    func takeover() async throws {
        try await FaultStage.open { stage in
            let diary = Diary()
            let first = lead(election("one", stage, stage.proxied), diary)
            try await eventually { diary.time("one leads") != nil }
            let second = lead(election("two", stage, stage.server), diary)
            try await stage.proxy.wait(for: 3, "PUT")
            stage.proxy.goDown()
            let start = ContinuousClock.now
            try await eventually { diary.time("two leads") != nil }
            let lost = await #expect(throws: LeadershipLost.self) { try await first.value }
            #expect(lost?.loss == .renewDeadlinePassed)
            let stopped = try #require(diary.time("one stops"))
            let began = try #require(diary.time("two leads"))
            #expect(stopped < began)
            #expect(began - start < .seconds(20))
            second.cancel()
            _ = await second.result
        }
    }

    @Test("a replica that may not have the lease is not ready until it may")
    func refused() async throws {
        try await FaultStage.open { stage in
            let diary = Diary()
            stage.proxy.inject(.answer(403, reason: "Forbidden"), on: "/leases", times: 1_000)
            let election = election("one", stage, stage.proxied)
            let leading = lead(election, diary)
            try await eventually { election.access != .passing }
            guard case .failing(let reason) = election.access else { return #expect(Bool(false), "ready") }
            #expect(reason.contains("grant the verb 'get' on the resource 'leases.coordination.k8s.io'"), "\(reason)")
            stage.proxy.heal()
            try await eventually { diary.time("one leads") != nil }
            #expect(election.access == .passing)
            leading.cancel()
            _ = await leading.result
        }
    }

    @Test("a namespace that does not exist is asked for again with pauses, and named")
    func noNamespace() async throws {
        try await FaultStage.open { stage in
            let election = LeaderElection(
                lease: "leader", identity: "one", storage: KubernetesLease(client: stage.proxied, namespace: "no-such", name: "leader"),
                metrics: PrometheusRegistry(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let leading = lead(election, Diary())
            try await eventually { election.access != .passing }
            try await stage.proxy.wait(for: 2, "POST")
            #expect(stage.proxy.requests("POST") == 2)
            leading.cancel()
            _ = await leading.result
        }
    }

    @Test("conflicts, throttling, failures and a request without an answer do not cost the lease")
    func kept() async throws {
        try await FaultStage.open { stage in
            let diary = Diary()
            let leading = lead(election("one", stage, stage.proxied), diary)
            try await eventually { diary.time("one leads") != nil }
            let faults: [FaultProxy.Fault] = [
                .answer(409, reason: "Conflict"), .answer(409, reason: "Conflict"), .answer(429, headers: ["Retry-After: 1"]), .answer(503), .drop,
                .stall(afterLines: 0), .answer(500),
            ]
            for fault in faults {
                let before = stage.proxy.requests("PUT")
                stage.proxy.inject(fault, on: "PUT")
                try await eventually { stage.proxy.requests("PUT") >= before + 2 || diary.time("one stops") != nil }
                #expect(diary.time("one stops") == nil, "after \(fault)")
            }
            leading.cancel()
            _ = await leading.result
        }
    }
}
