import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// A copy is the source again: its schema by `pg_dump`, every row, sequence, large object and setting.
    @Suite("Fidelity") struct Fidelity {
        @Test("Snapshot mode, by administrators who are no superusers")
        func administrator() async throws {
            try await move("fid admin", [.roles, .common, .icu, .snapshot, .largeObjects], by: "Admin")
        }

        @Test("Snapshot mode, by superusers")
        func superuser() async throws {
            try await move("fid super", Set(Everything.allCases), by: "postgres")
        }

        @Test(
            "to a newer major version: what its own pg_dump makes of the source, which servers of two versions word differently",
            .enabled(if: Cluster.newerPrograms != nil), arguments: ["Admin", "postgres"])
        func newer(administrator: String) async throws {
            let (tools, newer) = (Cluster.newerPrograms, try await Cluster.newer.value)
            var scenario = try await Scenario.make("fid newer \(administrator)", on: (Cluster.source.value, newer))
            scenario.administrators = (administrator, administrator)
            scenario.verification = .checksum
            try await scenario.load(
                administrator == "Admin" ? [.roles, .common, .snapshot, .largeObjects] : Set(Everything.allCases).subtracting([.icu]))
            let (database, reference) = (scenario.databases[0], "reference \(administrator)")
            var before = try await DatabaseContent.read(scenario.source, database, tools: tools)
            let dump = try DatabaseContent.schema(scenario.source, database, tools: tools, withDatabase: false)
            try await newer.superuser("postgres") { try await $0.execute(Self.parameters) }
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
            let results = try await scenario.moveRows().map(\.message)
            try #require(results == ["copied 1 databases", "row counts and checksums are equal"])
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            var after = try await DatabaseContent.read(newer, database, tools: tools)
            // The yardstick: the source's dump, run by a superuser.
            try await newer.superuser("postgres") { try await $0.execute("CREATE DATABASE \(SQL.identifier(reference)) TEMPLATE template0") }
            try await newer.superuser(reference) { try await $0.execute(dump) }
            before.schema = try DatabaseContent.schema(newer, reference, tools: tools, withDatabase: false)
            after.schema = try DatabaseContent.schema(newer, database, tools: tools, withDatabase: false)
            #expect(before.differences(after) == [])
        }

        private func move(_ name: String, _ parts: Set<Everything>, by administrator: String) async throws {
            var scenario = try await Scenario.make(name)
            scenario.administrators = (administrator, administrator)
            scenario.verification = .checksum
            try await scenario.load(parts)
            let database = scenario.databases[0]
            let before = try await DatabaseContent.read(scenario.source, database)
            for object in ObjectKind.all(in: parts) where !before.schema.contains(object.text) { Issue.record("the fixture has no \(object.name)") }
            try await scenario.target.superuser("postgres") { try await $0.execute(Self.parameters) }
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
            let first = try await scenario.moveRows().map(\.message)
            try #require(first == ["copied 1 databases", "row counts and checksums are equal"])
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            let after = try await DatabaseContent.read(scenario.target, database)
            #expect(before.differences(after) == [])
            // And again over what that left.
            try await scenario.port.closeTarget(scenario.context, epoch: 2)
            try await scenario.port.openSource(scenario.context, epoch: 1)
            let second = try await scenario.moveRows(epoch: 2).map(\.message)
            try #require(second == first)
            try await scenario.port.openTarget(scenario.context, epoch: 3)
            let again = try await DatabaseContent.read(scenario.target, database)
            #expect(before.differences(again) == [])
        }

        @Test("Live mode: what lanes carry, with what was written since")
        func live() async throws {
            var scenario = try await Scenario.make("fid live")
            scenario.isLive = true
            let parts: Set<Everything> = [.roles, .common, .icu]
            try await scenario.load(parts)
            let database = scenario.databases[0]
            try await scenario.source.superuser(database) { try await $0.execute(Self.identities) }
            let before = try await DatabaseContent.read(scenario.source, database)
            for object in ObjectKind.all(in: parts) where !before.schema.contains(object.text) { Issue.record("the fixture has no \(object.name)") }
            try await scenario.target.superuser("postgres") { try await $0.execute(Self.parameters) }
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
            do {
                try await scenario.port.prepareTarget(scenario.context)
                let copied = await scenario.workLive(.copy)
                #expect(copied.message == "copied 1 databases")
                try await scenario.connect()
                try await scenario.source.superuser(database) { try await $0.execute(Self.writes) }
                try await scenario.expectEqual(["parent", "child", #""select"."table""#, "no_columns", "widest"])
                let verified = await scenario.workLive(.verify)
                #expect(verified.succeeded, "\(verified.message)")
                // The verification fills those of the target.
                try await scenario.source.superuser(database) {
                    try await $0.execute("REFRESH MATERIALIZED VIEW m_first; REFRESH MATERIALIZED VIEW m_second")
                }
                let (now, after) = try await (DatabaseContent.read(scenario.source, database), DatabaseContent.read(scenario.target, database))
                // The target is fenced still, and sequences are set in the write pause.
                #expect(now.differences(after).filter { difference in !Self.untilTheSwitch.contains { difference.contains($0) } } == [])
            } catch {
                try await scenario.end()
                throw error
            }
            try await scenario.end()
        }

        /// Who is no superuser stores none of his own making.
        private static let parameters = "GRANT SET ON PARAMETER fid.custom TO \"Admin\""
        private static let untilTheSwitch = ["default_transaction_read_only", "state of ", "settings of the database"]

        /// Tables without a key publish their changes by all columns.
        private static let identities = """
            DO $$ DECLARE t regclass; BEGIN
                FOR t IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relreplident = 'd'
                    AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
                    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
                LOOP EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', t); END LOOP; END $$
            """

        private static let writes = """
            INSERT INTO parent ("Na me", d) VALUES ('later', 7); UPDATE parent SET m = 'so ''so''' WHERE id < 40; DELETE FROM child WHERE n > 290;
            UPDATE "select"."table" SET "a""b" = 3; INSERT INTO no_columns DEFAULT VALUES; UPDATE widest SET c1600 = 9;
            INSERT INTO parted VALUES (1000, 'z', 'later'); UPDATE egg SET hen = NULL WHERE id = 1
            """

        @Test("rows of the user's own in an extension's tables, and their sequences, again when the copy is made again")
        func extensionTables() async throws {
            var scenario = try await Scenario.make("fid extension", schema: ["CREATE TABLE t (a int)"])
            scenario.administrators = ("postgres", "postgres")
            let database = scenario.databases[0]
            // What an extension's script would do.
            let install = """
                CREATE EXTENSION hstore; CREATE TABLE conf (id int, v text); CREATE SEQUENCE conf_id; INSERT INTO conf VALUES (1, 'by default');
                ALTER EXTENSION hstore ADD TABLE conf; ALTER EXTENSION hstore ADD SEQUENCE conf_id;
                UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass, 'conf_id'::regclass]::oid[], extcondition = '{WHERE id > 1,""}'
                WHERE extname = 'hstore'
                """
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE DATABASE \(SQL.identifier(database))") }
            for cluster in [scenario.source, scenario.target] { try await cluster.superuser(database) { try await $0.execute(install) } }
            try await scenario.source.superuser(database) {
                try await $0.execute("INSERT INTO conf VALUES (2, 'ours'), (3, NULL); SELECT setval('conf_id', 77)")
            }
            let content = "SELECT string_agg(id || coalesce(v, '-'), ',' ORDER BY id) || ' ' || (SELECT last_value FROM conf_id) FROM conf"
            for epoch: Int64 in [0, 2] {
                #expect(try await scenario.moveRows(epoch: epoch).map(\.succeeded) == [true, true])
                #expect(try await scenario.value(content, on: scenario.target) == "1by default,2ours,3- 77")
                try await scenario.port.openSource(scenario.context, epoch: epoch + 1)
            }
        }

        @Test("a row of 100 MB")
        func bigRow() async throws {
            let scenario = try await Scenario.make(
                "fid big",
                schema: ["CREATE TABLE big (id int PRIMARY KEY, v text)", "INSERT INTO big VALUES (1, repeat('0123456789', 10485760)), (2, 'small')"])
            #expect(try await scenario.moveRows().map(\.message) == ["copied 1 databases", "row counts are equal"])
            let content = "SELECT string_agg(id || ' ' || length(v) || ' ' || md5(v), ',' ORDER BY id) FROM big"
            #expect(try await scenario.value(content, on: scenario.target) == (try await scenario.value(content, on: scenario.source)))
        }
    }
}
