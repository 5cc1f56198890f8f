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
        static let schema = [
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
        ]
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
                try await scenario.port.keepSnapshots(scenario.context)
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
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await scenario.isCopying())
                first.cancel()
                let stopped = await first.value
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
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await scenario.isCopying())
                let ended = try await scenario.value(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'dbmigration/\(scenario.uid)/w1' AND query LIKE 'CREATE_REPL%'",
                    on: scenario.source)
                #expect(ended == "1")
                let result = await first.value
                #expect(!result.succeeded && result.mayRetry && result.message.contains("snapshot"), "\(result.message)")
                #expect(await scenario.workLive(.copy, number: 2).succeeded)
            }
        }

        @Test("tried again when a TRUNCATE, which every snapshot shows, takes away what was referred to")
        func truncated() async throws {
            let schema = [
                "CREATE TABLE parent (id int PRIMARY KEY)", "INSERT INTO parent SELECT generate_series(0, 9)",
                "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent (id), pad text)",
                "INSERT INTO child SELECT g, g % 10, repeat('x', 300) FROM generate_series(1, 100000) g",
                "CREATE TABLE other (id int PRIMARY KEY, pad text)", "INSERT INTO other SELECT g, repeat('x', 300) FROM generate_series(1, 100000) g",
            ]
            try await Scenario.live("live truncated", schema: schema) { scenario in
                let first = Task { await scenario.workLive(.copy) }
                #expect(try await scenario.isCopying())
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("BEGIN; LOCK TABLE parent IN ACCESS EXCLUSIVE MODE; TRUNCATE parent CASCADE; COMMIT")
                await client.close()
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

// MARK: - Support

extension Scenario {
    /// A live scenario with a prepared target; whatever `body` does, no lane stays on the shared servers, which have few slots.
    static func live(_ name: String, databases: Int = 1, lanes: Int = 1, schema: [String], _ body: (Scenario) async throws -> Void) async throws {
        var scenario = try await make(name, databases: databases, schema: schema)
        scenario.isLive = true
        scenario.lanes = lanes
        do {
            try await scenario.port.prepareTarget(scenario.context)
            try await body(scenario)
        } catch {
            try await scenario.end()
            throw error
        }
        try await scenario.end()
    }

    /// In live mode each worker is an epoch of its own.
    func workLive(
        _ step: WorkerStep, number: Int = 1, verification: Plan.Verification = .rowCount, logger: Logger = Logger(label: "test")
    ) async -> WorkerResult {
        var plan = plan
        plan.verification = verification
        return await work(WorkerTask(uid: uid, step: step, number: number, sourceEpoch: Int64(number), plan: plan), logger: logger)
    }

    func work(_ task: WorkerTask, logger: Logger = Logger(label: "test")) async -> WorkerResult {
        let environment = [
            WorkerEnvironment.sourceUser: "Admin", WorkerEnvironment.targetUser: "Admin", WorkerEnvironment.sourcePassword: Cluster.password,
            WorkerEnvironment.targetPassword: Cluster.password,
        ]
        return await MigrationWorker(logger: logger).run(task: task, environment: environment)
    }

    func connect() async throws { try await port.connectLanes(context, .forward, epoch: 0) }

    func value(_ sql: String, on cluster: Cluster, readWrite: Bool) async throws -> String? {
        try await cluster.superuser(databases[0]) { session in
            try await session.execute("SET default_transaction_read_only = off; SET session_replication_role = replica")
            return try await session.rows(sql).first?[0]
        }
    }

    /// The name the lane of a database has when `worker` made it.
    func lane(worker: Int, number: Int = 1, _ database: String? = nil) async throws -> String {
        let oid = try await value("SELECT oid FROM pg_database WHERE datname = current_database()", on: source, database) ?? ""
        return "dbmigration_\(uid.filter { $0 != "-" }.prefix(20))_\(oid)_f\(number)_k\(worker)"
    }

    /// Names of this migration's lanes on the source, each of which has slot and publication.
    func lanes() async throws -> [String] {
        let prefix = "dbmigration_\(uid.filter { $0 != "-" }.prefix(20))_%"
        var publications: [String] = []
        for database in databases {
            publications += try await source.superuser(database) { session in
                try await session.rows("SELECT pubname FROM pg_publication WHERE pubname LIKE '\(prefix)'").compactMap { $0[0] }
            }
        }
        let slots = try await source.superuser("postgres") { session in
            try await session.rows("SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE '\(prefix)'").compactMap { $0[0] }
        }
        #expect(slots.sorted() == publications.sorted())
        return slots.sorted()
    }

    func isCopying() async throws -> Bool {
        try await eventually {
            try await value("SELECT count(*) FROM pg_stat_progress_copy WHERE datname = current_database() AND tuples_processed > 1000", on: target)
                != "0"
        }
    }

    /// Nobody writes any more: once the lane is at the source's position, every table holds the same rows on both sides.
    func expectEqual(_ tables: [String], _ location: SourceLocation = #_sourceLocation) async throws {
        let position = try #require(try await value("SELECT pg_current_wal_insert_lsn()", on: source).flatMap { WALPosition($0) })
        #expect(
            try await eventually {
                let lanes = try await lanes(.forward).lanes
                return !lanes.isEmpty && lanes.allSatisfy { $0.confirmed ?? .init(bytes: 0) >= position }
            }, sourceLocation: location)
        for table in tables {
            let content = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \(table) t"
            let (before, after) = try await (value(content, on: source), value(content, on: target))
            #expect(before == after, "\(table)", sourceLocation: location)
        }
    }

    // MARK: Load

    /// Applications which write until they are stopped; `stop` answers how many statements they were told are done.
    struct Load {
        let task: Task<Int, Never>
        func stop() async -> Int {
            task.cancel()
            return await task.value
        }
    }

    /// `#` stands for a number.
    private static let ways = [
        "INSERT INTO ledger (v) VALUES (#)", "UPDATE ledger SET v = v + 1 WHERE id = # % 2500", "DELETE FROM ledger WHERE id = (# * 7) % 2000",
        "UPDATE big SET pad = 'p#' WHERE id = (# * 31) % 150000", "INSERT INTO big VALUES (200000 + #, 'new')",
        "DELETE FROM big WHERE id = 150000 - #",
        "UPDATE whole SET b = 'b#' WHERE a = # % 100", "UPDATE parted SET v = 'v#' WHERE k = # % 200",
        "WITH moved AS (DELETE FROM parted WHERE k = # % 200 RETURNING k, v) INSERT INTO parted SELECT 199 - k, v FROM moved ON CONFLICT DO NOTHING",
        #"INSERT INTO "Qu'eue "" é" VALUES (#, 'v')"#, "INSERT INTO child VALUES (1000 + #, 1 + # % 2000)",
        "BEGIN; INSERT INTO ledger (v) VALUES (-#); SAVEPOINT s; DELETE FROM whole; ROLLBACK TO s; UPDATE whole SET b = 'x' WHERE a = 1; COMMIT",
    ]

    /// Inserts, updates, deletes and truncates in tables of ``DatabaseTests/LiveCopy/schema``.
    func startLoad() -> Load {
        Load(
            task: Task {
                async let first = write(Self.ways)
                async let second = write(Self.ways.reversed())
                return await first + second
            })
    }

    private func write(_ ways: [String]) async -> Int {
        guard let client = try? await application(on: source) else { return 0 }
        var number = 0
        while !Task.isCancelled {
            number += 1
            let statement = number % 60 == 0 ? #"TRUNCATE "Qu'eue "" é""# : ways[number % ways.count]
            do {
                try await client.execute(statement.replacing("#", with: String(number)))
            } catch {
                // A key that is taken, a deadlock: what counts is what the source holds.
                _ = try? await client.execute("ROLLBACK")
            }
        }
        await client.close()
        return number
    }
}

/// A logger's lines, kept.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
