import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// What would be lost without a word, or fail the copy, is said before anything is changed.
    @Suite("Preflight of seldom sources") struct SeldomPreflight {
        private func problems(_ scenario: Scenario) async -> [String] { await scenario.port.preflight(scenario.context).map(\.message) }

        @Test("a database without an encoding")
        func encoding() async throws {
            let scenario = try await Scenario.make("seldom ascii")
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.source.superuser("postgres") {
                try await $0.execute("DROP DATABASE \(name)")
                try await $0.execute(
                    "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' OWNER \(SQL.identifier(scenario.role))"
                )
            }
            let found = await problems(scenario)
            #expect(found.count == 1 && found[0].contains("database \(scenario.databases[0])") && found[0].contains("SQL_ASCII"), "\(found)")
        }

        @Test("user mappings whose options our role may not see")
        func userMappings() async throws {
            var scenario = try await Scenario.make("seldom mapping")
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute(
                    """
                    CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; ALTER SERVER far OWNER TO \(SQL.identifier(scenario.role));
                    CREATE USER MAPPING FOR \(SQL.identifier(scenario.role)) SERVER far OPTIONS (user 'u', password 'not for logs');
                    CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'v')
                    """)
            }
            let found = await problems(scenario).filter { $0.contains("user mapping") }
            // The server is its role's, which ours is a member of: those of PUBLIC are open to it.
            #expect(found.count == 1 && found[0].contains("for \(SQL.identifier(scenario.role)) on server \"far\""), "\(found)")
            #expect(!found.joined().contains("not for logs"))
            scenario.administrators.source = "postgres"
            #expect(await problems(scenario).filter { $0.contains("user mapping") } == [])
        }

        @Test("extensions that only a superuser may create, unless they are there")
        func extensions() async throws {
            let scenario = try await Scenario.make("seldom untrusted")
            let database = scenario.databases[0]
            try await scenario.source.superuser(database) { try await $0.execute("CREATE EXTENSION pageinspect; CREATE EXTENSION hstore") }
            let found = await problems(scenario)
            #expect(found.count == 1 && found[0].contains("only a superuser may create") && found[0].contains(": pageinspect;"), "\(found)")
            try await scenario.target.superuser("postgres") { try await $0.execute("CREATE DATABASE \(SQL.identifier(database))") }
            try await scenario.target.superuser(database) { try await $0.execute("CREATE EXTENSION pageinspect") }
            #expect(await problems(scenario) == [])
        }

        @Test("sequences that their own owner may not set")
        func sequences() async throws {
            let scenario = try await Scenario.make("seldom sequence", schema: ["CREATE SEQUENCE s", "REVOKE UPDATE ON s FROM CURRENT_USER"])
            let found = await problems(scenario)
            #expect(found.count == 1 && found[0].contains("sequence public.s in") && found[0].contains("GRANT UPDATE"), "\(found)")
        }

        @Test("large objects of superusers, whom a target's administrator cannot give them to")
        func largeObjects() async throws {
            var scenario = try await Scenario.make("seldom objects", schema: ["SELECT lo_create(81003)"])
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute("SELECT lo_create(81001), lo_create(81002); GRANT SELECT ON LARGE OBJECT 81001, 81002 TO PUBLIC")
            }
            scenario.administrators.source = "postgres"
            let found = await problems(scenario)
            #expect(
                found.count == 1 && found[0].contains("superuser postgres of") && found[0].contains("2 large objects, e.g. 81001"), "\(found)")
            scenario.administrators.target = "postgres"
            #expect(await problems(scenario) == [])
        }

        @Test("where a provider hides subscriptions, the running ones of the migrated databases only")
        func hiddenSubscription() async throws {
            let (scenario, other) = (try await Scenario.make("seldom hidden"), try await Scenario.make("seldom hidden other"))
            let (source, publisher, name) = (scenario.source, scenario.target, scenario.databases[0])
            try await publisher.superuser("postgres") { try await $0.execute("CREATE DATABASE \(SQL.identifier(name))") }
            try await publisher.superuser(name) {
                try await $0.execute("CREATE PUBLICATION hidden")
                for slot in ["hidden_0", "hidden_1"] { try await $0.execute("SELECT pg_create_logical_replication_slot('\(slot)', 'pgoutput')") }
            }
            let login = [
                ("host", "127.0.0.1"), ("port", "\(publisher.port)"), ("user", "postgres"), ("password", Cluster.password), ("dbname", name),
            ]
            let connection = login.map { "\($0.0)='" + $0.1.map { "'\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "'" }.joined(separator: " ")
            for (number, database) in [name, other.databases[0]].enumerated() {
                try await source.superuser(database) {
                    try await $0.execute(
                        "CREATE SUBSCRIPTION hidden_\(number) CONNECTION \(SQL.literal(connection)) PUBLICATION hidden WITH (create_slot = false, copy_data = false)"
                    )
                }
            }
            // Privileges on a shared catalogue are each database's own.
            try await source.superuser("postgres") { try await $0.execute("REVOKE SELECT (subdbid) ON pg_subscription FROM PUBLIC") }
            let running = "SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL AND subname LIKE 'hidden%'"
            #expect(try await eventually { try await scenario.value(running, on: source, "postgres") == "2" })
            let found = await problems(scenario)
            #expect(found.count == 1 && found[0].contains("subscription hidden_0 in \(name) on"), "\(found)")
            try await source.superuser("postgres") { try await $0.execute("GRANT SELECT (subdbid) ON pg_subscription TO PUBLIC") }
            for (number, database) in [name, other.databases[0]].enumerated() {
                try await source.superuser(database) { try await $0.execute("DROP SUBSCRIPTION hidden_\(number)") }
            }
        }

        private func warnings(_ scenario: Scenario) async -> [String] { await scenario.port.preflightWarnings(scenario.context).map(\.message) }

        @Test("roles that will be made, and memberships that will not, are told and hold nothing up")
        func missingRoles() async throws {
            let scenario = try await Scenario.make("seldom roles", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            let role = scenario.role
            try await scenario.source.superuser("postgres") {
                try await $0.execute("CREATE ROLE \"seldom boss\" SUPERUSER; GRANT \"seldom boss\" TO \(SQL.identifier(role))")
            }
            #expect(await problems(scenario) == [])
            let found = await warnings(scenario)
            #expect(found.count == 2 && found[0].contains("will be made there") && found[0].hasSuffix(": \(role)"), "\(found)")
            #expect(found.last?.contains("role \(role) will not be a member of seldom boss") == true)
            try await scenario.port.prepareTarget(scenario.context)
            #expect(await warnings(scenario).count == 1)
        }

        @Test("publications of the user's own are told; in Live mode those of all tables are refused instead", arguments: [false, true])
        func publications(isLive: Bool) async throws {
            var scenario = try await Scenario.make("seldom publications \(isLive)", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            scenario.isLive = isLive
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute("CREATE PUBLICATION few FOR TABLE t; CREATE PUBLICATION all_of_it FOR ALL TABLES")
            }
            let refused = await problems(scenario).filter { $0.contains("publication all_of_it") }
            #expect(refused.count == (isLive ? 1 : 0))
            let found = await warnings(scenario).filter { $0.contains("publications of") }
            #expect(found.count == 1 && found[0].contains(isLive ? ": few;" : ": all_of_it, few;"), "\(found)")
        }

        @Test("a subscription of the user's own, in Snapshot mode too: it writes past the fence")
        func subscription() async throws {
            let scenario = try await Scenario.make("seldom feed", schema: ["CREATE TABLE t (id int PRIMARY KEY)"])
            let (database, publisher) = (scenario.databases[0], scenario.target)
            try await scenario.source.superuser(database) {
                try await $0.execute(
                    "CREATE SUBSCRIPTION seldom CONNECTION 'host=127.0.0.1 port=\(publisher.port)' PUBLICATION none WITH (connect = false)")
                try await $0.execute("ALTER SUBSCRIPTION seldom SET (slot_name = NONE)")
            }
            #expect(await problems(scenario) == [])
            try await scenario.source.superuser(database) {
                try await $0.execute("ALTER SUBSCRIPTION seldom SET (slot_name = 'seldom')")
                try await $0.execute("ALTER SUBSCRIPTION seldom ENABLE")
            }
            let found = await problems(scenario)
            #expect(found.count == 1 && found[0].contains("subscription seldom in \(database)"), "\(found)")
            try await scenario.source.superuser(database) {
                try await $0.execute("ALTER SUBSCRIPTION seldom DISABLE")
                try await $0.execute("ALTER SUBSCRIPTION seldom SET (slot_name = NONE)")
                try await $0.execute("DROP SUBSCRIPTION seldom")
            }
        }
    }
}
