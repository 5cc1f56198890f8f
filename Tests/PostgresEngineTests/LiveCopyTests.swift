import Logging
import MigrationCore
import MigrationPorts
import MigrationWorker
import PostgresEngine
import StructuredData
import Synchronization
import Testing

extension DatabaseTests {
    /// Copies while applications write, up to a target that the lane has made equal.
    @Suite("Live copy") struct LiveCopy {
        static let schema =
            [
                "CREATE TABLE ledger (id bigserial PRIMARY KEY, v int NOT NULL, twice int GENERATED ALWAYS AS (v * 2) STORED)",
                "INSERT INTO ledger (v) SELECT g FROM generate_series(1, 2000) g",
                "CREATE TABLE big (id int PRIMARY KEY, pad text)", "INSERT INTO big SELECT g, repeat('x', 300) FROM generate_series(1, 150000) g",
                "CREATE TABLE whole (a int, b text)", "ALTER TABLE whole REPLICA IDENTITY FULL",
                "INSERT INTO whole SELECT g, 'b' FROM generate_series(1, 100) g",
                "CREATE TABLE parted (k int PRIMARY KEY, v text) PARTITION BY RANGE (k)",
                "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100)",
                "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200)",
                "INSERT INTO parted SELECT g, 'v' FROM generate_series(0, 199) g",
                #"CREATE TABLE "Qu'eue "" é" (id int PRIMARY KEY, v text)"#, #"INSERT INTO "Qu'eue "" é" VALUES (0, 'old')"#,
                "CREATE TABLE child (id int PRIMARY KEY, entry bigint REFERENCES ledger (id) ON DELETE CASCADE)",
                "INSERT INTO child SELECT g, g FROM generate_series(1, 500) g", "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM whole",
            ] + CopyGate.schema("big", row: 75_000)
        static let tables = ["ledger", "big", "whole", "parted_1", "parted_2", #""Qu'eue "" é""#, "child"]

        @Test("of a database that is written to: the target catches up and equals the source")
        func underLoad() async throws {
            try await Scenario.live("live load", schema: Self.schema) { scenario in
                let load = scenario.startLoad()
                let result = await scenario.workLive(.copy)
                #expect(result.message == "copied 1 databases", "\(result)")
                try await scenario.connect()
                let writes = await load.stop()
                #expect(writes > 50)
                try await scenario.expectEqual(Self.tables)
                #expect(try await scenario.lanes() == [scenario.lane(worker: 1)])
                #expect(await scenario.port.progress(scenario.context).value?.first?.phase == "Copied")
                #expect(try await scenario.value("SELECT n FROM m", on: scenario.target) != nil)
                // Nobody keeps the snapshot, and with it dead rows, any longer.
                let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbmigration/\(scenario.uid)/w%'"
                #expect(try await eventually { try await scenario.value(sessions, on: scenario.source) == "0" })
            }
        }

        @Test("gone on with by the next worker under the snapshot that the controller kept: what was copied is not copied again", arguments: [1, 2])
        func kept(lanes: Int) async throws {
            let target = try await Cluster.target.value
            let slow = [
                """
                CREATE FUNCTION slow(a int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                    IF current_setting('port') = '\(target.port)' THEN PERFORM pg_sleep(200); END IF; RETURN true; END $$
                """,
                "CREATE TABLE slow (a int PRIMARY KEY CHECK (public.slow(a)))", "INSERT INTO slow VALUES (1)",
            ]
            try await Scenario.live("live kept \(lanes)", lanes: lanes, schema: Self.schema + slow) { scenario in
                let load = scenario.startLoad()
                let first = Task { await scenario.workLive(.copy) }
                let left = "SELECT count(*) FROM _dbmigration.copied WHERE copied_at IS NULL"
                #expect(try await eventually { try await scenario.value("SELECT to_regclass('_dbmigration.copied')", on: scenario.target) != nil })
                #expect(try await eventually { try await scenario.value(left, on: scenario.target) == "1" })
                await scenario.port.keepSnapshots(scenario.context)
                first.cancel()
                #expect(await !first.value.succeeded)
                let copied = "SELECT string_agg(name || copied_at, ',' ORDER BY name) FROM _dbmigration.copied WHERE name <> 'slow'"
                let before = try await scenario.value(copied, on: scenario.target)
                #expect(before?.contains("ledger") == true)
                _ = try await scenario.value(
                    "CREATE OR REPLACE FUNCTION slow(a int) RETURNS boolean LANGUAGE sql AS 'SELECT true'", on: target, readWrite: true)
                let made = try await scenario.lanes()
                let second = await scenario.workLive(.copy, number: 2)
                #expect(second.succeeded, "\(second.message)")
                #expect(try await scenario.value(copied, on: scenario.target) == before)
                #expect(try await scenario.lanes() == made && made.count == lanes)
                try await scenario.connect()
                _ = await load.stop()
                try await scenario.expectEqual(Self.tables + ["slow"])
                let keepers = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbmigration/\(scenario.uid)/keeper%'"
                #expect(try await eventually { try await scenario.value(keepers, on: scenario.source) == "0" })
            }
        }

        @Test("begun anew by the next worker when one dies in the middle and nobody kept its snapshot; the dead one, late, harms nothing")
        func killed() async throws {
            try await Scenario.live("live killed", schema: Self.schema) { scenario in
                let load = scenario.startLoad()
                let gate = try await scenario.closeGate()
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await gate.isReached())
                first.cancel()
                let stopped = await first.value
                await gate.open()
                #expect(!stopped.succeeded && stopped.mayRetry, "\(stopped.message)")
                #expect(try await scenario.lanes() == [scenario.lane(worker: 1)])
                let second = await scenario.workLive(.copy, number: 2)
                #expect(second.succeeded, "\(second.message)")
                try await scenario.connect()
                let late = await scenario.workLive(.copy, number: 1)
                #expect(late.reason == .workerRejected && !late.mayRetry && late.message.contains("in charge"), "\(late.message)")
                #expect(try await scenario.lanes() == [scenario.lane(worker: 2)])
                _ = await load.stop()
                try await scenario.expectEqual(Self.tables)
            }
        }

        @Test("a worker overtaken while it waits for its slot makes none")
        func overtaken() async throws {
            try await Scenario.live("live overtaken", schema: ["CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]) { scenario in
                let blocker = try await scenario.source.client("postgres")
                try await blocker.execute("BEGIN; SELECT txid_current()")
                let lines = LogLines()
                let waitsFor = "pid \(await blocker.backend) of postgres"
                let first = Task { await scenario.workLive(.copy, logger: lines.logger) }
                #expect(try await eventually { lines.text.contains("the slot waits for transactions") && lines.text.contains(waitsFor) })
                let second = Task { await scenario.workLive(.copy, number: 2) }
                let overtaken = await first.value
                #expect(!overtaken.succeeded, "\(overtaken.message)")
                try await blocker.execute("COMMIT")
                #expect(await second.value.succeeded)
                #expect(try await scenario.lanes() == [scenario.lane(worker: 2)])
                await blocker.close()
            }
        }

        @Test("a worker overtaken before its slot makes none either")
        func overtakenEarly() async throws {
            try await Scenario.live("live early", schema: ["CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]) { scenario in
                let blocker = try await scenario.application(on: scenario.source)
                try await blocker.execute("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
                func isPublishing(_ worker: Int) async throws -> Bool {
                    try await eventually {
                        try await scenario.value(
                            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbmigration/\(scenario.uid)/w\(worker)' AND wait_event_type = 'Lock'",
                            on: scenario.source) == "1"
                    }
                }
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await isPublishing(1))
                let second = Task { await scenario.workLive(.copy, number: 2) }
                #expect(try await isPublishing(2))
                try await blocker.execute("COMMIT")
                await blocker.close()
                #expect(await !first.value.succeeded)
                #expect(await second.value.succeeded)
                #expect(try await scenario.lanes() == [scenario.lane(worker: 2)])
            }
        }

        @Test("a finished database keeps its rows and its lane; one whose lane is lost is copied again")
        func finished() async throws {
            try await Scenario.live("live finished", databases: 2, schema: ["CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]) {
                scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                let made = try await scenario.lanes()
                #expect(made.count == 2)
                let again = await scenario.workLive(.copy, number: 2)
                #expect(again.message == "copied 0 databases, kept 2 that were complete", "\(again.message)")
                #expect(try await scenario.lanes() == made)
                let lost = scenario.databases[1]
                _ = try await scenario.value(
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()", on: scenario.source,
                    lost)
                let third = await scenario.workLive(.copy, number: 3)
                #expect(third.message == "copied 1 databases, kept 1 that were complete", "\(third.message)")
                #expect(try await scenario.lanes() == [scenario.lane(worker: 1), scenario.lane(worker: 3, lost)].sorted())
                #expect(
                    try await scenario.value("SELECT source_epoch || ' ' || worker || phase FROM _dbmigration.journal", on: scenario.target)
                        == "3 3finished")
            }
        }

        @Test("a worker that dies after one of two databases leaves that one as it is")
        func halfDone() async throws {
            let target = try await Cluster.target.value
            try await Scenario.live("live half", databases: 2, schema: ["CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]) {
                scenario in
                let slow = scenario.databases[1]
                let client = try await scenario.application(on: scenario.source, slow)
                try await client.execute(
                    "CREATE MATERIALIZED VIEW slow AS SELECT 1 AS one FROM pg_sleep(CASE current_setting('port') WHEN '\(target.port)' THEN 200 ELSE 0 END)"
                )
                let first = Task { await scenario.workLive(.copy) }
                let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
                #expect(try await eventually { try await scenario.value(asleep, on: scenario.target, slow) == "1" })
                #expect(try await eventually { await scenario.port.progress(scenario.context).value?.first?.phase == "Copied" })
                first.cancel()
                _ = await first.value
                try await client.execute("DROP MATERIALIZED VIEW slow")
                await client.close()
                let second = await scenario.workLive(.copy, number: 2)
                #expect(second.message == "copied 1 databases, kept 1 that were complete", "\(second.message)")
                #expect(try await scenario.lanes() == [scenario.lane(worker: 1), scenario.lane(worker: 2, slow)].sorted())
            }
        }

        @Test("cut off with the session that keeps its snapshot, it may be tried again")
        func deadKeeper() async throws {
            try await Scenario.live("live keeper", schema: Self.schema) { scenario in
                let gate = try await scenario.closeGate()
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await gate.isReached())
                let ended = try await scenario.value(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'dbmigration/\(scenario.uid)/w1' AND query LIKE 'CREATE_REPL%'",
                    on: scenario.source)
                #expect(ended == "1")
                await gate.open()
                let result = await first.value
                #expect(!result.succeeded && result.mayRetry && result.message.contains("snapshot"), "\(result.message)")
                #expect(await scenario.workLive(.copy, number: 2).succeeded)
            }
        }

        @Test("tried again when a TRUNCATE, which every snapshot shows, takes away what was referred to")
        func truncated() async throws {
            let schema =
                [
                    "CREATE TABLE parent (id int PRIMARY KEY)", "INSERT INTO parent SELECT generate_series(0, 9)",
                    "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent (id), pad text)",
                    "INSERT INTO child SELECT g, g % 10, repeat('x', 300) FROM generate_series(1, 100000) g",
                    "CREATE TABLE other (id int PRIMARY KEY, pad text)",
                    "INSERT INTO other SELECT g, repeat('x', 300) FROM generate_series(1, 100000) g",
                ] + CopyGate.schema("child", row: 50_000) + ["ALTER TABLE other ADD CHECK (id <> 50000 OR gate())"]
            try await Scenario.live("live truncated", schema: schema) { scenario in
                let gate = try await scenario.closeGate()
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await gate.isReached())
                try await gate.open(behind: ["BEGIN; LOCK TABLE parent IN ACCESS EXCLUSIVE MODE; TRUNCATE parent CASCADE; COMMIT"])
                let result = await first.value
                #expect(!result.succeeded && result.mayRetry && result.message.contains("truncated"), "\(result.message)")
                #expect(await scenario.workLive(.copy, number: 2).succeeded)
                try await scenario.connect()
                try await scenario.expectEqual(["parent", "child", "other"])
            }
        }

        @Test(
            "refused before anything is published",
            arguments: [
                ("CREATE UNLOGGED TABLE u (a int PRIMARY KEY)", "unlogged"), ("CREATE TABLE n (a int)", "replica identity"),
                ("CREATE TABLE d (a int PRIMARY KEY DEFERRABLE)", "replica identity"),
            ])
        func unfit(statement: String, word: String) async throws {
            try await Scenario.live("live \(statement.prefix(22))", schema: [statement]) { scenario in
                let result = await scenario.workLive(.copy)
                #expect(result.reason == .workerRejected && result.message.contains(word), "\(result.message)")
                let lanes = try await scenario.lanes()
                #expect(lanes == [])
            }
        }

        @Test("refused while a subscription of an earlier copy could write into the target")
        func subscribed() async throws {
            try await Scenario.live("live subscribed", schema: ["CREATE TABLE t (a int PRIMARY KEY)"]) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                _ = try await scenario.value("DELETE FROM _dbmigration.lane RETURNING 1", on: scenario.target, readWrite: true)
                let result = await scenario.workLive(.copy, number: 2)
                #expect(result.reason == .workerRejected && result.message.contains("subscription"), "\(result.message)")
            }
        }
    }
}
