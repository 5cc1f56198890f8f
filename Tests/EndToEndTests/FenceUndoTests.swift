import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Testing

extension EndToEnd {
    /// A fence before the switch never outlives its time, nor the wish for it. A view that sleeps while it is refreshed on the target makes the phase Copying last.
    @Suite("A fence held before the switch is undone")
    struct FenceUndoTests {
        @Test("past its budget, also by a controller that was restarted")
        func pastDeadline() async throws {
            let scenario = try await Scenario("late", copyLasts: 30)
            try await scenario.arrange()
            try await scenario.apply { $0["cutover"]?["snapshotPauseSeconds"] = 10 }
            try await scenario.killController(in: .copying)
            let status = try await scenario.wait("the abort") { ($0[.reconciling]?.reason == "AwaitingApproval") }
            #expect(status.phase == "AwaitingCutover")
            #expect((status.message ?? "").contains("budget"))
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.jobs().isEmpty)
            try await scenario.end()
        }

        @Test("when the resource is suspended, and resumed it waits for a person")
        func suspended() async throws {
            let scenario = try await Scenario("suspended", copyLasts: 30)
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.wait(phase: .copying)
            try await scenario.patchSpec(["suspend": true])
            try await scenario.wait("the suspension") { $0.phase == "AwaitingCutover" && $0[.reconciling]?.reason == "Suspended" }
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("when the resource becomes invalid")
        func invalid() async throws {
            let scenario = try await Scenario("invalid", copyLasts: 30)
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.wait(phase: .copying)
            try await scenario.patchSpec(["strategy": "Fresh"])
            try await scenario.wait("the stall") { $0.phase == "AwaitingCutover" && $0[.stalled]?.status == "True" }
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("when the resource is deleted: source open, nothing of ours left on either server")
        func deleted() async throws {
            let scenario = try await Scenario("deleted", copyLasts: 30)
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.wait(phase: .copying)
            try await scenario.lab.client.delete(DatabaseMigration.self, Scenario.migration, namespace: scenario.namespace)
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace)
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            #expect(try await scenario.jobs().isEmpty)
            try await scenario.end()
        }

        @Test("within its budget while the API server is away, so that nothing can be written down")
        func withoutAPIServer() async throws {
            let scenario = try await Scenario("away")
            try await scenario.arrange()
            try await scenario.apply {
                Scenario.live(&$0)
                $0["cutover"]?["maxPauseSeconds"] = 5
                // Forward lanes that cannot drain keep the migration in Draining.
                $0["goal"] = "Ready"
            }
            try await scenario.wait("the lanes") { $0.phase == "AwaitingCutover" }
            let workers = try await scenario.holdUpLanes()
            #expect(!workers.isEmpty)
            try await scenario.patchSpec(["goal": "Promoted"])
            try await scenario.wait(phase: .draining)
            let began = ContinuousClock.now
            let server = try DevComponents(scenario.lab.state)
            try server.pause(.apiServer)
            _ = try? await until("the source to be open", seconds: 25) { await scenario.applicationCanWrite(.source) }
            let lasted = ContinuousClock.now - began
            try server.resume(.apiServer)
            // Past the deadline a look and a write may each take a second that leads nowhere. Losing the lease would undo it too, but later.
            #expect(lasted < .seconds(5 + 3), "the source was closed for \(lasted)")
            scenario.letLanesGo(workers)
            try await scenario.wait("the abort") { $0.phase == "AwaitingCutover" && $0[.reconciling]?.reason == "AwaitingApproval" }
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.count(.source) >= scenario.rows)
            try await scenario.end()
        }

        @Test("when the lease is lost: the old leader opens the source, then exits")
        func leaseLost() async throws {
            let scenario = try await Scenario("lease", copyLasts: 30)
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.wait(phase: .copying)
            // Somebody else holds the lease from now on, and renews it long enough.
            try await scenario.lab.takeLease()
            try await scenario.wait("the fence to be gone") { $0.phase == "AwaitingCutover" }
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("deletion after the switch leaves the applications on the target and the source read-only")
        func deletedAfterSwitch() async throws {
            let scenario = try await Scenario("gone")
            try await scenario.arrange()
            try await scenario.apply()
            try await scenario.wait(phase: .promoted)
            try await scenario.lab.client.delete(DatabaseMigration.self, Scenario.migration, namespace: scenario.namespace)
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace)
            #expect(await scenario.applicationCanWrite(.target))
            #expect(await !scenario.applicationCanWrite(.source))
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            try await scenario.end()
        }
    }
}

extension Lab {
    /// Writes another holder into the controller's lease, as a second controller would after a partition.
    func takeLease() async throws {
        let patch: JSONValue = [
            "spec": ["holderIdentity": "somebody-else", "leaseDurationSeconds": 5, "renewTime": .string(MicroTime.now.description)]
        ]
        _ = try await client.patch(Lease.self, "dbmigration-controller", namespace: Self.systemNamespace, .merge(patch))
    }
}

extension Scenario {
    /// Stops the processes that apply on a side what the lanes carry to it, until ``letLanesGo(_:)``, and writes something for them.
    func holdUpLanes(to side: Side = .target) async throws -> [Int32] {
        let workers = try await lab.sql(
            side, database,
            """
            SELECT t.pid FROM pg_stat_subscription t JOIN pg_subscription s ON s.oid = t.subid JOIN pg_database d ON d.oid = s.subdbid
            WHERE d.datname = current_database() AND t.pid IS NOT NULL
            """
        ).compactMap { $0[0].flatMap { Int32($0) } }
        for worker in workers { kill(worker, SIGSTOP) }
        try await lab.sql(side == .target ? .source : .target, database, "INSERT INTO app.ledger (number) VALUES (-2)")
        return workers
    }

    func letLanesGo(_ workers: [Int32]) { for worker in workers { kill(worker, SIGCONT) } }
}

extension DevComponents {
    /// The program neither answers nor ends until ``resume(_:)``.
    fileprivate func pause(_ name: Name) throws { try signal(name, SIGSTOP) }
    fileprivate func resume(_ name: Name) throws { try signal(name, SIGCONT) }

    private func signal(_ name: Name, _ number: Int32) throws {
        guard let process = process(name), kill(process, number) == 0 else { throw LabError("\(name.rawValue) does not run") }
    }
}
