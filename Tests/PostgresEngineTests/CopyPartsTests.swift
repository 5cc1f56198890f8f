import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// How rows and indexes travel: parts, formats, FREEZE, and what a killed worker's successor finds.
    @Suite("Copy in parts") struct CopyParts {
        private static let big =
            [
                "CREATE TABLE big (id int PRIMARY KEY, pad text)", "INSERT INTO big SELECT g, repeat('x', 500) FROM generate_series(1, 100000) g",
            ] + CopyGate.schema("big", row: 50_000)

        /// A fenced source whose copy has `jobs` lanes and splits tables above 1 MiB.
        private func scenario(_ name: String, _ schema: [String]) async throws -> Scenario {
            let scenario = try await Scenario.make(name, schema: schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            return scenario
        }

        private func copy(_ scenario: Scenario, number: Int = 1, splitAboveMiB: Int = 1024, jobs: Int = 2) async -> WorkerResult {
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs, plan.verification) = (splitAboveMiB, jobs, .checksum)
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: 1, plan: plan))
        }

        private func verify(_ scenario: Scenario) async -> WorkerResult {
            var plan = scenario.plan
            plan.verification = .checksum
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .verify, number: 1, sourceEpoch: 1, plan: plan))
        }

        private func expectSame(_ scenario: Scenario, _ sql: String, _ location: SourceLocation = #_sourceLocation) async throws {
            let (before, after) = try await (scenario.value(sql, on: scenario.source), scenario.value(sql, on: scenario.target))
            #expect(before != nil && before == after, "\(sql)", sourceLocation: location)
        }

        @Test("a worker stopped between the parts of a table: the next one copies the others only")
        func resume() async throws {
            let scenario = try await scenario("parts resume", Self.big)
            let gate = try await scenario.closeGate()
            let first = Task { await copy(scenario, splitAboveMiB: 1, jobs: 1) }
            let done = "SELECT string_agg(number || ' ' || copied_at, ',' ORDER BY copied_at) FROM _dbmigration.part WHERE copied_at IS NOT NULL"
            #expect(try await gate.isReached())
            first.cancel()
            let stopped = await first.value
            await gate.open()
            #expect(!stopped.succeeded && stopped.mayRetry, "\(stopped.message)")
            let kept = try #require(try await scenario.value(done, on: scenario.target))
            let rows = try await scenario.value("SELECT count(*) FROM big", on: scenario.target)
            #expect(try await scenario.value("SELECT rows FROM _dbmigration.copied", on: scenario.target) == rows)
            let progress = try #require(await scenario.port.progress(scenario.context).value?.first)
            #expect(progress.bytesCopied > 0 && progress.bytesCopied < progress.bytesTotal && progress.tablesCopied == 0)

            let second = await copy(scenario, number: 2, splitAboveMiB: 1)
            #expect(second.succeeded, "\(second.message)")
            #expect(try await scenario.value(done, on: scenario.target)?.hasPrefix(kept) == true)
            #expect(try await scenario.value("SELECT rows || ' ' || parts_left FROM _dbmigration.copied", on: scenario.target) == "100000 0")
            #expect(await verify(scenario).message == "row counts and checksums are equal")
        }

        @Test("a table rewritten behind the fence is copied anew, whatever parts of it there were")
        func rewritten() async throws {
            let scenario = try await scenario("parts rewritten", Self.big)
            let gate = try await scenario.closeGate()
            let first = Task { await copy(scenario, splitAboveMiB: 1, jobs: 1) }
            #expect(try await gate.isReached())
            first.cancel()
            _ = await first.value
            await gate.open()
            try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute("VACUUM FULL big") }
            let second = await copy(scenario, number: 2, splitAboveMiB: 1)
            #expect(second.succeeded, "\(second.message)")
            #expect(await verify(scenario).message == "row counts and checksums are equal")
        }

        private func copyLive(_ scenario: Scenario, number: Int = 1, jobs: Int = 2) async -> WorkerResult {
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs) = (1, jobs)
            return await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: Int64(number), plan: plan))
        }

        @Test("parts of a table that is written to are of one moment")
        func live() async throws {
            try await Scenario.live("parts live", schema: LiveCopy.schema) { scenario in
                let load = scenario.startLoad()
                let result = await copyLive(scenario)
                #expect(result.succeeded, "\(result.message)")
                #expect(try await scenario.value("SELECT parts > 10 FROM _dbmigration.copied WHERE name = 'big'", on: scenario.target) == "t")
                try await scenario.connect()
                _ = await load.stop()
                try await scenario.expectEqual(LiveCopy.tables)
            }
        }

        @Test("a table rewritten between its parts, whose rows lie elsewhere then: begun anew, nothing is missing or twice")
        func rewrittenLive() async throws {
            try await Scenario.live("parts moved", schema: LiveCopy.schema) { scenario in
                let gate = try await scenario.closeGate()
                let first = Task { await copyLive(scenario, jobs: 1) }
                #expect(try await gate.isReached())
                try await gate.open(behind: ["DELETE FROM big WHERE id % 2 = 0", "VACUUM FULL big"])
                let result = await first.value
                #expect(!result.succeeded && result.mayRetry && result.message.contains("rewritten"), "\(result.message)")
                #expect(await copyLive(scenario, number: 2).succeeded)
                try await scenario.connect()
                try await scenario.expectEqual(LiveCopy.tables)
            }
        }

        private static let indexed = [
            "CREATE TABLE big (id int, code text, n int NOT NULL, pad text, CONSTRAINT \"Big é\" PRIMARY KEY (id) INCLUDE (code) DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO big SELECT g, 'c' || g, g, repeat('y', 300) FROM generate_series(1, 40000) g",
            "ALTER TABLE big ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (code) WITH (fillfactor = 70)", "CREATE UNIQUE INDEX ident ON big (n)",
            "ALTER TABLE big REPLICA IDENTITY USING INDEX ident",
            "CREATE INDEX words ON big (lower(code) text_pattern_ops DESC, (n % 7)) WHERE n > 5",
            "ALTER INDEX words ALTER COLUMN 2 SET STATISTICS 500", "ALTER TABLE big CLUSTER ON ident",
            "COMMENT ON INDEX words IS 'it''s; -- Name: x'",
            "COMMENT ON CONSTRAINT once ON big IS 'c'", "CREATE TABLE small (id serial PRIMARY KEY, big int, EXCLUDE USING btree (big WITH =))",
            "INSERT INTO small (big) SELECT g FROM generate_series(1, 30) g", "CREATE INDEX ON small (big)",
            "ALTER TABLE small ADD CONSTRAINT to_n FOREIGN KEY (big) REFERENCES big (n) ON DELETE CASCADE DEFERRABLE",
            "ALTER TABLE small ADD CONSTRAINT itself FOREIGN KEY (id) REFERENCES small (id)", "ALTER TABLE big ADD COLUMN back int",
            "ALTER TABLE big ADD CONSTRAINT back FOREIGN KEY (back) REFERENCES small (id)",
            "ALTER TABLE small ADD CONSTRAINT stale FOREIGN KEY (big) REFERENCES small (id) NOT VALID", "UPDATE big SET back = 1 WHERE id < 10",
            "CREATE TABLE parted (k int, v int REFERENCES big (n), PRIMARY KEY (k)) PARTITION BY RANGE (k)",
            "CREATE TABLE leaf PARTITION OF parted FOR VALUES FROM (0) TO (100)", "CREATE INDEX ON parted (v)", "INSERT INTO parted VALUES (1, 1)",
            "CREATE TABLE to_parted (k int REFERENCES parted (k))", "INSERT INTO to_parted VALUES (1)",
            "CREATE UNLOGGED TABLE scratch (a int PRIMARY KEY)",
            "INSERT INTO scratch SELECT generate_series(1, 50000)", "CREATE TABLE parent (a int)", "CREATE TABLE kid (b int) INHERITS (parent)",
            "INSERT INTO kid SELECT g, g FROM generate_series(1, 60000) g", "INSERT INTO parent SELECT generate_series(1, 60000)",
            "CREATE STATISTICS both_of_them ON n, id FROM big",
        ]

        @Test("indexes, constraints and what hangs on them are the source's; rows are frozen; statistics are there")
        func shape() async throws {
            let scenario = try await scenario("parts shape", Self.indexed)
            let result = await copy(scenario)
            #expect(result.succeeded, "\(result.message)")
            #expect(await verify(scenario).message == "row counts and checksums are equal")
            let user = "n.nspname = 'public'"
            for sql in [
                """
                SELECT string_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indimmediate, i.indisclustered, i.indisreplident, i.indisprimary,
                    obj_description(i.indexrelid)), E'\\n' ORDER BY x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                    JOIN pg_namespace n ON n.oid = x.relnamespace WHERE \(user)
                """,
                """
                SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(k.oid), convalidated, condeferrable, condeferred, conindid::regclass,
                    obj_description(k.oid)), E'\\n' ORDER BY conrelid::regclass::text, conname) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE \(user)
                """,
                "SELECT string_agg(relname || relreplident::text || relpersistence::text, ',' ORDER BY relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE \(user)",
                "SELECT string_agg(inhrelid::regclass || ' ' || inhparent::regclass, ',' ORDER BY inhrelid::regclass::text) FROM pg_inherits",
                "SELECT attstattarget FROM pg_attribute WHERE attrelid = 'words'::regclass AND attnum = 2",
            ] { try await expectSame(scenario, sql) }
            let frozen =
                "SELECT string_agg(relname::text, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relallvisible > 0 AND relallvisible = relpages"
            #expect(try await scenario.value("\(frozen) AND relnamespace = 'public'::regnamespace", on: scenario.target) == "big kid parent scratch")
            let known =
                "SELECT count(*) FROM pg_stats WHERE tablename IN ('words', 'big', 'small', 'leaf', 'parted') AND attname IN ('lower', 'id', 'k')"
            #expect(try await scenario.value(known, on: scenario.target) == "5")
            #expect(try await scenario.value("SELECT count(*) FROM pg_statistic_ext_data", on: scenario.target) == "1")
        }

        @Test("indexes that stand are kept by the next worker; an invalid one in the way is built anew")
        func resumedIndexes() async throws {
            let target = try await Cluster.target.value
            let sleeping = "CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(%); RETURN $1; END'"
            let atTarget = "CASE current_setting(''port'') WHEN ''\(target.port)'' THEN 200 ELSE 0 END"
            let scenario = try await scenario(
                "parts indexes",
                [
                    "CREATE TABLE big (id int PRIMARY KEY, pad text)", "INSERT INTO big SELECT g, repeat('z', 500) FROM generate_series(1, 30000) g",
                    "CREATE INDEX one ON big (id, pad)", "CREATE INDEX two ON big ((id % 3))", sleeping.replacing("%", with: atTarget),
                    "CREATE TABLE slept (a int)", "INSERT INTO slept VALUES (1)", "CREATE INDEX late ON slept (slow(a))",
                ])
            let first = Task { await copy(scenario) }
            let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            #expect(try await eventually { try await scenario.value(asleep, on: scenario.target) == "1" })
            let nodes = "SELECT string_agg(relname || relfilenode, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('big', 'big_pkey', 'one')"
            let complete = "SELECT indexed_at FROM _dbmigration.copied WHERE name = 'big'"
            #expect(try await eventually { try await scenario.value(complete, on: scenario.target) != nil })
            first.cancel()
            _ = await first.value
            let before = try await scenario.value(nodes, on: scenario.target)
            try await scenario.target.superuser(scenario.databases[0]) { session in
                try await session.execute("SET default_transaction_read_only = off; SET allow_system_table_mods = on")
                try await session.execute(sleeping.replacing("CREATE", with: "CREATE OR REPLACE").replacing("%", with: "0"))
                try await session.execute("UPDATE _dbmigration.copied SET indexed_at = NULL WHERE name = 'slept'")
                try await session.execute(
                    "CREATE INDEX late ON slept (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'late'::regclass")
            }
            let second = await copy(scenario, number: 2)
            #expect(second.succeeded, "\(second.message)")
            #expect(try await scenario.value(nodes, on: scenario.target) == before)
            try await expectSame(scenario, "SELECT pg_get_indexdef(indexrelid) || indisvalid FROM pg_index WHERE indexrelid = 'late'::regclass")
            #expect(await verify(scenario).succeeded)
        }

        @Test("values of every kind, whatever the source's settings are")
        func formats() async throws {
            let scenario = try await scenario(
                "parts formats",
                [
                    "CREATE TYPE mood AS ENUM ('ok', 'so ''so')", "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
                    "CREATE TYPE pair AS (a int, b text)",
                    """
                    CREATE TABLE wide (id int, t timestamptz, d date, i interval, n numeric, f float8, r real, j jsonb, b bytea, u uuid, a int[], x text[][], g int4range,
                        v bit varying(9), ip inet, mac macaddr, p point, m mood, pos positive, c char(5), ts tsvector, money money, o oid)
                    """,
                    """
                    INSERT INTO wide SELECT g, '2024-03-04 05:06:07.891+02'::timestamptz + g * interval '1 day', '2024-03-04'::date + g, interval '-1 day 02:03', 'NaN',
                        0.1 + g, 1e-9, '{"a": [1, null]}', '\\x00ff', gen_random_uuid(), ARRAY[1, NULL, g], '{{a,NULL},{"",x}}', '[1,5)', B'101', '::1/64',
                        '08:00:2b:01:02:03', '(1,2)', 'so ''so', 7, 'ab', 'a:1 b:2A', 12.34, 4000000000 FROM generate_series(1, 200) g
                    """,
                    "INSERT INTO wide (id, t, d, f) VALUES (0, 'infinity', '-infinity', 'NaN'), (-1, NULL, NULL, '-0')",
                    "CREATE TABLE plain (p pair, i interval, q regclass, ms mood[], t timestamp, money money)",
                    "INSERT INTO plain SELECT (g, E'tab\\t')::pair, interval '1 mon -1 day', 'wide', '{ok}', '2024-02-03 04:05', 5.67 FROM generate_series(1, 200) g",
                    "CREATE TABLE \"no\" ()", "INSERT INTO \"no\" DEFAULT VALUES", "CREATE TABLE made (a int GENERATED ALWAYS AS (1) STORED)",
                    "INSERT INTO made DEFAULT VALUES", "CREATE TABLE huge (b bytea, t text)",
                    "INSERT INTO huge SELECT decode(repeat('00ff', 10000000), 'hex'), repeat('long', 5000000)",
                ])
            try await scenario.source.superuser("postgres") { session in
                for setting in ["DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'", "extra_float_digits = 0", "bytea_output = 'escape'"] {
                    try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET \(setting)")
                }
            }
            // Good under this database's order of a date's parts only, which a preparation would have carried over.
            try await scenario.target.superuser("postgres") {
                _ = try await $0.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET DateStyle = 'SQL, DMY'")
            }
            _ = try await scenario.value(
                """
                SET ROLE "Admin"; CREATE FUNCTION day(text) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT $1::date';
                CREATE TABLE days (d text CHECK (public.day(d) > '2000-01-01')); INSERT INTO days VALUES ('13/01/2024'); CREATE INDEX days_day ON days (public.day(d))
                """, on: scenario.source, readWrite: true)
            let result = await copy(scenario)
            #expect(result.succeeded, "\(result.message)")
            let outcome = await verify(scenario)
            #expect(outcome.message == "row counts and checksums are equal")
            #expect(try await scenario.value("SELECT count(*) FROM made WHERE a = 1", on: scenario.target) == "1")
        }

        @Test("hundreds of tables cost a few logins")
        func logins() async throws {
            let scenario = try await scenario(
                "parts logins", ["DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s (a int PRIMARY KEY)', i); END LOOP; END $$"])
            #expect(await copy(scenario).succeeded)
            #expect(
                try await scenario.value(
                    "SELECT count(*) FROM pg_index i JOIN pg_constraint ON conindid = indexrelid JOIN pg_class c ON c.oid = indrelid WHERE relname ~ '^t[0-9]+$'",
                    on: scenario.target) == "300")
            let logins = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
            #expect(Int(try await scenario.value(logins, on: scenario.target) ?? "") ?? .max < 40)
        }
    }
}
