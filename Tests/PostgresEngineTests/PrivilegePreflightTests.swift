import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests.Fidelity {
    /// What an administrator who is no superuser cannot make is said before anything is changed, object by object.
    @Suite("What only a superuser could copy") struct Privileges {
        /// As PostgreSQL identifies them.
        static let objects = [
            #"event trigger "Event é", event_disabled, which"#, #"operator family "select".mood_family USING btree, which"#,
            #"operator class "select"."Int Reversed" USING btree, which"#,
            "function in untrusted language internal public.c_function(pg_catalog.text), ",
            "leakproof function public.leakproof(integer), which", "base type public.shell, which", "cast (public.shell AS integer), which",
            "text search template public.my_template, which", "text search parser public.my_parser, which",
            #"foreign-data wrapper "Wrapper é", which"#,
            "access method heap_too, which",
        ]

        @Test("is named, unless the target's role is a superuser")
        func named() async throws {
            var scenario = try await Scenario.make("fid rights")
            scenario.administrators = ("postgres", "Admin")
            try await scenario.load([.roles, .common, .superuser])
            let text = await scenario.port.preflight(scenario.context).map(\.message).joined(separator: "\n")
            for object in Self.objects { #expect(text.contains(object), "\(object) in \(text)") }
            // What a superuser owns cannot be given to him by somebody else.
            #expect(text.contains("superuser postgres of") && text.contains("function public.on_ddl()"))
            scenario.administrators.target = "postgres"
            #expect(await scenario.port.preflight(scenario.context).map(\.message) == [])
        }

        @Test("names settings that our role may not store")
        func settings() async throws {
            let scenario = try await Scenario.make("fid settings", schema: ["CREATE TABLE t (a int)"])
            let (name, role) = (SQL.identifier(scenario.databases[0]), SQL.identifier(scenario.role))
            try await scenario.source.superuser("postgres") { session in
                try await session.execute("ALTER DATABASE \(name) SET fid.settings = 'x'")
                try await session.execute("ALTER DATABASE \(name) SET work_mem = '5MB'; ALTER ROLE \(role) SET log_statement = 'all'")
                try await session.execute("ALTER ROLE \(role) IN DATABASE \(name) SET fid.other = 'x'")
            }
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.count == 3, "\(problems)")
            for setting in ["fid.settings", "fid.other", "log_statement"] {
                #expect(
                    problems.contains { $0.contains("has setting \(setting),") && $0.contains("GRANT SET ON PARAMETER") }, "\(setting) in \(problems)"
                )
                try await scenario.target.superuser("postgres") { try await $0.execute("GRANT SET ON PARAMETER \(setting) TO \"Admin\"") }
            }
            #expect(await scenario.port.preflight(scenario.context) == [])
            #expect(try await scenario.moveRows().map(\.succeeded) == [true, true])
            let stored = """
                SELECT string_agg(array_to_string(setconfig, ' '), ' ' ORDER BY setrole::regrole::text, setdatabase) FROM pg_db_role_setting
                WHERE setrole = \(SQL.literal(role))::regrole
                """
            #expect(try await scenario.value(stored, on: scenario.target) == "log_statement=all fid.other=x")
        }

        @Test("names the tables and large objects which our role may not read")
        func unreadable() async throws {
            let scenario = try await Scenario.make(
                "fid unread",
                schema: [
                    "CREATE TABLE closed (a int)", "REVOKE ALL ON closed FROM CURRENT_USER", "CREATE TABLE readable (a int)",
                    "REVOKE INSERT ON readable FROM CURRENT_USER", "SELECT lo_create(71001), lo_create(71002)",
                    "REVOKE ALL ON LARGE OBJECT 71001 FROM CURRENT_USER",
                ])
            try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute("SELECT lo_create(71003)") }
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.count == 4, "\(problems)")
            #expect(problems.contains { $0.contains("may not read public.closed in") && $0.contains("GRANT SELECT, TRIGGER ON") })
            #expect(problems.contains { $0.contains("may not read 1 large objects") && $0.contains("GRANT SELECT ON LARGE OBJECT 71001") })
            #expect(problems.contains { $0.contains("may not read 1 large objects of postgres") && $0.contains("71003") })
            #expect(problems.contains { $0.contains("superuser postgres of") && $0.contains("1 large objects, e.g. 71003") })
        }

        @Test("names superusers with privileges, whom nobody makes on the target")
        func superuserGrantee() async throws {
            let scenario = try await Scenario.make("fid grantee", schema: ["CREATE TABLE t (a int)"])
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute("CREATE ROLE \"fid boss\" SUPERUSER; GRANT SELECT ON t TO \"fid boss\"")
            }
            let problems = await scenario.port.preflight(scenario.context).map(\.message)
            #expect(problems.count == 1 && problems[0].contains("superuser fid boss") && problems[0].contains("table public.t"), "\(problems)")
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE ROLE \"fid boss\"") }
            #expect(await scenario.port.preflight(scenario.context) == [])
        }
    }
}
