import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("After a failure") struct Recovery {
        static let schema =
            [
                "CREATE TABLE small (a int)", "INSERT INTO small SELECT generate_series(1, 10)", "CREATE TABLE big (id int PRIMARY KEY, pad text)",
                "INSERT INTO big SELECT g, repeat('x', 500) FROM generate_series(1, 200000) g",
            ] + CopyGate.schema("big", row: 100_000)

        @Test("a worker stopped in the middle of a table is resumed without loss or duplicate")
        func resume() async throws {
            let scenario = try await Scenario.make("resume", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let gate = try await scenario.closeGate()
            let first = Task { await scenario.work(.copy) }
            #expect(try await gate.isReached())
            first.cancel()
            let stopped = await first.value
            await gate.open()
            #expect(!stopped.succeeded && stopped.mayRetry, "\(stopped.message)")
            #expect(await scenario.port.progress(scenario.context).value?.first?.phase == "CopyingRows")
            #expect(await scenario.work(.copy, number: 2).message == "copied 1 databases")
            #expect(await scenario.work(.verify).message == "row counts are equal")
            #expect(try await scenario.value("SELECT count(DISTINCT id) || ' ' || count(*) FROM big", on: scenario.target) == "200000 200000")
            // One that comes late finds itself overtaken.
            #expect(await scenario.work(.copy, number: 1).reason == .workerRejected)
        }

        @Test("a stale worker's session in the target is ended by its successor")
        func stale() async throws {
            let scenario = try await Scenario.make("stale", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let options = ConnectionOptions(
                database: scenario.databases[0], applicationName: "dbmigration/\(scenario.uid)/w1", settings: ["default_transaction_read_only": "off"]
            )
            let ghost = try await PostgresConnection.open(scenario.target.access(), options)
            try await ghost.execute("SELECT pg_advisory_lock(\(0x6462_6d67), 2)")
            #expect(await scenario.work(.copy, number: 2).succeeded)
            await #expect(throws: PostgresError.self) { try await ghost.execute("SELECT 1") }
        }

        @Test("rows of an earlier fence are copied anew, and nothing of them stays")
        func secondEpoch() async throws {
            let scenario = try await Scenario.make("epochs", schema: Move.schema)
            #expect(try await scenario.moveRows().allSatisfy(\.succeeded))
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            try await scenario.port.closeTarget(scenario.context, epoch: 2)
            try await scenario.port.openSource(scenario.context, epoch: 1)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("DELETE FROM child WHERE id > 100; CREATE TABLE later (a int); DROP TABLE empty")
            await client.close()
            let results = try await scenario.moveRows(epoch: 2)
            #expect(results.map(\.message) == ["copied 1 databases", "row counts are equal"])
            #expect(try await scenario.value("SELECT count(*) FROM child", on: scenario.target) == "100")
            #expect(try await scenario.value("SELECT to_regclass('empty') IS NULL AND to_regclass('later') IS NOT NULL", on: scenario.target) == "t")
            let state = await scenario.port.observeTarget(scenario.context, withPosition: true).value
            #expect(state == TargetState(isPrepared: true, fence: .closed, epoch: 3))
            // A worker of the first fence has nothing to say any more.
            #expect(await scenario.work(.copy, number: 9, epoch: 1).reason == .workerRejected)
        }

        @Test("a lost row is found by the verification")
        func mismatch() async throws {
            let scenario = try await Scenario.make("mismatch", schema: Self.schema)
            #expect(try await scenario.moveRows().allSatisfy(\.succeeded))
            try await scenario.target.superuser(scenario.databases[0]) {
                try await $0.execute("BEGIN READ WRITE; SET LOCAL session_replication_role = replica; DELETE FROM small WHERE a = 3; COMMIT")
            }
            let result = await scenario.work(.verify)
            #expect(result.reason == .verificationMismatch && !result.mayRetry)
            #expect(result.message.contains("public.small: 10 rows on the source, 9 on the target"))
            #expect(
                await scenario.port.progress(scenario.context).value?.first?.mismatches == ["public.small: 10 rows on the source, 9 on the target"])
        }

        @Test("clean-up of both sides leaves nothing, and the source closed")
        func cleanUp() async throws {
            let scenario = try await Scenario.make("cleanup", schema: Self.schema)
            _ = try await scenario.moveRows()
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            #expect(await scenario.port.artefacts(scenario.context) == .value([.source, .target]))
            for side in Side.allCases { try await scenario.port.removeArtefacts(scenario.context, side: side) }
            #expect(await scenario.port.artefacts(scenario.context) == .value([]))
            let refused = await #expect(throws: PostgresError.self) { try await scenario.application(on: scenario.source) }
            #expect(refused?.kind == .tooManyConnections)
            let client = try await scenario.application(on: scenario.target)
            try await client.execute("INSERT INTO small VALUES (11)")
            await client.close()
        }
    }
}
