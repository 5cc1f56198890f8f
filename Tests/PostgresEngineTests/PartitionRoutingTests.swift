import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Leaves whose rows belong to other leaves on another server.
    @Suite("Partitions by hashes that differ between servers") struct PartitionRouting {
        /// Enums that the target makes have other OIDs: the row of every label may belong elsewhere there.
        private static let schema = [
            "CREATE TYPE mood AS ENUM (\((1...20).map { "'m\($0)'" }.joined(separator: ", ")))",
            "CREATE TABLE moods (id int, m mood, pad text, PRIMARY KEY (id, m)) PARTITION BY HASH (m)",
            "CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 0)",
            "CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 1)",
            // Its columns in another order.
            "CREATE TABLE moods_2 (pad text, m mood NOT NULL, id int NOT NULL)",
            "ALTER TABLE moods ATTACH PARTITION moods_2 FOR VALUES WITH (MODULUS 3, REMAINDER 2)", "CREATE INDEX ON moods (pad)",
            "INSERT INTO moods SELECT g, ('m' || 1 + g % 20)::mood, repeat('x', 300) FROM generate_series(1, 12000) g",
            "CREATE TABLE nested (id int, m mood) PARTITION BY RANGE (id)",
            "CREATE TABLE nested_high PARTITION OF nested FOR VALUES FROM (100) TO (MAXVALUE)",
            "CREATE TABLE nested_low PARTITION OF nested FOR VALUES FROM (MINVALUE) TO (100) PARTITION BY HASH (m)",
            "CREATE TABLE nested_low_0 PARTITION OF nested_low FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE nested_low_1 PARTITION OF nested_low FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
            "INSERT INTO nested SELECT g, ('m' || 1 + g % 20)::mood FROM generate_series(1, 200) g",
            "CREATE TABLE plain (id int PRIMARY KEY) PARTITION BY HASH (id)",
            "CREATE TABLE plain_0 PARTITION OF plain FOR VALUES WITH (MODULUS 1, REMAINDER 0)", "INSERT INTO plain SELECT generate_series(1, 50)",
        ]

        private func copy(_ scenario: Scenario, number: Int = 1) async -> WorkerResult {
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs) = (1, 2)
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: 1, plan: plan))
        }

        private func expectSame(_ scenario: Scenario) async throws {
            for table in ["moods", "nested", "nested_high", "plain"] {
                let content = "SELECT count(*) || ' ' || md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \(table) t"
                let (before, after) = try await (scenario.value(content, on: scenario.source), scenario.value(content, on: scenario.target))
                #expect(before != nil && before == after, "\(table)")
            }
            let indexes = "SELECT count(*) || ' ' || bool_and(indisvalid) FROM pg_index WHERE indrelid::regclass::text ~ '^(moods|plain)'"
            #expect(try await scenario.value(indexes, on: scenario.target) == (try await scenario.value(indexes, on: scenario.source)))
        }

        /// A source whose target has given other OIDs away before.
        private func scenario(_ name: String, _ schema: [String]) async throws -> Scenario {
            var scenario = try await Scenario.make(name, schema: schema)
            scenario.verification = .checksum
            try await scenario.target.superuser("postgres") { session in
                for number in 1...3 { try await session.execute("CREATE TEMP TABLE used_\(number) (a text)") }
            }
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            return scenario
        }

        @Test("are loaded through their root, and compared as one table")
        func move() async throws {
            let scenario = try await scenario("routed", Self.schema)
            let copied = await copy(scenario)
            #expect(copied.succeeded, "\(copied.message)")
            try await expectSame(scenario)
            let verified = await scenario.work(.verify)
            #expect(verified.message == "row counts and checksums are equal", "\(verified.message)")
            let progress = try #require(await scenario.port.progress(scenario.context).value?.first)
            #expect(progress.tablesVerified == progress.tablesTotal && progress.rowsCopied == 12250)
            // A row that is lost in any of them shows.
            try await scenario.target.superuser(scenario.databases[0]) {
                try await $0.execute(
                    "BEGIN READ WRITE; SET LOCAL session_replication_role = replica; DELETE FROM moods WHERE id = 77; COMMIT")
            }
            let found = await scenario.work(.verify)
            #expect(!found.succeeded && found.message.contains("public.moods: 12000 rows on the source, 11999 on the target"), "\(found.message)")
        }

        @Test("a killed worker's successor has every row once")
        func resume() async throws {
            let scenario = try await scenario("routed resume", Self.schema + CopyGate.schema("moods", row: 7000))
            let gate = try await scenario.closeGate()
            let first = Task { await copy(scenario) }
            #expect(try await gate.isReached())
            first.cancel()
            #expect(await !first.value.succeeded)
            await gate.open()
            let second = await copy(scenario, number: 2)
            #expect(second.succeeded, "\(second.message)")
            try await expectSame(scenario)
            #expect(await scenario.work(.verify).succeeded)
        }

        @Test("are refused in Live mode, whose lanes know only leaves")
        func live() async throws {
            var scenario = try await Scenario.make("routed live", schema: Self.schema)
            scenario.isLive = true
            let found = await scenario.port.preflight(scenario.context).map(\.message).filter { $0.contains("partitioned by the hash") }
            #expect(found.count == 2 && found[0].contains("public.moods in") && found[1].contains("public.nested in"), "\(found)")
        }
    }
}
