import MigrationCore
import MigrationPorts
import Testing

@testable import PostgresEngine

@Suite("Names, byte by byte") struct ExactNameTests {
    @Test("two spellings of a letter are two names, of which only bytes tell the order")
    func spellings() {
        let (composed, decomposed): (ExactName, ExactName) = ("\u{E9}", "e\u{301}")
        #expect(composed != decomposed && decomposed < composed)
        #expect(Set([composed, decomposed, "\u{E9}"]).count == 2)
    }
}

extension DatabaseTests {
    /// Tables, indexes, foreign keys, sequences, schemas and roles whose names differ in nothing but how a letter is spelled.
    @Suite("Names that look the same") struct ExactNames {
        private static let (composed, decomposed) = ("\u{E9}", "e\u{301}")

        /// For each spelling.
        private static let schema = [composed, decomposed].flatMap { name in
            [
                #"CREATE TABLE "\#(name)" (id int CONSTRAINT "\#(name) key" PRIMARY KEY, pad text, reference int)"#,
                #"INSERT INTO "\#(name)" SELECT g, repeat('x', 500), g FROM generate_series(1, \#(name == composed ? 6000 : 9000)) g"#,
                #"ALTER TABLE "\#(name)" ADD CONSTRAINT "\#(name) self" FOREIGN KEY (reference) REFERENCES "\#(name)""#,
                #"CREATE SEQUENCE "\#(name) numbers" START \#(name == composed ? 17 : 23)"#, #"SELECT nextval('"\#(name) numbers"')"#,
                #"CREATE SCHEMA "\#(name)""#, #"CREATE TABLE "\#(name)".t (id int PRIMARY KEY)"#,
                #"INSERT INTO "\#(name)".t SELECT generate_series(1, \#(name == composed ? 3 : 5))"#,
            ]
        }

        private func copy(_ scenario: Scenario, number: Int) async -> WorkerResult {
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs, plan.verification) = (1, 1, .checksum)
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: 1, plan: plan))
        }

        private func expectSame(_ scenario: Scenario) async throws {
            for name in [Self.composed, Self.decomposed] {
                let content = """
                    SELECT (SELECT count(*) FROM "\(name)") || ' ' || (SELECT count(*) FROM "\(name)".t) || ' ' || (SELECT last_value FROM "\(name) numbers") || ' '
                    || (SELECT string_agg(conname || contype::text || convalidated, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = '"\(name)"'::regclass)
                    """
                let (before, after) = try await (scenario.value(content, on: scenario.source), scenario.value(content, on: scenario.target))
                #expect(before != nil && before == after)
            }
        }

        @Test("are copied each, and gone on with each by the worker after a killed one")
        func resume() async throws {
            // The gate stands in the larger one, which is copied first; of the other nothing may be taken for copied.
            let scenario = try await Scenario.make("exact", schema: Self.schema + CopyGate.schema("\"\(Self.composed)\"", row: 5000))
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let gate = try await scenario.closeGate()
            let first = Task { await copy(scenario, number: 1) }
            #expect(try await gate.isReached())
            first.cancel()
            #expect(await !first.value.succeeded)
            await gate.open()
            let second = await copy(scenario, number: 2)
            #expect(second.succeeded, "\(second.message)")
            let verified = await scenario.work(.verify)
            #expect(verified.succeeded, "\(verified.message)")
            try await expectSame(scenario)
        }

        @Test("two roles are two")
        func roles() async throws {
            let scenario = try await Scenario.make(
                "exact roles", schema: ["CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE u (id int PRIMARY KEY)"])
            let roles = [("t", "exact \(Self.composed)"), ("u", "exact \(Self.decomposed)")]
            for (table, role) in roles {
                try await scenario.source.superuser(scenario.databases[0]) {
                    try await $0.execute("CREATE ROLE \"\(role)\"; GRANT \"\(role)\" TO \"Admin\"; GRANT SELECT ON \(table) TO \"\(role)\"")
                }
            }
            let results = try await scenario.moveRows()
            #expect(results.map(\.succeeded) == [true, true], "\(results)")
            let granted = "SELECT string_agg(relname || relacl::text, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('t', 'u')"
            #expect(try await scenario.value(granted, on: scenario.target) == (try await scenario.value(granted, on: scenario.source)))
        }
    }
}
