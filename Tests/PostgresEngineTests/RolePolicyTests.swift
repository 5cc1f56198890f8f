import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests.Fidelity {
    @Suite("copy.roles: Skip") struct Roles {
        static let schema = [
            "CREATE SCHEMA s", "CREATE TABLE s.t (id serial PRIMARY KEY, v text)", "INSERT INTO s.t (v) VALUES ('a'), ('b')",
            "CREATE VIEW s.v AS SELECT * FROM s.t",
            "GRANT SELECT ON s.t TO PUBLIC", "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SELECT lo_create(72001)",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        ]

        @Test("creates no role: everything belongs to our role on the target, and nobody else may use it")
        func skip() async throws {
            var scenario = try await Scenario.make("fid skip", schema: Self.schema)
            scenario.roles = .skip
            let role = SQL.literal(scenario.role)
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.count == 1 && problems[0].contains("application role \(scenario.role) cannot log in"), "\(problems)")
            #expect(try await scenario.value("SELECT count(*) FROM pg_roles WHERE rolname = \(role)", on: scenario.target, "postgres") == "0")
            try await scenario.target.superuser("postgres") {
                try await $0.execute("CREATE ROLE \(SQL.identifier(scenario.role)) LOGIN PASSWORD \(SQL.literal(Scenario.rolePassword))")
            }
            #expect(await scenario.port.preflight(scenario.context) == [])
            #expect(try await scenario.moveRows().map(\.message) == ["copied 1 databases", "row counts are equal"])
            let owners = """
                SELECT string_agg(DISTINCT owner, ',') FROM (SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 's'::regnamespace
                UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 's'::regnamespace
                UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 's'
                UNION SELECT pg_get_userbyid(lomowner) FROM pg_largeobject_metadata
                UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()) o
                """
            #expect(try await scenario.value(owners, on: scenario.target) == "Admin")
            let grants = "SELECT count(*) FROM pg_class WHERE relnamespace = 's'::regnamespace AND relacl IS NOT NULL"
            #expect(try await scenario.value(grants, on: scenario.target) == "0")
            #expect(try await scenario.value("SELECT count(*) FROM pg_default_acl", on: scenario.target) == "0")
            #expect(try await scenario.value("SELECT count(*) FROM s.v", on: scenario.target) == "2")
        }

        @Test("names roles that policies and user mappings need and nobody makes")
        func mentions() async throws {
            var scenario = try await Scenario.make("fid named", schema: ["CREATE TABLE t (a int)"])
            scenario.roles = .skip
            try await scenario.source.superuser("postgres") { try await $0.execute("CREATE ROLE \"fid only here\"") }
            try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute("CREATE POLICY p ON t TO \"fid only here\"") }
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.contains { $0.contains("role fid only here is missing") && $0.contains("policy p on public.t") }, "\(problems)")
            scenario.roles = .createMissing
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
        }

        @Test("a database that only its owner may connect to stays so")
        func closedDatabase() async throws {
            let scenario = try await Scenario.make("fid closed", schema: ["CREATE TABLE t (a int)"])
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.source.superuser("postgres") { try await $0.execute("REVOKE ALL ON DATABASE \(name) FROM PUBLIC") }
            #expect(try await scenario.moveRows().map(\.message) == ["copied 1 databases", "row counts are equal"])
            let rights = "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
            #expect(try await scenario.value(rights, on: scenario.target) == (try await scenario.value(rights, on: scenario.source)))
        }
    }
}
