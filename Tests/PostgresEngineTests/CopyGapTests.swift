import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Sources that are legal and seldom, each of which once failed a copy for good, or lost something of it.
    @Suite("Seldom sources") struct SeldomSources {
        private func expectMoves(_ scenario: Scenario, _ location: SourceLocation = #_sourceLocation) async throws {
            let results = try await scenario.moveRows()
            #expect(results.map(\.succeeded) == [true, true], "\(results.map(\.message))", sourceLocation: location)
        }

        @Test("a database that serialises its applications' transactions: our sessions run as ever", arguments: ["serializable", "repeatable read"])
        func isolation(level: String) async throws {
            let scenario = try await Scenario.make(
                "seldom \(level)",
                schema: [
                    "CREATE TABLE big (id int PRIMARY KEY, pad text)", "INSERT INTO big SELECT g, repeat('x', 500) FROM generate_series(1, 30000) g",
                ])
            try await scenario.source.superuser("postgres") {
                let name = SQL.identifier(scenario.databases[0])
                try await $0.execute(
                    "ALTER DATABASE \(name) SET default_transaction_isolation = '\(level)'; ALTER DATABASE \(name) SET default_transaction_deferrable = on"
                )
            }
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            // Two lanes note parts of one table in the same row of the journal.
            var plan = scenario.plan
            (plan.copy.splitAboveMiB, plan.copy.jobs) = (1, 2)
            let copied = await scenario.work(WorkerTask(uid: scenario.uid, step: .copy, number: 1, sourceEpoch: 1, plan: plan))
            #expect(copied.succeeded, "\(copied.message)")
            #expect(await scenario.work(.verify).succeeded)
        }

        @Test("a filled materialized view over one that was emptied since")
        func materializedViews() async throws {
            let scenario = try await Scenario.make(
                "seldom views",
                schema: [
                    "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)", "CREATE MATERIALIZED VIEW base AS SELECT id FROM t",
                    "CREATE VIEW between AS SELECT id FROM base", "CREATE MATERIALIZED VIEW over AS SELECT count(*) AS n FROM between",
                    "CREATE MATERIALIZED VIEW unread AS SELECT 1 / 0 AS n WITH NO DATA", "REFRESH MATERIALIZED VIEW base WITH NO DATA",
                ])
            try await expectMoves(scenario)
            #expect(try await scenario.value("SELECT n FROM over", on: scenario.target) == "2")
            let populated = "SELECT string_agg(relname, ',') FROM pg_class WHERE relkind = 'm' AND relispopulated"
            #expect(try await scenario.value(populated, on: scenario.target) == "over")
        }

        @Test("tables of an extension that refer to each other, whatever their names are, again when the copy is made again")
        func extensionReferences() async throws {
            var scenario = try await Scenario.make("seldom extension", schema: ["CREATE TABLE t (a int)"])
            scenario.administrators = ("postgres", "postgres")
            let database = scenario.databases[0]
            // What an extension's script would do.
            let install = """
                CREATE EXTENSION hstore; CREATE TABLE layer (id int, topology int); CREATE TABLE topology (id int PRIMARY KEY);
                ALTER TABLE layer ADD FOREIGN KEY (topology) REFERENCES topology; ALTER EXTENSION hstore ADD TABLE layer; ALTER EXTENSION hstore ADD TABLE topology;
                UPDATE pg_extension SET extconfig = ARRAY['layer'::regclass, 'topology'::regclass]::oid[], extcondition = '{"",""}' WHERE extname = 'hstore'
                """
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE DATABASE \(SQL.identifier(database))") }
            for cluster in [scenario.source, scenario.target] { try await cluster.superuser(database) { try await $0.execute(install) } }
            try await scenario.source.superuser(database) { try await $0.execute("INSERT INTO topology VALUES (7); INSERT INTO layer VALUES (1, 7)") }
            for epoch: Int64 in [0, 2] {
                #expect(try await scenario.moveRows(epoch: epoch).map(\.succeeded) == [true, true])
                #expect(
                    try await scenario.value("SELECT id FROM layer JOIN topology USING (id) UNION SELECT topology FROM layer", on: scenario.target)
                        == "7")
                try await scenario.port.openSource(scenario.context, epoch: epoch + 1)
            }
        }

        @Test("a schema public that belongs to a superuser, as up to 14 everywhere")
        func publicSchema() async throws {
            let scenario = try await Scenario.make("seldom public", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute("ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC")
            }
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
            try await expectMoves(scenario)
            let mayCreate = "SELECT has_schema_privilege('pg_monitor', 'public', 'CREATE')"
            #expect(try await scenario.value(mayCreate, on: scenario.target) == "t")
            let owner = "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'"
            #expect(try await scenario.value(owner, on: scenario.target) == "pg_database_owner")
        }

        @Test("a target whose making was cut off right after CREATE DATABASE gets its settings, comment and privileges")
        func halfMade() async throws {
            let scenario = try await Scenario.make("seldom half", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.source.superuser("postgres") {
                try await $0.execute(
                    "ALTER DATABASE \(name) SET work_mem = '5MB'; COMMENT ON DATABASE \(name) IS 'kept'; REVOKE ALL ON DATABASE \(name) FROM PUBLIC")
            }
            // Readers pass, whoever stores a setting waits.
            let waiting = """
                SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER DATABASE%' AND query LIKE \(SQL.literal("%\(name)%"))
                """
            try await Self.cutOffPreparation(scenario, waiting)
            try await scenario.port.prepareTarget(scenario.context)
            let made = """
                SELECT shobj_description(oid, 'pg_database') || ' ' || has_database_privilege('pg_monitor', oid, 'CONNECT') || ' '
                || (SELECT string_agg(v, ',') FROM pg_db_role_setting s, unnest(setconfig) v WHERE setdatabase = d.oid AND v LIKE 'work_mem%')
                FROM pg_database d WHERE datname = current_database()
                """
            #expect(try await scenario.value(made, on: scenario.target) == "kept false work_mem=5MB")
            #expect(try await scenario.value("SELECT count(*) FROM _dbmigration.unfinished", on: scenario.target, "postgres") == "0")
        }

        /// The target is prepared as far as its first setting, where its session ends.
        /// - Parameter waiting: SQL for the process that waits to write that.
        private static func cutOffPreparation(_ scenario: Scenario, _ waiting: String) async throws {
            let blocker = try await scenario.target.client("postgres")
            try await blocker.execute("BEGIN; LOCK TABLE pg_db_role_setting IN SHARE MODE")
            async let cutOff: Bool = {
                do { try await scenario.port.prepareTarget(scenario.context) } catch { return true }
                return false
            }()
            #expect(try await eventually { try await scenario.value(waiting, on: scenario.target, "postgres") != nil })
            _ = try await scenario.value("SELECT pg_terminate_backend(pid, 10000) FROM (\(waiting)) w", on: scenario.target, "postgres")
            try await blocker.execute("ROLLBACK")
            await blocker.close()
            #expect(await cutOff)
        }

        @Test("a role whose making was cut off between CREATE ROLE and its settings has them when it is there")
        func halfMadeRole() async throws {
            let scenario = try await Scenario.make("seldom half role", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            let role = SQL.identifier(scenario.role)
            try await scenario.source.superuser("postgres") { try await $0.execute("ALTER ROLE \(role) SET work_mem = '6MB'") }
            let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ALTER ROLE \(role) SET%'"
            try await Self.cutOffPreparation(scenario, waiting)
            try await scenario.port.prepareTarget(scenario.context)
            let stored =
                "SELECT array_to_string(setconfig, ',') FROM pg_db_role_setting WHERE setrole = \(SQL.literal(role))::regrole AND setdatabase = 0"
            #expect(try await scenario.value(stored, on: scenario.target) == "work_mem=6MB")
        }
    }
}
