import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("What somebody does to our fences by hand") struct Interference {
        /// A part of the source's fence, how it is removed, and what the evidence then says.
        struct Part: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// In the maintenance database, `%` being the database; or in the database itself.
            var onServer: String?
            var inDatabase: String?
            var evidence: String
            /// The row remembers the user's own connection limit.
            var remembers = true
        }

        static let parts = [
            Part(testDescription: "connection limit", onServer: "ALTER DATABASE % CONNECTION LIMIT 3", evidence: "the connection limit is 3"),
            Part(
                testDescription: "read-only default", onServer: "ALTER DATABASE % RESET default_transaction_read_only",
                evidence: "read_only is not on"),
            Part(testDescription: "guard function", inDatabase: "DROP FUNCTION _dbmigration.guard() CASCADE", evidence: "the guard is absent"),
            Part(testDescription: "a guard trigger", inDatabase: "DROP TRIGGER _dbmigration_guard ON t", evidence: "on 1 of 2 tables"),
            Part(testDescription: "a disabled trigger", inDatabase: "ALTER TABLE t DISABLE TRIGGER USER", evidence: "on 1 of 2 tables"),
            Part(testDescription: "row", onServer: "DELETE FROM _dbmigration.fence", evidence: "no closed row", remembers: false),
        ]

        @Test("any part of a source fence that goes is seen and named, and the undo leaves the database open all the same", arguments: parts)
        func removed(_ part: Part) async throws {
            let scenario = try await Scenario.make("gone \(part.testDescription)", schema: ["CREATE TABLE t (a int)", "CREATE TABLE u (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.source.superuser("postgres") { try await $0.execute("ALTER DATABASE \(name) CONNECTION LIMIT 17") }
            try await port.closeSource(context, epoch: 0)
            if let statement = part.onServer {
                let whole = statement.replacing("%", with: name) + (part.remembers ? "" : " WHERE uid = \(SQL.literal(scenario.uid))")
                try await scenario.source.superuser("postgres") { try await $0.execute(whole) }
            }
            if let statement = part.inDatabase {
                try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute("BEGIN READ WRITE; \(statement); COMMIT") }
            }
            let state = await port.observeSource(context).value
            let evidence = state?.evidence ?? ""
            #expect(state?.fence == .partial)
            #expect(evidence.contains(part.evidence), "\(evidence)")

            try await port.openSource(context, epoch: state?.epoch ?? -1)
            #expect(await port.observeSource(context).value?.fence == .open)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("INSERT INTO t VALUES (1)")
            await client.close()
            let limit = "SELECT datconnlimit FROM pg_database WHERE datname = current_database()"
            #expect(try await scenario.value(limit, on: scenario.source) == (part.remembers ? "17" : "-1"))
            try await port.removeArtefacts(context, side: .source)
        }

        static let ways = [
            "SET session_replication_role = replica; BEGIN READ WRITE; UPDATE quiet SET v = -1 WHERE id = 5; COMMIT",
            "BEGIN READ WRITE; DROP TRIGGER _dbmigration_guard ON quiet; DELETE FROM quiet WHERE id = 5; COMMIT",
        ]

        @Test("a write on the target past its guard is found in the pause, although the source's table was not written to", arguments: ways)
        func writtenTarget(_ way: String) async throws {
            let schema = ["CREATE TABLE quiet (id int PRIMARY KEY, v int)", "INSERT INTO quiet SELECT g, g FROM generate_series(1, 100) g"]
            try await Scenario.live("past the guard \(way.count)", schema: schema) { scenario in
                var context = scenario.context
                context.plan.verification = .checksum
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                #expect(await scenario.workLive(.verify, verification: .checksum).succeeded)
                #expect(try await FinalCheck.run(context, seconds: 30) == FinalCheck.Outcome(), "nothing was written to")
                try await scenario.target.superuser(scenario.databases[0]) { try await $0.execute(way) }
                var found = FinalCheck.Outcome()
                // The server counts it when the session has ended.
                _ = try await eventually {
                    found = try await FinalCheck.run(context, seconds: 30)
                    return found.tables > 0
                }
                #expect(found.compared == 1 && found.mismatches.first?.contains("public.quiet: 100 rows on") == true, "\(found)")
            }
        }

        @Test("materialized views hold what the tables did when they were found equal, not when they were copied")
        func views() async throws {
            let schema = [
                "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t",
                "CREATE MATERIALIZED VIEW broken AS SELECT 1 / (2 - count(*)) AS n FROM t",
            ]
            try await Scenario.live("live views", schema: Array(schema.prefix(3))) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("INSERT INTO t VALUES (2)")
                await client.close()
                try await scenario.expectEqual(["t"])
                #expect(try await scenario.value("SELECT n FROM m", on: scenario.target) == "1")
                #expect(await scenario.workLive(.verify).message == "row counts are equal")
                #expect(try await scenario.value("SELECT n FROM m", on: scenario.target) == "2")
            }
            try await Scenario.live("live broken view", schema: schema) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("INSERT INTO t VALUES (2)")
                await client.close()
                try await scenario.expectEqual(["t"])
                let result = await scenario.workLive(.verify)
                #expect(result.succeeded && result.message.contains("as old as the copy") && result.message.contains("division by zero"), "\(result)")
            }
        }
    }
}
