import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Live migration on a real control plane and two real servers, under writes")
    struct LiveMigrationTests {
        @Test("moves everything with no acknowledged write lost or doubled, and promotes with a way back")
        func promotes() async throws {
            let (scenario, writer) = try await Scenario.underWrites("live")
            try await scenario.apply(Scenario.live)
            let status = try await scenario.wait("Ready") { $0[.ready]?.status == "True" }
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            #expect(status.phase == "Promoted")
            #expect(writer.acknowledged(on: .source) > 20)
            try await writer.expectNothingLost(on: .target)
            #expect(await !scenario.applicationCanWrite(.source))
            let ready = try await scenario.wait("the way back") { $0[.rollbackReady]?.status == "True" }
            #expect(ready[.rollbackReady]?.reason == "Lossless")
            // What the target took arrives on the source, behind its fence.
            try await until("the source to have everything") { try await writer.audit(.source).lost == [] }
            #expect(try await writer.audit(.source).doubled == [])
            try await scenario.end()
        }

        @Test("goes back after the switch with what the target took, and the next attempt copies nothing")
        func goesBack() async throws {
            let (scenario, writer) = try await Scenario.underWrites("back")
            let onSource = try await scenario.promotedUnderWrites(writer)
            try await scenario.patchSpec(["goal": "RolledBack"])
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back[.ready]?.reason == "GoalReached")
            try await until("writes on the source again") { writer.acknowledged(on: .source) > onSource + 20 }
            #expect(try await scenario.connectionString().contains(scenario.sourceHost))
            #expect(await !scenario.applicationCanWrite(.target))
            let jobs = try await scenario.jobs().filter { $0.contains("copy") }
            try await scenario.patchSpec(["goal": "Promoted", "attempt": 2])
            try await scenario.wait("the second attempt to be promoted") { $0.phase == "Promoted" && $0.attempt == 2 }
            let onTarget = writer.acknowledged(on: .target)
            try await until("writes on the target again") { writer.acknowledged(on: .target) > onTarget + 20 }
            await writer.stop()
            #expect(try await (jobs + scenario.jobs().filter { $0.contains("copy") }) == [], "nothing is copied again")
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }

        @Test("failed health rolls back by itself although the target took writes")
        func automatic() async throws {
            let (scenario, writer) = try await Scenario.underWrites("liveunwell", application: .unwellOnTarget)
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["health"]?["http"] = [
                    ["name": "ledger", "service": ["name": "ledger", "port": "80", "path": "/health"], "failureLimit": 10]
                ]
            }
            let status = try await scenario.wait(phase: .rolledBack)
            await writer.stop()
            #expect(status[.stalled]?.reason == "ProbeFailed")
            #expect(writer.acknowledged(on: .target) > 0, "the target took writes")
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }

        @Test("a slot somebody drops means copying again, never a gap")
        func slotDropped() async throws {
            let (scenario, writer) = try await Scenario.underWrites("slot")
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            try await scenario.lab.sql(
                .source, scenario.database,
                """
                SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active_pid IS NOT NULL;
                DO $$ BEGIN LOOP BEGIN
                    PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database(); EXIT;
                EXCEPTION WHEN object_in_use THEN
                    PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active_pid IS NOT NULL;
                END; END LOOP; END $$
                """)
            try await scenario.wait("copying again") { ($0.timeline ?? []).filter { $0.phase == "Copying" }.count == 2 }
            try await scenario.patchSpec(["goal": "Promoted"])
            try await scenario.wait(phase: .promoted, seconds: 120)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }

        @Test("a worker killed -9 while it copies under writes is followed by another that loses and doubles nothing")
        func workerKilled() async throws {
            let (scenario, writer) = try await Scenario.underWrites("liveworker", rows: 500_000)
            try await scenario.apply(Scenario.live)
            try await scenario.rowsUnderWay()
            let killed = try Lab.run("/usr/bin/pkill", ["-9", "-f", "dbmigration worker copy"])
            #expect(killed.status == 0, "a worker ran")
            try await scenario.wait(phase: .promoted, seconds: 150)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }

        static let deletedIn: [Phase] = [.copying, .awaitingCutover, .soaking]

        @Test("deleted in a phase: applications stay on a working side, nothing of ours is left on either server", arguments: deletedIn)
        func deleted(_ phase: Phase) async throws {
            let scenario = try await Scenario("livedel\(phase.rawValue.lowercased())")
            try await scenario.arrange()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                if phase == .awaitingCutover { spec["goal"] = "Ready" }
            }
            try await scenario.wait("phase \(phase.rawValue) to be reached") { status in
                (status.timeline ?? []).contains { $0.phase == phase.rawValue }
            }
            try await scenario.lab.client.delete(DatabaseMigration.self, Scenario.migration, namespace: scenario.namespace)
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace, seconds: 90)
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            let side: Side = try await scenario.connectionString().contains(scenario.targetHost) ? .target : .source
            #expect(await scenario.applicationCanWrite(side))
            #expect(await !scenario.applicationCanWrite(side == .source ? .target : .source) || side == .source)
            try await scenario.end()
        }

        @Test("deleted with its namespace: nothing is left on either server, although the Secrets go before the migration")
        func namespaceDeleted() async throws {
            let scenario = try await Scenario("livens")
            try await scenario.arrange()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            try await scenario.end()
            let client = scenario.lab.client
            try await until("the namespace to be gone") {
                try await client.list(Namespace.self).items.allSatisfy { $0.name != scenario.namespace }
            }
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            #expect(await scenario.applicationCanWrite(.source))
        }
    }

    @Suite("The controller dies in a live migration")
    struct LiveControllerDeathTests {
        /// Those in which the Live mode does something of its own; the others are the Snapshot mode's as well.
        static let phases: [Phase] = [.copying, .replicating, .fencing, .draining, .switching, .soaking]

        @Test("kill -9 in a phase, under writes: the outcome is the one without it, and no acknowledged write is lost", arguments: phases)
        func killed(_ phase: Phase) async throws {
            let scenario = try await Scenario("livekill\(phase.rawValue.lowercased())")
            try await scenario.arrange()
            let writer = Writer(scenario)
            writer.start()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Completed"
            }
            try await scenario.killController(in: phase)
            try await scenario.wait(phase: .completed, seconds: 150)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            #expect(await !scenario.applicationCanWrite(.source))
            #expect(try await scenario.artefacts(.source) == 0)
            #expect(try await scenario.artefacts(.target) == 0)
            try await scenario.end()
        }

        @Test("kill -9 while it carries writes back: rolled back all the same")
        func killedBack() async throws {
            let (scenario, writer) = try await Scenario.underWrites("livekillback")
            let onSource = try await scenario.promotedUnderWrites(writer)
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.killController(in: .rollingBack)
            try await scenario.wait(phase: .rolledBack, seconds: 120)
            try await until("writes on the source again") { writer.acknowledged(on: .source) > onSource + 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }
    }
}

extension Writer {
    /// Every acknowledged write is there, once.
    func expectNothingLost(on side: Side) async throws {
        let audit = try await audit(side)
        #expect(audit.lost == [] && audit.doubled == [])
    }
}

extension Scenario {
    /// A running application, and a writer beside it.
    static func underWrites(_ name: String, rows: Int = 2000, application: Application = .serving) async throws -> (Scenario, Writer) {
        let scenario = try await Scenario(name, rows: rows)
        try await scenario.arrange(application: application)
        let writer = Writer(scenario)
        writer.start()
        return (scenario, writer)
    }

    /// Up to a promoted migration with writes on the target; answers how many the source had taken.
    func promotedUnderWrites(_ writer: Writer) async throws -> Int {
        try await apply(Scenario.live)
        try await wait(phase: .promoted)
        try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
        return writer.acknowledged(on: .source)
    }
}
