import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests.Fidelity {
    @Suite("Large objects") struct LargeObjects {
        static let schema = [
            "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)",
            "SELECT count(lo_from_bytea(81000 + g, convert_to(repeat('object ' || g, 900), 'UTF8'))) FROM generate_series(1, 2600) g",
        ]
        private static let content =
            "SELECT count(*) || md5(string_agg(oid || pg_get_userbyid(lomowner) || md5(lo_get(oid)), ',' ORDER BY oid)) FROM pg_largeobject_metadata"

        private func expectEqual(_ scenario: Scenario) async throws {
            let (before, after) = try await (scenario.value(Self.content, on: scenario.source), scenario.value(Self.content, on: scenario.target))
            #expect(before == after)
        }

        @Test("a worker stopped among them is resumed behind the last that was committed")
        func resume() async throws {
            let scenario = try await Scenario.make("lo resume", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let first = Task { await scenario.work(.copy) }
            let done = "SELECT count(*) FROM _dbmigration.large_objects"
            #expect(
                try await eventually {
                    guard try await scenario.value("SELECT to_regclass('_dbmigration.large_objects')", on: scenario.target) != nil else {
                        return false
                    }
                    return try await scenario.value(done, on: scenario.target) != "0"
                })
            first.cancel()
            #expect(await !first.value.succeeded)
            let kept =
                try await scenario.value("SELECT string_agg(xmin::text, ',' ORDER BY last) FROM _dbmigration.large_objects", on: scenario.target)
                ?? ""
            #expect(await scenario.work(.copy, number: 2).message == "copied 1 databases")
            let all =
                try await scenario.value("SELECT string_agg(xmin::text, ',' ORDER BY last) FROM _dbmigration.large_objects", on: scenario.target)
                ?? ""
            #expect(!kept.isEmpty && all.hasPrefix(kept) && all != kept)
            #expect(await scenario.work(.verify).message == "row counts are equal")
            try await expectEqual(scenario)
        }

        @Test("of an earlier fence are replaced, and what the source has no more is gone")
        func secondEpoch() async throws {
            let scenario = try await Scenario.make("lo epochs", schema: Self.schema)
            #expect(try await scenario.moveRows().allSatisfy(\.succeeded))
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            try await scenario.port.closeTarget(scenario.context, epoch: 2)
            try await scenario.port.openSource(scenario.context, epoch: 1)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute(
                "SELECT lo_unlink(81002), lo_put(81003, 5, 'new'), lo_unlink(83600), lo_create(7); SELECT lo_unlink(81000 + g) FROM generate_series(1500, 1600) g"
            )
            await client.close()
            let results = try await scenario.moveRows(epoch: 2)
            #expect(results.map(\.message) == ["copied 1 databases", "row counts are equal"])
            try await expectEqual(scenario)
        }

        @Test("are compared: a byte that differs is found by checksum, a missing one by count")
        func verified() async throws {
            var scenario = try await Scenario.make("lo verified", schema: Self.schema)
            scenario.verification = .checksum
            #expect(try await scenario.moveRows().map(\.succeeded) == [true, true])
            try await scenario.target.superuser(scenario.databases[0]) { try await $0.execute("SELECT lo_put(81700, 3, '\\x00')") }
            let different = await scenario.work(.verify)
            #expect(different.message.contains("2600 large objects on both sides, but their contents differ"), "\(different.message)")
            scenario.verification = .rowCount
            try await scenario.target.superuser(scenario.databases[0]) { try await $0.execute("SELECT lo_unlink(81700)") }
            let missing = await scenario.work(.verify)
            #expect(missing.message.contains("2600 large objects on the source, 2599 on the target"), "\(missing.message)")
        }

        @Test("Live mode refuses them, and says why")
        func live() async throws {
            var scenario = try await Scenario.make("lo live", schema: ["SELECT lo_create(1)"])
            scenario.isLive = true
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.count == 1 && problems[0].contains("1 large objects in") && problems[0].contains("copy.mode Snapshot"), "\(problems)")
            scenario.isLive = false
            #expect(await scenario.port.preflight(scenario.context) == [])
        }

        @Test("Live mode: those made after preflight are not lost in silence")
        func late() async throws {
            try await Scenario.live("lo late", schema: ["CREATE TABLE t (a int PRIMARY KEY)"]) { scenario in
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("SELECT lo_create(0)")
                await client.close()
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                let result = await scenario.workLive(.verify)
                #expect(
                    result.reason == .verificationMismatch && result.message.contains("1 large objects on the source, 0 on the target"), "\(result)")
            }
        }

        @Test("in a target database that is not ours are nobody's to remove")
        func foreign() async throws {
            let scenario = try await Scenario.make("lo foreign", schema: ["CREATE TABLE t (a int)"])
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE DATABASE \(name)") }
            try await scenario.target.superuser("postgres") { try await $0.execute("GRANT ALL ON DATABASE \(name) TO \"Admin\"") }
            try await scenario.target.superuser(scenario.databases[0]) { try await $0.execute("SELECT lo_create(5)") }
            let problems = await scenario.port.preflight(scenario.context)
            #expect(problems.map(\.reason) == [.targetNotEmpty] && problems[0].message.contains("holds 1 large objects"), "\(problems)")
        }
    }
}
