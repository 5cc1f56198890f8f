import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("The fence") struct Fences {
        @Test("ends existing sessions, lets no new one in, and is undone without a trace")
        func closeAndOpen() async throws {
            let scenario = try await Scenario.make("fence", schema: ["CREATE TABLE t (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            let name = SQL.identifier(scenario.databases[0])
            try await scenario.source.superuser("postgres") { try await $0.execute("ALTER DATABASE \(name) CONNECTION LIMIT 17") }
            #expect(await port.observeSource(context).value?.fence == .open)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("BEGIN; INSERT INTO t VALUES (1); COMMIT")
            try await port.closeSource(context, epoch: 0)
            try await port.closeSource(context, epoch: 0)
            let state = await port.observeSource(context).value
            #expect(state?.fence == .closed && state?.epoch == 1, "\(state?.evidence ?? "")")
            await #expect(throws: PostgresError.self) { try await client.execute("INSERT INTO t VALUES (2)") }
            let refused = await #expect(throws: PostgresError.self) { try await scenario.application(on: scenario.source) }
            #expect(refused?.kind == .tooManyConnections)
            // Not even a superuser, to whom no limit applies, and who asks to write.
            let superuser = try await scenario.source.client(scenario.databases[0])
            let guarded = await #expect(throws: PostgresError.self) { try await superuser.execute("BEGIN READ WRITE; TRUNCATE t") }
            #expect(guarded?.sqlState == "25006")
            await superuser.close()

            try await port.openSource(context, epoch: 1)
            try await port.openSource(context, epoch: 1)
            let open = await port.observeSource(context).value
            #expect(open?.fence == .open && open?.epoch == 2)
            let settings =
                "SELECT datconnlimit || coalesce((SELECT setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid), '') FROM pg_database d WHERE datname = current_database()"
            #expect(try await scenario.value(settings, on: scenario.source) == "17")
            #expect(try await scenario.value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", on: scenario.source) == "0")
            let again = try await scenario.application(on: scenario.source)
            try await again.execute("INSERT INTO t VALUES (3)")
            await again.close()

            try await port.removeArtefacts(context, side: .source)
            #expect(await port.artefacts(context) == .value([]))
        }

        @Test("sessions of the applications are counted on each side, ours and those in other databases are not")
        func countSessions() async throws {
            let scenario = try await Scenario.make("count", schema: ["CREATE TABLE t (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            _ = await port.observeSource(context)
            #expect(await port.countSessions(context, side: .source) == .value(0))
            let first = try await scenario.application(on: scenario.source)
            let second = try await scenario.application(on: scenario.source)
            #expect(await port.countSessions(context, side: .source) == .value(2))
            #expect(await port.countSessions(context, side: .target) == .value(0))
            await first.close()
            try await port.closeSource(context, epoch: 0)
            #expect(await port.countSessions(context, side: .source) == .value(0))
            await second.close()
            var unreachable = context
            unreachable.source.server.port = 1
            #expect(await port.countSessions(unreachable, side: .source).value == nil)
        }

        @Test("an action decided at another epoch is stopped")
        func late() async throws {
            let scenario = try await Scenario.make("late", schema: ["CREATE TABLE t (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            try await port.closeSource(context, epoch: 0)
            try await port.openSource(context, epoch: 1)
            await #expect(throws: FenceStopped.self) { try await port.closeSource(context, epoch: 0) }
            await #expect(throws: FenceStopped.self) { try await port.closeSource(context, epoch: 1) }
            await #expect(throws: FenceStopped.self) { try await port.openSource(context, epoch: 0) }
            #expect(await port.observeSource(context).value?.fence == .open)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("INSERT INTO t VALUES (1)")
            await client.close()
            try await port.closeSource(context, epoch: 2)
            #expect(await port.observeSource(context).value?.epoch == 3)
            await #expect(throws: FenceStopped.self) { try await port.openSource(context, epoch: 1) }
            #expect(await port.observeSource(context).value?.fence == .closed)
            try await port.openSource(context, epoch: 3)
        }

        @Test("the undo of a fence that never closed keeps a late closing out")
        func undoBeforeClosing() async throws {
            let scenario = try await Scenario.make("undo", schema: ["CREATE TABLE t (a int)"])
            try await scenario.port.openSource(scenario.context, epoch: 0)
            await #expect(throws: FenceStopped.self) { try await scenario.port.closeSource(scenario.context, epoch: 0) }
            #expect(await scenario.port.observeSource(scenario.context).value == SourceState(fence: .open, epoch: 1, evidence: "no fence stands"))
        }

        @Test("somebody lifting the limit shows as partial")
        func lifted() async throws {
            let scenario = try await Scenario.make("lifted", schema: ["CREATE TABLE t (a int)"])
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            try await scenario.source.superuser("postgres") {
                try await $0.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) CONNECTION LIMIT 5")
            }
            let state = await scenario.port.observeSource(scenario.context).value
            #expect(state?.fence == .partial && state?.evidence.contains("connection limit") == true)
            // The core repeats the closing it decided, at the epoch it was decided at.
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let again = await scenario.port.observeSource(scenario.context).value
            #expect(again?.fence == .closed && again?.epoch == 1)
            try await scenario.port.openSource(scenario.context, epoch: 1)
        }

        @Test("a seal moves the epoch of a fence that stands; what is missing from it shows, and sealing again mends it")
        func sealed() async throws {
            let scenario = try await Scenario.make("sealed", schema: ["CREATE TABLE t (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            try await port.closeSource(context, epoch: 0)
            try await port.sealSource(context, epoch: 1)
            let sealed = await port.observeSource(context).value
            #expect(sealed?.fence == .closed && sealed?.epoch == 2, "\(sealed?.evidence ?? "")")
            await #expect(throws: FenceStopped.self) { try await port.openSource(context, epoch: 1) }
            try await scenario.source.superuser(scenario.databases[0]) { session in
                try await session.execute("SET default_transaction_read_only = off")
                try await session.execute("DROP TRIGGER _dbmigration_guard ON t")
            }
            #expect(await port.observeSource(context).value?.fence == .partial)
            try await port.sealSource(context, epoch: 1)
            let mended = await port.observeSource(context).value
            #expect(mended?.fence == .closed && mended?.epoch == 2, "\(mended?.evidence ?? "")")
            try await port.openSource(context, epoch: 2)
        }

        @Test("a transaction that was prepared before the guard refused keeps the fence from being called closed")
        func prepared() async throws {
            let scenario = try await Scenario.make("prepared", schema: ["CREATE TABLE t (a int)"])
            let (port, context) = (scenario.port, scenario.context)
            try await port.closeSource(context, epoch: 0)
            try await scenario.source.superuser(scenario.databases[0]) { session in
                // As one that the guard came too late for.
                try await session.execute("SET session_replication_role = replica; SET default_transaction_read_only = off")
                try await session.execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'late'")
            }
            let state = await port.observeSource(context).value
            #expect(state?.fence == .partial && state?.evidence.contains("prepared transaction late in") == true, "\(state?.evidence ?? "")")
            await #expect(throws: FenceFailure.self) { try await port.closeSource(context, epoch: 0) }
            try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute("ROLLBACK PREPARED 'late'") }
            #expect(await port.observeSource(context).value?.fence == .closed)
            try await port.openSource(context, epoch: 1)
        }

        @Test("a table locked by a long transaction stops the fence before the door closes")
        func locked() async throws {
            let scenario = try await Scenario.make("locked", schema: ["CREATE TABLE t (a int)"])
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("BEGIN; INSERT INTO t VALUES (1)")
            await #expect(throws: FenceFailure.self) { try await scenario.port.closeSource(scenario.context, epoch: 0) }
            try await client.execute("COMMIT")
            #expect(await scenario.port.observeSource(scenario.context).value?.fence == .open)
            await client.close()
            try await scenario.port.removeArtefacts(scenario.context, side: .source)
            #expect(await scenario.port.artefacts(scenario.context) == .value([]))
        }
    }
}
