import Glibc
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import PostgresEngine

/// One thing that is wrong with a database, and what preflight says of it.
struct Trouble: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var statements: [String]
    var reason: Reason
    /// What the message has to contain: the object, and what mends it.
    var texts: [String]
    /// The application's own role may not.
    var needsSuperuser = false

    static let all = [
        Trouble(
            testDescription: "no key", statements: ["CREATE TABLE \"No key\" (a int)"], reason: .replicaIdentityMissing,
            texts: ["public.No key", "ALTER TABLE \"public\".\"No key\" ADD PRIMARY KEY", "REPLICA IDENTITY FULL"]),
        Trouble(
            testDescription: "a unique index that would do", statements: ["CREATE TABLE only_unique (a int NOT NULL UNIQUE)"],
            reason: .replicaIdentityMissing, texts: ["ALTER TABLE \"public\".\"only_unique\" REPLICA IDENTITY USING INDEX \"only_unique_a_key\""]),
        Trouble(
            testDescription: "a unique index with NULLs", statements: ["CREATE TABLE nullable (a int UNIQUE, j json)"],
            reason: .replicaIdentityMissing,
            texts: ["public.nullable", "FULL does not help, because j json cannot be compared"]),
        Trouble(
            testDescription: "a deferrable primary key", statements: ["CREATE TABLE deferred (a int PRIMARY KEY DEFERRABLE)"],
            reason: .replicaIdentityMissing, texts: ["public.deferred", "not DEFERRABLE"]),
        Trouble(
            testDescription: "identity nothing",
            statements: ["CREATE TABLE nothing (a int PRIMARY KEY)", "ALTER TABLE nothing REPLICA IDENTITY NOTHING"],
            reason: .replicaIdentityMissing, texts: ["ALTER TABLE \"public\".\"nothing\" REPLICA IDENTITY DEFAULT"]),
        Trouble(
            testDescription: "an identity index that was dropped",
            statements: [
                "CREATE TABLE lost (a int NOT NULL)", "CREATE UNIQUE INDEX lost_index ON lost (a)",
                "ALTER TABLE lost REPLICA IDENTITY USING INDEX lost_index", "DROP INDEX lost_index",
            ], reason: .replicaIdentityMissing, texts: ["public.lost"]),
        Trouble(
            testDescription: "full identity over what cannot be compared",
            statements: [
                "CREATE DOMAIN document AS json", "CREATE TYPE place AS (name text, at point)",
                "CREATE TABLE compared (a int, document document, places place[], r int4range, v varchar(3))",
                "ALTER TABLE compared REPLICA IDENTITY FULL",
            ], reason: .replicaIdentityMissing,
            texts: [
                "public.compared", "no equality operator for document public.document, places public.place[]:",
            ]),
        Trouble(
            testDescription: "a partition without a key",
            statements: [
                "CREATE TABLE parted (a int) PARTITION BY RANGE (a)", "CREATE TABLE leaf PARTITION OF parted FOR VALUES FROM (0) TO (10)",
            ], reason: .replicaIdentityMissing, texts: ["public.leaf"]),
        Trouble(
            testDescription: "an unlogged table", statements: ["CREATE UNLOGGED TABLE cache (a int)"], reason: .unsupportedObject,
            texts: ["public.cache", "ALTER TABLE \"public\".\"cache\" SET LOGGED"]),
        Trouble(
            testDescription: "a foreign table",
            statements: [
                "CREATE FOREIGN DATA WRAPPER nobody", "CREATE SERVER far FOREIGN DATA WRAPPER nobody",
                "CREATE FOREIGN TABLE remote (a int) SERVER far",
            ], reason: .unsupportedObject, texts: ["DROP FOREIGN TABLE \"public\".\"remote\""], needsSuperuser: true),
        Trouble(
            testDescription: "a trigger that fires on apply",
            statements: [
                "CREATE TABLE audited (a int PRIMARY KEY)",
                "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER audit AFTER INSERT ON audited FOR EACH ROW EXECUTE FUNCTION audit()",
                "ALTER TABLE audited ENABLE ALWAYS TRIGGER audit",
            ], reason: .unsupportedObject, texts: ["trigger audit of public.audited", "ALTER TABLE \"public\".\"audited\" ENABLE TRIGGER \"audit\""]),
        Trouble(
            testDescription: "a sequence near its end", statements: ["CREATE SEQUENCE ending AS smallint START 32000", "SELECT nextval('ending')"],
            reason: .sequenceNearEnd, texts: ["public.ending", "32000 of 32767", "ALTER SEQUENCE \"public\".\"ending\" AS bigint"]),
        Trouble(
            testDescription: "a descending sequence near its end",
            statements: ["CREATE SEQUENCE falling INCREMENT -1 MINVALUE -100 MAXVALUE 0 START -97", "SELECT nextval('falling')"],
            reason: .sequenceNearEnd, texts: ["public.falling", "-97 of -100"]),
        Trouble(
            testDescription: "a publication of everything", statements: ["CREATE PUBLICATION feed FOR ALL TABLES"], reason: .unsupportedObject,
            texts: ["publication feed FOR ALL TABLES", "DROP PUBLICATION \"feed\""], needsSuperuser: true),
    ]

    /// What looks like trouble and is none.
    static let harmless = [
        "CREATE TABLE keyed (a int PRIMARY KEY, j json, g int GENERATED ALWAYS AS (a + 1) STORED)",
        "CREATE TABLE whole (a int, b text[], c jsonb)", "ALTER TABLE whole REPLICA IDENTITY FULL",
        "CREATE TABLE indexed (a int NOT NULL UNIQUE)", "ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_a_key",
        "CREATE TABLE root (a int PRIMARY KEY) PARTITION BY RANGE (a)", "CREATE TABLE branch PARTITION OF root FOR VALUES FROM (0) TO (10)",
        "CREATE MATERIALIZED VIEW seen AS SELECT a FROM keyed", "CREATE SEQUENCE turning MAXVALUE 10 CYCLE START 10", "SELECT nextval('turning')",
        "CREATE TEMP TABLE passing (a int)", "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER touch AFTER INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION touch()", "CREATE PUBLICATION part FOR TABLE keyed",
    ]
}

extension Scenario {
    /// Live mode, with superusers as subscribers: before 16 nobody else may be.
    func liveContext(_ change: (inout DatabaseContext) -> Void = { _ in }) -> DatabaseContext {
        var context = context
        context.plan.copy.mode = .live
        context.source.subscriber = Login(user: "postgres", password: Redacted(Cluster.password))
        context.target.subscriber = context.source.subscriber
        change(&context)
        return context
    }

    func apply(_ troubles: [Trouble]) async throws {
        for trouble in troubles {
            let session = trouble.needsSuperuser ? try await source.client(databases[0]) : try await application(on: source)
            for statement in trouble.statements { try await session.execute(statement) }
            await session.close()
        }
    }

    /// Everything of replication that stands on both servers.
    func traces() async throws -> [String] {
        var traces: [String] = []
        for (cluster, database) in [(source, databases[0]), (source, "postgres"), (target, "postgres")] {
            traces += try await cluster.superuser(database) { session in
                try await session.rows(
                    """
                    SELECT 'subscription ' || subname FROM pg_subscription UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
                    UNION ALL SELECT 'publication ' || pubname FROM pg_publication UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
                    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = '_dbmigration' ORDER BY 1
                    """
                ).compactMap { $0[0].map { "\(cluster.port)/\(database) \($0)" } }
            }
        }
        return traces
    }
}

extension DatabaseTests {
    @Suite("Preflight of live mode") struct LivePreflight {
        @Test("clean databases give no problem, and nothing is left behind")
        func clean() async throws {
            let scenario = try await Scenario.make("live clean", databases: 2, schema: Trouble.harmless)
            let before = try await scenario.traces()
            let found = await scenario.port.preflight(scenario.liveContext()).map(\.message)
            #expect(found == [])
            #expect(try await scenario.traces() == before)
        }

        @Test("each trouble alone, with its remedy", arguments: Trouble.all)
        func single(trouble: Trouble) async throws {
            var scenario = try await Scenario.make("live \(trouble.testDescription)")
            // What only a superuser makes would be a problem of its own.
            if trouble.needsSuperuser { scenario.administrators.target = "postgres" }
            try await scenario.apply([trouble])
            let found = await scenario.port.preflight(scenario.liveContext())
            #expect(found.map(\.reason) == [trouble.reason], "\(found.map(\.message))")
            for text in trouble.texts + [scenario.databases[0], "source 127.0.0.1:"] {
                #expect(found.first?.message.contains(text) == true, "\(text): \(found.map(\.message))")
            }
            // In Snapshot mode the source stands still, and all of this is copied.
            #expect(await scenario.port.preflight(scenario.context) == [])
        }

        @Test("all troubles of one database together, and at most ten tables of a kind by name")
        func together() async throws {
            var scenario = try await Scenario.make("live all", schema: (1...12).map { "CREATE TABLE zz\($0) (a int)" })
            scenario.administrators.target = "postgres"
            try await scenario.apply(Trouble.all)
            let found = await scenario.port.preflight(scenario.liveContext())
            #expect(Set(found.map(\.reason)) == Set(Trouble.all.map(\.reason)))
            let text = found.map(\.message).joined(separator: "\n")
            for trouble in Trouble.all { #expect(text.contains(trouble.texts[0]), "\(trouble.texts[0]) in \(text)") }
            #expect(text.contains("10 more tables without a usable replica identity"))
        }

        @Test("a subscription of the user's that writes into the source")
        func subscription() async throws {
            let scenario = try await Scenario.make("live feed")
            try await scenario.source.superuser(scenario.databases[0]) {
                try await $0.execute(
                    "CREATE SUBSCRIPTION theirs CONNECTION 'host=127.0.0.1 port=1' PUBLICATION x WITH (connect = false, slot_name = 'theirs')")
                #expect(await scenario.port.preflight(scenario.liveContext()) == [])
                try await $0.execute("ALTER SUBSCRIPTION theirs ENABLE")
                let found = await scenario.port.preflight(scenario.liveContext())
                #expect(found.map(\.reason) == [.unsupportedObject])
                #expect(found.first?.message.contains("ALTER SUBSCRIPTION \"theirs\" DISABLE") == true)
                try await $0.execute("ALTER SUBSCRIPTION theirs DISABLE; ALTER SUBSCRIPTION theirs SET (slot_name = NONE); DROP SUBSCRIPTION theirs")
            }
        }

        @Test("writing and prepared transactions anywhere on the source")
        func transactions() async throws {
            let scenario = try await Scenario.make("live long")
            let (reader, writer) = (try await scenario.source.client("postgres"), try await scenario.source.client("postgres"))
            try await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            try await writer.execute("BEGIN; SELECT txid_current(); PREPARE TRANSACTION 'else''where'; BEGIN; SELECT txid_current()")
            let (reading, writing) = (await reader.backend, await writer.backend)
            #expect(await scenario.port.preflight(scenario.liveContext()) == [])
            let found = await Preflight(context: scenario.liveContext(), longTransactionSeconds: 0).run().map(\.message)
            #expect(found.contains { $0.contains("process \(writing) (user postgres, database postgres)") }, "\(found)")
            #expect(!found.contains { $0.contains("process \(reading) ") })
            #expect(found.contains { $0.contains("COMMIT PREPARED 'else''where'") }, "\(found)")
            try await writer.execute("ROLLBACK")
            try await writer.execute("ROLLBACK PREPARED 'else''where'")
            await writer.close()
            await reader.close()
        }

        // MARK: From server to server

        @Test("servers that do not reach each other, in either direction, and a reverse lane that is not wanted")
        func unreachable() async throws {
            let scenario = try await Scenario.make("live route")
            let away = Plan.Replication(host: "127.0.0.1", port: 1, sslMode: "disable", credentials: .init(name: "for-replication"))
            let forward = await scenario.port.preflight(scenario.liveContext { $0.source.server.replication = away })
            #expect(forward.map(\.reason) == [.serversCannotReach])
            let text = forward.first?.message ?? ""
            for part in ["target 127.0.0.1:", "cannot receive changes from source 127.0.0.1:1", "spec.source.replication", "Secret for-replication"] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
            let reverse = await scenario.port.preflight(scenario.liveContext { $0.target.server.replication = away })
            #expect(reverse.map { $0.message.contains("cannot receive changes from target 127.0.0.1:1") } == [true])
            let oneWay = scenario.liveContext {
                $0.target.server.replication = away
                $0.plan.rollback.keepReverseReplication = false
            }
            #expect(await scenario.port.preflight(oneWay) == [])
        }

        @Test("a replication login that is wrong; its password is in no message and not in the server's log")
        func login() async throws {
            let scenario = try await Scenario.make("live login")
            let found = await scenario.port.preflight(
                scenario.liveContext { $0.source.replicator = Login(user: "postgres", password: Redacted("not-told")) })
            #expect(found.map(\.reason) == [.serversCannotReach])
            #expect(found.first?.message.contains("password authentication failed") == true)
            #expect(!found.map(\.message).joined().contains("not-told"))
            let log = "pg_read_file(current_setting('data_directory') || '/../log')"
            let logged = "position('password authentication failed' IN \(log)) > 0 AND position('not-' || 'told' IN \(log)) = 0"
            #expect(try await scenario.value("SELECT \(logged)", on: scenario.target, "postgres") == "t")
        }

        @Test("a role that may not subscribe, and one that cannot log in")
        func subscribers() async throws {
            let scenario = try await Scenario.make("live roles")
            let found = await scenario.port.preflight(
                scenario.liveContext {
                    $0.target.subscriber = nil
                    $0.source.subscriber = Login(user: "postgres", password: Redacted("wrong"))
                    $0.source.server.subscriber = .init(name: "subscriber")
                })
            #expect(found.map(\.reason) == [.missingPrivilege, .authenticationFailed], "\(found.map(\.message))")
            #expect(found.first?.message.contains("spec.target.subscriptionCredentialsSecretRef") == true)
            #expect(found.last?.message.contains("correct Secret subscriber") == true)
        }

        @Test("a peer that does not answer costs a bounded time")
        func silence() async throws {
            let scenario = try await Scenario.make("live silence")
            let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    _ = bind(listener, address, length)
                    _ = getsockname(listener, address, &length)
                }
            }
            listen(listener, 4)
            var context = scenario.liveContext()
            context.source.server.port = Int(UInt16(bigEndian: address.sin_port))
            let probe = Reachability(
                publisher: context.source, subscriber: context.target, uid: scenario.uid, publisherSide: .source, major: 15, provider: .selfManaged,
                seconds: 1)
            let found = await probe.problems(databases: ["postgres"])
            #expect(found.map { $0.message.contains("no answer within 1 s") } == [true], "\(found)")
        }

        // MARK: Again before the cutover

        @Test("lanes of this migration are no problem before the cutover; without a trace on the target they are a lost state; others' are neither")
        func ownLanes() async throws {
            let scenario = try await Scenario.make("live again", schema: ["CREATE TABLE t (a int PRIMARY KEY)"])
            let other = LaneName(uid: "0other-migration", direction: .forward, databaseOID: 1, origin: .copy(1))
            let own = LaneName(uid: scenario.uid, direction: .forward, databaseOID: 1, origin: .copy(1))
            let name = scenario.databases[0]
            try await scenario.source.superuser(name) { session in
                for lane in [other, own] {
                    try await session.execute("CREATE PUBLICATION \(lane) FOR ALL TABLES")
                    try await session.execute("SELECT pg_create_logical_replication_slot('\(lane)', 'pgoutput')")
                }
            }
            // As if the target had been replaced.
            let lost = await scenario.port.preflight(scenario.liveContext())
            #expect(lost.map(\.reason) == [.stateLost])
            #expect(lost.first?.message.contains("replication slot \(own), publication \(own) in \(name) on source") == true, "\(lost)")
            #expect(lost.first?.message.contains("\(other)") == false)

            try await scenario.port.prepareTarget(scenario.liveContext())
            try await scenario.target.superuser(name) { session in
                try await session.execute("SET default_transaction_read_only = off")
                for lane in [other, own] {
                    try await session.execute(
                        "CREATE SUBSCRIPTION \(lane) CONNECTION 'host=127.0.0.1 port=1' PUBLICATION \(lane) WITH (connect = false, slot_name = '\(lane)'); ALTER SUBSCRIPTION \(lane) ENABLE"
                    )
                }
            }
            #expect(await scenario.port.preflight(scenario.liveContext()) == [])

            try await scenario.target.superuser(name) { session in
                try await session.execute("SET default_transaction_read_only = off")
                for lane in [other, own] {
                    try await session.execute(
                        "ALTER SUBSCRIPTION \(lane) DISABLE; ALTER SUBSCRIPTION \(lane) SET (slot_name = NONE); DROP SUBSCRIPTION \(lane)")
                }
            }
            try await scenario.source.superuser(name) { session in
                for lane in [other, own] { try await session.execute("SELECT pg_drop_replication_slot('\(lane)')") }
            }
        }
    }
}
