import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("A whole move") struct Move {
        static let schema = [
            #"CREATE SCHEMA "Sch é""#,
            #"CREATE TYPE "Sch é".mood AS ENUM ('ok', 'so ''so')"#,
            #"""
            CREATE TABLE "Sch é"."T ""q""" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Na me" text NOT NULL, m "Sch é".mood DEFAULT 'ok',
                twice text GENERATED ALWAYS AS ("Na me" || "Na me") STORED)
            """#,
            #"INSERT INTO "Sch é"."T ""q""" ("Na me") SELECT E'tab\tline\nback\\slash ' || g FROM generate_series(1, 1000) g"#,
            #"CREATE TABLE child (id serial PRIMARY KEY, parent bigint REFERENCES "Sch é"."T ""q""" (id) ON DELETE CASCADE, note text)"#,
            "INSERT INTO child (parent, note) SELECT g, NULL FROM generate_series(1, 500) g",
            "CREATE TABLE parted (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k)",
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200)",
            "INSERT INTO parted SELECT g, 'v' FROM generate_series(0, 199) g",
            "CREATE TABLE empty (a int)", "CREATE TABLE no_columns ()", "INSERT INTO no_columns DEFAULT VALUES",
            "CREATE UNLOGGED TABLE unlogged (a int)", "INSERT INTO unlogged VALUES (7)",
            "CREATE VIEW v AS SELECT count(*) AS n FROM child", "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM child",
            "CREATE MATERIALIZED VIEW m_empty AS SELECT 1 AS one WITH NO DATA",
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a + 1; END $$",
            "CREATE SEQUENCE down INCREMENT -5 MAXVALUE 100 START 50", "SELECT nextval('down'), nextval('down')",
            "CREATE SEQUENCE untouched", "CREATE TABLE secured (a int)", "ALTER TABLE secured ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY p ON secured USING (a > 1)", "INSERT INTO secured VALUES (1), (2)",
            "COMMENT ON TABLE child IS 'it''s'", "GRANT SELECT ON child TO PUBLIC",
        ]

        @Test("fence, copy, verify, open, client write seen, close again")
        func whole() async throws {
            let scenario = try await Scenario.make("whole", databases: 2, schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            #expect(await port.preflight(context) == [])
            let results = try await scenario.moveRows()
            #expect(results.map(\.message) == ["copied 2 databases", "row counts are equal"])
            let source = await port.observeSource(context).value
            #expect(source?.fence == .closed && source?.epoch == 1 && source?.closedAt != nil)
            let closed = await port.observeTarget(context, withPosition: true)
            #expect(closed == .value(TargetState(isPrepared: true, fence: .closed, epoch: 1)))

            let checks = [
                #"SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM "Sch é"."T ""q""" t"#, "SELECT count(*) FROM parted_2",
                "SELECT a FROM unlogged",
                "SELECT n FROM m", "SELECT relispopulated FROM pg_class WHERE relname = 'm_empty'", "SELECT f(1)", "SELECT last_value FROM down",
                "SELECT is_called FROM untouched", "SELECT count(*) FROM no_columns", "SELECT count(*) FROM secured",
                "SELECT string_agg(conname || contype::text, ',' ORDER BY conname) FROM pg_constraint WHERE connamespace::regnamespace::text <> '_dbmigration'",
                "SELECT string_agg(relname || relkind::text || pg_get_userbyid(relowner), ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
                "SELECT relacl FROM pg_class WHERE relname = 'child'", "SELECT obj_description('child'::regclass)",
                "SELECT has_schema_privilege('public', 'CREATE') FROM pg_roles WHERE rolname = current_user",
                "SELECT nspacl FROM pg_namespace WHERE nspname = 'Sch é'",
                "SELECT pg_get_userbyid(datdba) || datcollate || encoding::text FROM pg_database WHERE datname = current_database()",
            ]
            for database in scenario.databases {
                for check in checks {
                    let (before, after) = try await (
                        scenario.value(check, on: scenario.source, database), scenario.value(check, on: scenario.target, database)
                    )
                    #expect(before == after, "\(check)")
                }
            }
            let progress = await port.progress(context).value
            #expect(progress?.map(\.phase) == ["Verified", "Verified"])
            #expect(progress?.first?.tablesCopied == progress?.first?.tablesTotal && progress?.first?.tablesVerified == progress?.first?.tablesTotal)

            try await write(scenario, expected: .value(TargetState(isPrepared: true, fence: .open, epoch: 2)))
        }

        private func write(_ scenario: Scenario, expected: Fact<TargetState>) async throws {
            let (port, context) = (scenario.port, scenario.context)
            let early = try await scenario.application(on: scenario.target)
            await #expect(throws: PostgresError.self) { try await early.execute("INSERT INTO child (note) VALUES ('read-only')") }
            let error = await #expect(throws: PostgresError.self) {
                try await early.execute("BEGIN READ WRITE; INSERT INTO child (note) VALUES ('guard')")
            }
            #expect(error?.kind == .readOnly && error?.message.contains("fenced") == true)
            await early.close()

            try await port.openTarget(context, epoch: 1)
            try await port.openTarget(context, epoch: 1)
            #expect(await port.observeTarget(context, withPosition: true) == expected)
            let client = try await scenario.application(on: scenario.target)
            try await client.execute("SELECT count(*) FROM child")
            #expect(await port.observeTarget(context, withPosition: true).value?.tookClientWrite == false)
            try await client.execute("BEGIN; INSERT INTO child (note) VALUES ('rolled back'); ROLLBACK")
            let state = await port.observeTarget(context, withPosition: true).value
            #expect(state?.tookClientWrite == true && state?.firstClientWriteAt != nil)

            try await port.closeTarget(context, epoch: 2)
            await #expect(throws: PostgresError.self) { try await client.execute("SELECT 1") }
            let closed = await port.observeTarget(context, withPosition: true).value
            #expect(closed?.fence == .closed && closed?.epoch == 3 && closed?.tookClientWrite == true)
            await #expect(throws: PostgresError.self) { try await scenario.application(on: scenario.target) }
        }

        @Test("DDL by a client counts as a write")
        func ddl() async throws {
            let scenario = try await Scenario.make("ddl", schema: ["CREATE TABLE t (a int)"])
            _ = try await scenario.moveRows()
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            #expect(await scenario.port.observeTarget(scenario.context, withPosition: true).value?.tookClientWrite == false)
            let client = try await scenario.application(on: scenario.target)
            try await client.execute("CREATE TABLE another (a int)")
            #expect(await scenario.port.observeTarget(scenario.context, withPosition: true).value?.tookClientWrite == true)
        }
    }
}
