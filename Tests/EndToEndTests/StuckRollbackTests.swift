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
    @Suite("A rollback that does not come to its end says what stands on both sides and what is left to do, as commands")
    struct StuckRollbackTests {
        @Test("a source that is away: the applications stay on the target, and going back begins when it answers")
        func sourceAwayBefore() async throws {
            let scenario = try await Scenario("srcgone")
            try await scenario.arrangeRestarting()
            try await scenario.apply { spec in
                Scenario.restarting(&spec)
                spec["health"]?["soakSeconds"] = 3600
            }
            try await scenario.wait(phase: .soaking)
            let components = try DevComponents(scenario.lab.state)
            try await scenario.lab.take(.source, away: components)
            defer { components.release(.source) }
            // Nothing was written yet that going back would lose.
            try await scenario.patchSpec(["goal": "RolledBack"])
            let waiting = try await scenario.wait("the wait for the source") { $0.message?.hasPrefix("Going back waits for the source") == true }
            #expect(waiting.phase == "RollingBack" && waiting.remaining == nil)
            #expect(try await scenario.limit(of: .target) == "-1", "its door is open")
            try await scenario.patchSpec(["goal": "Promoted"])
            try await scenario.wait("the end of the attempt to go back") { $0.phase == "Soaking" && $0.rollback == nil }
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait("the wait for the source once more") { $0.message?.hasPrefix("Going back waits for the source") == true }
            components.release(.source)
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back[.ready]?.reason == "GoalReached")
            #expect(await scenario.applicationCanWrite(.source))
            #expect(await !scenario.applicationCanWrite(.target))
            try await scenario.end()
        }

        @Test(
            "a source that goes away behind a closed target: tried again for ever; the commands open it by hand, and the controller goes on from there"
        )
        func sourceAway() async throws {
            let scenario = try await Scenario("srcaway")
            try await scenario.arrangeRestarting()
            let original = try await scenario.connectionString()
            try await scenario.apply { spec in
                Scenario.restarting(&spec)
                spec["health"]?["soakSeconds"] = 3600
            }
            try await scenario.wait(phase: .soaking)
            let components = try DevComponents(scenario.lab.state)
            let holder = try await scenario.lab.holdFence(of: .source)
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait("a closed target") { $0.message?.contains("Opening the source.") == true }
            try await scenario.lab.take(.source, away: components)
            defer { components.release(.source) }
            await holder.close()
            let late = try await scenario.wait("what is left to do") { $0.remaining != nil }
            #expect(late.phase == "RollingBack")
            let message = late.message ?? ""
            #expect(message.contains("Now: the source (\(scenario.sourceHost)) cannot be observed ("), "\(message)")
            #expect(message.contains("the target (\(scenario.targetHost)) is closed; the Secrets point at the target."), "\(message)")
            let psql = "psql -h \(scenario.sourceHost) -p 5432 -d"
            let opening =
                "\(psql) 'postgres' -c 'ALTER DATABASE \"\(scenario.database)\" CONNECTION LIMIT -1' "
                + "-c 'ALTER DATABASE \"\(scenario.database)\" RESET default_transaction_read_only' && "
                + "\(psql) '\(scenario.database)' -c 'DROP SCHEMA _dbmigration CASCADE'"
            let remaining = late.remaining ?? []
            let restoring = remaining.count == 4 ? remaining[1] : ""
            #expect(restoring.hasPrefix("kubectl patch secret \(Scenario.secret) --type merge --patch "), "\(remaining)")
            #expect(remaining == [opening, restoring, "kubectl rollout restart statefulset --selector app=extra", Self.tryAgain])

            // Somebody is there before the controller.
            defer { try? scenario.lab.wantControllers(1) }
            try await scenario.lab.scaleController(to: 0)
            components.release(.source)
            try await until("the source to be back") { (try? await scenario.count(.source)) != nil }
            #expect(await !scenario.applicationCanWrite(.source), "still closed")
            try scenario.runAsAdministrator(of: .source, opening)
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.connectionString() != original)
            try scenario.runAsAdministrator(of: .source, restoring)
            #expect(try await scenario.connectionString() == original)
            try await scenario.lab.scaleController(to: 1)
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back.remaining == nil && back[.ready]?.reason == "GoalReached")
            #expect(try await scenario.connectionString() == original)
            #expect(await scenario.applicationCanWrite(.source))
            #expect(await !scenario.applicationCanWrite(.target))
            try await scenario.end()
        }

        @Test("a source that dies behind a closed target: the applications have the target back within their budget, and going back begins again")
        func sourceDies() async throws {
            let scenario = try await Scenario("srcdies")
            let writer = try await scenario.promoteWriting { $0["cutover"]?["maxPauseSeconds"] = 10 }
            let components = try DevComponents(scenario.lab.state)
            // The target stays closed for as long as these do not bring its writes.
            let workers = try await scenario.holdUpLanes(to: .source)
            defer { scenario.letLanesGo(workers) }
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await until("a closed target") { try await scenario.limit(of: .target) == "0" }
            try await scenario.lab.take(.source, away: components)
            defer { components.release(.source) }
            #expect(try await scenario.limit(of: .target) == "0", "the source died too late to show anything")
            let written = writer.acknowledged(on: .target)
            try await until("writes on the target, though the source is away") { writer.acknowledged(on: .target) > written + 20 }
            #expect(writer.longestGap < .seconds(10 + 5), "nobody could write for \(writer.longestGap)")
            let waiting = try await scenario.wait("the wait for the source") { $0.phase == "Soaking" && $0.message?.hasPrefix("Going back") == true }
            #expect(waiting.remaining == nil)

            components.release(.source)
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back[.ready]?.reason == "GoalReached")
            try await until("writes on the source again") { [before = writer.acknowledged(on: .source)] in
                writer.acknowledged(on: .source) > before + 20
            }
            await writer.stop()
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }

        @Test("pods that do not come back: Failed behind an open source with nothing lost, and a higher attempt takes it up again")
        func podsAway() async throws {
            let scenario = try await Scenario("podsaway")
            let writer = try await scenario.promoteWriting()
            let quota = try await scenario.limitPods(to: 1)
            try await scenario.patchSpec(["goal": "RolledBack"])
            let failed = try await scenario.wait(phase: .failed)
            await writer.stop()
            #expect(failed[.stalled]?.reason == "RollbackFailed")
            let message = failed.message ?? ""
            #expect(message.contains("The workloads did not come back within 20 s: StatefulSet statefulset: "), "\(message)")
            #expect(message.contains("exceeded quota"), "\(message)")
            #expect(
                message.contains(
                    "Now: the source (\(scenario.sourceHost)) takes writes; the target (\(scenario.targetHost)) is closed; the Secrets point at the "
                        + "source; nothing that the target took is missing on the source."), "\(message)")
            #expect(failed.remaining == ["kubectl rollout status statefulset --selector app=extra", Self.tryAgain])
            try await writer.expectNothingLost(on: .source)

            try await scenario.lab.client.delete(quota, "full", namespace: scenario.namespace)
            try await scenario.patchSpec(["attempt": 2])
            let back = try await scenario.wait(phase: .rolledBack)
            #expect(back.remaining == nil && back[.ready]?.reason == "GoalReached")
            try await writer.expectNothingLost(on: .source)
            try await scenario.end()
        }

        static let tryAgain = "Set spec.attempt to 2 with spec.goal RolledBack: the controller takes it up again where it stands."
    }
}

extension Lab {
    /// Nobody else moves the fences of a side until the session is closed: they can be read, and not be written.
    fileprivate func holdFence(of side: Side) async throws -> PostgresConnection {
        let session = try await PostgresConnection.open(superuser(side), ConnectionOptions(database: "postgres", applicationName: "e2e"))
        try await session.execute("BEGIN; SELECT FROM _dbmigration.fence FOR UPDATE")
        return session
    }

    /// A server's processes end at once, and it stays away until it is released; returns when nobody reaches it.
    fileprivate func take(_ side: Side, away components: DevComponents) async throws {
        let name: DevComponents.Name = side == .source ? .source : .target
        guard let process = components.process(name) else { throw LabError("\(name.rawValue) does not run") }
        try components.hold(name)
        try signal("QUIT", String(process))
        try await until("the \(side.rawValue) to be away") { (try? await sql(side, "postgres", "SELECT 1")) == nil }
    }
}

extension Scenario {
    /// How many sessions the applications may have: -1 any number, 0 none.
    fileprivate func limit(of side: Side) async throws -> String? {
        try await lab.sql(side, "postgres", "SELECT datconnlimit FROM pg_database WHERE datname = \(SQL.literal(database))").first?[0]
    }

    /// As far as a live migration whose way back is open, with somebody who writes on the target.
    fileprivate func promoteWriting(_ change: (inout JSONValue) -> Void = { _ in }) async throws -> Writer {
        try await arrangeRestarting()
        let writer = Writer(self)
        writer.start()
        try await apply { spec in
            Self.live(&spec)
            Self.restarting(&spec)
            change(&spec)
        }
        try await wait(phase: .promoted)
        try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
        try await wait("the way back") { $0[.rollbackReady]?.status == "True" }
        return writer
    }

    /// Runs a line of shell as a person would who has the server's administrator in their environment, and the namespace in their context.
    fileprivate func runAsAdministrator(of side: Side, _ line: String) throws {
        let server = side == .source ? lab.state.servers.source : lab.state.servers.target
        let login = server.administrator
        let environment = [
            "PGUSER=\(login.user)", "PGPASSWORD=\(login.password.reveal())", "PGSSLMODE=\(server.sslMode)",
            "PGSSLROOTCERT=\(server.certificateAuthority)", "KUBECONFIG=\(lab.state.kubeconfig)", "PATH=\(lab.state.binaries):/usr/bin:/bin",
        ]
        let inNamespace = "kubectl() { command kubectl --namespace \(namespace) \"$@\"; }; "
        let result = try Lab.run("/usr/bin/env", environment + ["sh", "-c", inNamespace + line])
        guard result.status == 0 else { throw LabError("\(line): \(result.output)") }
    }
}
