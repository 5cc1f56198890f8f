import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("Checksums") struct Checksums {
        static let schema = [
            "CREATE TABLE t (id int PRIMARY KEY, gone int, v text, f float8, at timestamptz, b bytea, twice text GENERATED ALWAYS AS (v || v) STORED)",
            "ALTER TABLE t DROP COLUMN gone",
            "INSERT INTO t (id, v, f, at, b) SELECT g, 'v' || g, g / 3.0, 'epoch'::timestamptz + g * interval '1 day', decode('00ff', 'hex') FROM generate_series(1, 500) g",
            #"CREATE TABLE "O'dd "" t" ("r" int PRIMARY KEY, "c ""x" text)"#, #"INSERT INTO "O'dd "" t" VALUES (1, NULL), (2, '')"#,
            "CREATE TABLE empty (a int PRIMARY KEY)", "CREATE TABLE quiet (id int PRIMARY KEY, v int)",
            "INSERT INTO quiet SELECT g, g FROM generate_series(1, 1000) g", "CREATE TABLE queue (id bigserial PRIMARY KEY, v int)",
        ]

        @Test("find a changed value that row counts do not see, whatever the databases' own settings")
        func changedValue() async throws {
            let scenario = try await Scenario.make(
                "checksum", schema: Self.schema + ["CREATE TABLE no_columns ()", "INSERT INTO no_columns DEFAULT VALUES"])
            _ = try await scenario.source.superuser("postgres") { session in
                try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET TimeZone = 'Asia/Tokyo'")
                try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET bytea_output = 'escape'")
            }
            #expect(try await scenario.moveRows().last?.message == "row counts are equal")
            _ = try await scenario.target.superuser("postgres") { session in
                try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) SET DateStyle = 'SQL, DMY'")
                try await session.execute("ALTER DATABASE \(SQL.identifier(scenario.databases[0])) RESET bytea_output")
            }
            let equal = await scenario.verify(.checksum)
            #expect(equal.message == "row counts and checksums are equal", "\(equal.message)")
            _ = try await scenario.value("UPDATE t SET f = f + 1e-10 WHERE id = 77 RETURNING 1", on: scenario.target, readWrite: true)
            #expect(await scenario.verify(.rowCount).succeeded)
            let found = await scenario.verify(.checksum)
            #expect(
                found.reason == .verificationMismatch && found.message.contains("public.t: 500 rows on both sides, but their checksums differ"),
                "\(found.message)")
            #expect(
                await scenario.port.progress(scenario.context).value?.first?.mismatches == [
                    "public.t: 500 rows on both sides, but their checksums differ"
                ])
            _ = try await scenario.value("ALTER TABLE t DROP COLUMN b", on: scenario.target, readWrite: true)
            let lacking = await scenario.verify(.checksum)
            #expect(lacking.reason == .verificationMismatch && lacking.message.contains("lacks a column"), "\(lacking.message)")
        }

        @Test("of a live copy under load find a true difference and no false one")
        func live() async throws {
            try await Scenario.live("live verify", schema: Self.schema) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                let load = Task {
                    let client = try await scenario.application(on: scenario.source)
                    var number = 0
                    while !Task.isCancelled {
                        number += 1
                        // A queue that is empty whenever it is looked at, and rows that change for ever.
                        _ = try? await client.execute("INSERT INTO queue (v) VALUES (\(number))")
                        _ = try? await client.execute("DELETE FROM queue")
                        _ = try? await client.execute("UPDATE t SET v = 'x\(number)' WHERE id = 1 + \(number) % 500")
                        _ = try? await client.execute("INSERT INTO t (id) VALUES (1000 + \(number))")
                    }
                    await client.close()
                }
                let equal = await scenario.workLive(.verify, verification: .checksum)
                #expect(equal.succeeded && equal.message.contains("are equal"), "\(equal.message)")
                #expect(await scenario.port.progress(scenario.context).value?.first?.phase == "Verified")
                _ = try await scenario.value("UPDATE quiet SET v = -1 WHERE id = 5 RETURNING 1", on: scenario.target, readWrite: true)
                let found = await scenario.workLive(.verify, number: 2, verification: .checksum)
                #expect(found.reason == .verificationMismatch && found.message.contains("1 tables differ, e.g. "), "\(found.message)")
                #expect(found.message.contains("public.quiet: 1000 rows"), "\(found.message)")
                let mismatches = await scenario.port.progress(scenario.context).value?.first?.mismatches
                #expect(mismatches?.count == 1 && mismatches?.first?.hasPrefix("public.quiet: ") == true, "\(mismatches ?? [])")
                load.cancel()
                _ = await load.result
            }
        }

        @Test("in the write pause begin with what was written to since, and end with the time")
        func final() async throws {
            try await Scenario.live("live final", schema: Self.schema) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                try await scenario.connect()
                #expect(await scenario.workLive(.verify, verification: .checksum).succeeded)
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("UPDATE quiet SET v = v + 1 WHERE id <= 10; UPDATE t SET v = v WHERE id = 1")
                await client.close()
                try await scenario.expectEqual(["quiet", "t"])
                var context = scenario.context
                context.plan.verification = .checksum
                try await scenario.port.closeSource(context, epoch: 0)
                #expect(try await FinalCheck.run(context, seconds: 30) == FinalCheck.Outcome(mismatches: [], compared: 2, tables: 2))
                _ = try await scenario.value("UPDATE quiet SET v = -1 WHERE id = 5 RETURNING 1", on: scenario.target, readWrite: true)
                let first = try await FinalCheck.run(context, tables: 1, seconds: 30)
                #expect(first.compared == 1 && first.mismatches.first?.contains("public.quiet: 1000 rows on both sides") == true, "\(first)")
                #expect(try await FinalCheck.run(context, seconds: 0) == FinalCheck.Outcome())
                // A table that takes too long is left out, whatever it holds.
                let locker = try await scenario.target.client(scenario.databases[0])
                try await locker.execute("BEGIN READ WRITE; LOCK TABLE quiet IN ACCESS EXCLUSIVE MODE")
                let short = try await FinalCheck.run(context, seconds: 2)
                #expect(short == FinalCheck.Outcome(mismatches: [], compared: 1, tables: 2))
                await locker.close()
                try await scenario.port.openSource(context, epoch: 1)
            }
        }
    }
}

extension Scenario {
    /// Compares behind the fence of epoch 1.
    func verify(_ method: Plan.Verification) async -> WorkerResult {
        var plan = plan
        plan.verification = method
        return await work(WorkerTask(uid: uid, step: .verify, number: 1, sourceEpoch: 1, plan: plan))
    }
}
