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
    @Suite("A live migration is deleted")
    struct DeletionTests {
        /// When and how; the other phases, and the background way, are in the suites of each mode.
        struct Case: Sendable, CustomTestStringConvertible {
            var phase: Phase
            var cascade: String
            /// Where the applications are afterwards; `nil` when the deletion may come before or after the switch.
            var side: Side?
            var testDescription: String { "\(phase.rawValue), --cascade=\(cascade)" }
        }

        static let cases = [
            Case(phase: .copying, cascade: "orphan", side: .source), Case(phase: .verifying, cascade: "foreground", side: .source),
            Case(phase: .draining, cascade: "orphan"), Case(phase: .switching, cascade: "foreground", side: .target),
            Case(phase: .promoted, cascade: "orphan", side: .target), Case(phase: .rollingBack, cascade: "foreground", side: .source),
        ]

        @Test("in any phase, and however its dependents go: applications stay on a working side, nothing of ours is left", arguments: cases)
        func deleted(_ moment: Case) async throws {
            let scenario = try await Scenario("del\(moment.phase.rawValue.lowercased())")
            try await scenario.arrange()
            let before = try await scenario.connectionString()
            try await scenario.apply(Scenario.live)
            if moment.phase == .rollingBack {
                try await scenario.wait(phase: .promoted)
                try await scenario.patchSpec(["goal": "RolledBack"])
            }
            try await scenario.wait("phase \(moment.phase.rawValue) to be reached") { status in
                (status.timeline ?? []).contains { $0.phase == moment.phase.rawValue }
            }
            try await scenario.delete(cascade: moment.cascade)
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace, seconds: 90)
            for side in Side.allCases { #expect(try await scenario.artefacts(side) == 0, "\(side)") }
            #expect(try await scenario.jobs().isEmpty)
            let kept = try await scenario.lab.client.list(Secret.self, namespace: scenario.namespace, labels: DatabaseMigration.label)
            #expect(kept.items.isEmpty, "originals are discarded")
            let now = try await scenario.connectionString()
            let side: Side = now.contains(scenario.targetHost) ? .target : .source
            #expect(side == moment.side ?? side)
            #expect(side == .target || now == before)
            let writable = (await scenario.applicationCanWrite(.source), await scenario.applicationCanWrite(.target))
            #expect(side == .source ? writable.0 : writable == (false, true), "after the switch the source stays read-only")
            try await scenario.end()
        }

        @Test(
            "while a server does not let us in: the other keeps nothing of ours, status says what is waited for, and it ends when the server is back")
        func serverGone() async throws {
            let scenario = try await Scenario("delgone")
            try await scenario.arrange()
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            let name = scenario.lab.state.servers.target.administrator.user
            let administrator = SQL.identifier(name)
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = \(SQL.literal(name))"
            try await scenario.lab.sql(.target, "postgres", "ALTER ROLE \(administrator) NOLOGIN; \(end)")
            do {
                try await scenario.delete(cascade: "background")
                try await until("the source to be clean") { try await scenario.artefacts(.source) == 0 }
                let waiting = try await scenario.wait("what is waited for") { ($0.message ?? "").contains("cannot see what is left to remove") }
                #expect(waiting.message?.contains(scenario.targetHost) == true, "\(waiting.message ?? "")")
                #expect(await scenario.applicationCanWrite(.source))
            } catch {
                try await scenario.lab.sql(.target, "postgres", "ALTER ROLE \(administrator) LOGIN")
                throw error
            }
            try await scenario.lab.sql(.target, "postgres", "ALTER ROLE \(administrator) LOGIN")
            try await scenario.lab.waitGone(DatabaseMigration.self, Scenario.migration, scenario.namespace)
            #expect(try await scenario.artefacts(.target) == 0)
            try await scenario.end()
        }
    }
}

extension Scenario {
    /// As a person deletes it; returns at once.
    func delete(cascade: String) async throws {
        try lab.kubectl("-n", namespace, "delete", "databasemigration", Self.migration, "--cascade=\(cascade)", "--wait=false")
    }
}
