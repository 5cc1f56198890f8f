import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// What goes wrong on servers in use: a clear error or another try, and never a gap.
    @Suite("A copy in trouble", .serialized) struct CopyTrouble {
        private static let servers = Task { (try await Cluster.own("trouble source"), try await Cluster.own("trouble target")) }
        /// Not a multiple of the servers' pages, so that the last one is written in part.
        private static let fullDisk = 20 << 20 | 1 << 10

        private func scenario(_ name: String) async throws -> Scenario {
            let scenario = try await Scenario.make(name, schema: Recovery.schema, on: Self.servers.value)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            return scenario
        }

        /// The next worker, once the trouble is over, ends with every row.
        private func expectComplete(_ scenario: Scenario) async throws {
            let second = await scenario.work(.copy, number: 2)
            #expect(second.message == "copied 1 databases")
            #expect(await scenario.work(.verify).message == "row counts are equal")
            #expect(try await scenario.value("SELECT count(DISTINCT id) || ' ' || count(*) FROM big", on: scenario.target) == "200000 200000")
        }

        @Test("the target's disk is full: the worker says so, leaves no half of a table, and the next one goes on")
        func fullDisk() async throws {
            let scenario = try await scenario("disk")
            try await scenario.target.fillDisk(over: Self.fullDisk)
            let result = await scenario.work(.copy)
            try await scenario.target.fillDisk(over: nil)
            #expect(result.reason == .copyFailed && result.mayRetry, "\(result)")
            #expect(result.message.contains("public.big") && result.message.contains("[SQLSTATE 53100]"), "\(result.message)")
            let left = "SELECT (SELECT count(*) FROM big) || ' ' || string_agg(name, ',') FROM _dbmigration.copied WHERE copied_at IS NULL"
            #expect(try await scenario.value(left, on: scenario.target) == "0 big")
            try await expectComplete(scenario)
        }

        @Test("no connection is left: another try", arguments: Side.allCases)
        func connections(_ side: Side) async throws {
            let scenario = try await scenario("connections \(side)")
            let server = side == .source ? scenario.source : scenario.target
            try await server.superuser("postgres") { try await $0.execute(#"ALTER ROLE "Admin" CONNECTION LIMIT 1"#) }
            let result = await scenario.work(.copy)
            try await server.superuser("postgres") { try await $0.execute(#"ALTER ROLE "Admin" CONNECTION LIMIT -1"#) }
            #expect(result.reason == .copyFailed && result.mayRetry, "\(result)")
            #expect(result.message.contains("too many connections"), "\(result.message)")
            try await expectComplete(scenario)
        }

        @Test("time limits of our role and of the database end nothing of ours")
        func timeLimits() async throws {
            let limits = [
                "statement_timeout": "20ms", "lock_timeout": "20ms", "idle_in_transaction_session_timeout": "100ms", "idle_session_timeout": "100ms",
            ]
            let scenario = try await Scenario.make("limits", schema: Recovery.schema, on: Self.servers.value)
            try await scenario.source.superuser(scenario.databases[0]) { session in
                for (name, value) in limits {
                    try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET \(name) = '\(value)'")
                }
            }
            for server in [scenario.source, scenario.target] {
                try await server.superuser("postgres") { session in
                    for (name, value) in limits { try await session.execute("ALTER ROLE \"Admin\" SET \(name) = '\(value)'") }
                }
            }
            let results = try await scenario.moveRows()
            for server in [scenario.source, scenario.target] {
                try await server.superuser("postgres") { try await $0.execute(#"ALTER ROLE "Admin" RESET ALL"#) }
            }
            #expect(results.map(\.message) == ["copied 1 databases", "row counts are equal"])
        }

        @Test("a table that is locked by DDL is waited for, and copied as the DDL left it")
        func lockedTable() async throws {
            let schema = ["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]
            try await Scenario.live("live locked", schema: schema) { scenario in
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("BEGIN; ALTER TABLE t ADD COLUMN later text DEFAULT 'new'")
                let copy = Task { await scenario.workLive(.copy) }
                let waits =
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbmigration/\(scenario.uid)/w1%' AND wait_event_type = 'Lock'"
                #expect(try await eventually { try await scenario.value(waits, on: scenario.source) != "0" })
                try await client.execute("COMMIT")
                await client.close()
                let result = await copy.value
                #expect(result.message == "copied 1 databases", "\(result.message)")
                #expect(try await scenario.value("SELECT string_agg(t::text, ',') FROM t", on: scenario.target) == "(1,new)")
            }
        }

        @Test(
            "a table that is dropped or altered before its rows are copied: the worker names it, and the next one begins anew",
            arguments: ["DROP TABLE last", "ALTER TABLE last DROP COLUMN v", "ALTER TABLE last RENAME TO other"])
        func droppedTable(_ statement: String) async throws {
            let rows = "SELECT g, repeat('x', 300) FROM generate_series(1, 20000) g"
            let gated = ["CREATE TABLE big (id int PRIMARY KEY, pad text)", "INSERT INTO big \(rows)"] + CopyGate.schema("big", row: 10_000)
            let schema =
                gated + [
                    "CREATE TABLE second (id int PRIMARY KEY, pad text)", "INSERT INTO second \(rows)",
                    "ALTER TABLE second ADD CHECK (id <> 10000 OR gate())",
                    "CREATE TABLE last (id int PRIMARY KEY, v int)", "INSERT INTO last VALUES (1, 2)",
                ]
            try await Scenario.live("live \(statement)", schema: schema) { scenario in
                let gate = try await scenario.closeGate()
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await gate.isReached(by: 2))
                let client = try await scenario.application(on: scenario.source)
                try await client.execute(statement)
                await client.close()
                await gate.open()
                let result = await first.value
                #expect(!result.succeeded && result.mayRetry, "\(result)")
                #expect(result.message.contains("last"), "\(result.message)")
                let second = await scenario.workLive(.copy, number: 2)
                #expect(second.succeeded, "\(second.message)")
                let columns = """
                    SELECT string_agg(attrelid::regclass || '.' || attname, ',' ORDER BY 1) FROM pg_attribute
                    WHERE attrelid = coalesce(to_regclass('last'), to_regclass('other')) AND attnum > 0 AND NOT attisdropped
                    """
                #expect(try await scenario.value(columns, on: scenario.target) == scenario.value(columns, on: scenario.source))
                try await scenario.connect()
                try await scenario.expectEqual(["big", "second"])
            }
        }
    }
}
