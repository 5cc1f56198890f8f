import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// A server empties unlogged tables when it recovers from a crash; the journal does not know.
    @Suite("Unlogged tables when the target crashes") struct Unlogged {
        private static let servers = Task { (try await Cluster.own("unlogged source"), try await Cluster.own("unlogged target")) }

        private static let schema =
            [
                "CREATE UNLOGGED TABLE root (id serial PRIMARY KEY, v text UNIQUE)",
                "INSERT INTO root (v) SELECT repeat('v', 200) || g FROM generate_series(1, 40000) g",
                "CREATE UNLOGGED TABLE leaf (id int PRIMARY KEY REFERENCES root, next int REFERENCES leaf)",
                "INSERT INTO leaf SELECT g, 5001 - g FROM generate_series(1, 5000) g",
                "CREATE TABLE small (id int PRIMARY KEY)", "INSERT INTO small SELECT generate_series(1, 5000)",
                "CREATE TABLE gated (id int PRIMARY KEY)", "INSERT INTO gated SELECT generate_series(1, 10)",
            ] + CopyGate.schema("gated", row: 5)

        private static let content = """
            SELECT (SELECT count(*) || md5(string_agg(t::text, ',' ORDER BY id)) FROM root t) || (SELECT count(*) || md5(string_agg(t::text, ',' ORDER BY id))
            FROM leaf t) || (SELECT count(*) FROM small) || (SELECT count(*) FROM gated) || (SELECT last_value FROM root_id_seq)
            """
        private static let constraints =
            "SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY conname) FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conrelid IN ('root'::regclass, 'leaf'::regclass)"
        private static let copiedAt = "SELECT copied_at FROM _dbmigration.copied WHERE name = 'small'"

        private func scenario(_ name: String, _ schema: [String] = schema) async throws -> Scenario {
            let (source, target) = try await Self.servers.value
            let scenario = try await Scenario.make(name, schema: schema, on: (source, target))
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            return scenario
        }

        private func expectEqual(_ scenario: Scenario, _ location: SourceLocation = #_sourceLocation) async throws {
            for question in [Self.content, Self.constraints] {
                let (before, after) = try await (scenario.value(question, on: scenario.source), scenario.value(question, on: scenario.target))
                #expect(before != nil && before == after, "\(question)", sourceLocation: location)
            }
        }

        private func copy(_ scenario: Scenario, number: Int, splitAboveMiB: Int = 1024) async -> WorkerResult {
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs) = (splitAboveMiB, 2)
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: 1, plan: plan))
        }

        @Test("in the middle of the copy: they are copied again, whole or in parts, and no others", arguments: [1024, 1])
        func inTheMiddle(splitAboveMiB: Int) async throws {
            // The gate's table is the last: those before are copied and indexed.
            let scenario = try await scenario("unlogged \(splitAboveMiB)")
            let gate = try await scenario.closeGate()
            let first = Task { await copy(scenario, number: 1, splitAboveMiB: splitAboveMiB) }
            #expect(try await gate.isReached())
            let indexed = "SELECT count(indexed_at) FROM _dbmigration.copied"
            #expect(try await eventually { try await scenario.value(indexed, on: scenario.target) == "3" })
            // What was committed asynchronously reaches the disk; without it more would be copied again, rightly.
            try await scenario.target.superuser("postgres") { try await $0.execute("CHECKPOINT") }
            #expect(
                try await scenario.value("SELECT parts > 1 FROM _dbmigration.copied WHERE name = 'root'", on: scenario.target)
                    == (splitAboveMiB == 1 ? "t" : "f"))
            let kept = try await scenario.value(Self.copiedAt, on: scenario.target)
            try await scenario.target.crash()
            let stopped = await first.value
            await gate.open()
            #expect(!stopped.succeeded && stopped.mayRetry, "\(stopped.message)")
            #expect(try await scenario.value("SELECT count(*) FROM root", on: scenario.target) == "0")
            let second = await copy(scenario, number: 2, splitAboveMiB: splitAboveMiB)
            #expect(second.succeeded, "\(second.message)")
            #expect(await scenario.work(.verify).message == "row counts are equal")
            #expect(try await scenario.value(Self.copiedAt, on: scenario.target) == kept)
            try await expectEqual(scenario)
        }

        @Test("behind the last step: the verification finds it, and a further copy begins the database anew")
        func afterwards() async throws {
            let scenario = try await scenario("unlogged after")
            #expect(await copy(scenario, number: 1).succeeded)
            #expect(await scenario.work(.verify).succeeded)
            let kept = try await scenario.value(Self.copiedAt, on: scenario.target)
            #expect(await copy(scenario, number: 2).succeeded)
            #expect(try await scenario.value(Self.copiedAt, on: scenario.target) == kept)
            try await scenario.target.crash()
            let verified = await scenario.work(.verify)
            #expect(
                verified.reason == .verificationMismatch && verified.message.contains("public.root: 40000 rows on the source, 0"),
                "\(verified.message)")
            #expect(await copy(scenario, number: 3).succeeded)
            #expect(await scenario.work(.verify).message == "row counts are equal")
            try await expectEqual(scenario)
        }

        @Test("a sequence that is unlogged shows in no count of rows, and is found all the same")
        func sequence() async throws {
            let scenario = try await scenario("unlogged sequence", ["CREATE UNLOGGED SEQUENCE s", "SELECT setval('s', 77)"])
            #expect(await copy(scenario, number: 1).succeeded)
            try await scenario.target.crash()
            let verified = await scenario.work(.verify)
            #expect(verified.reason == .verificationMismatch && verified.message.contains("recovered from a crash"), "\(verified.message)")
            #expect(await copy(scenario, number: 2).succeeded)
            #expect(await scenario.work(.verify).succeeded)
            #expect(try await scenario.value("SELECT last_value FROM s", on: scenario.target) == "77")
        }
    }
}
