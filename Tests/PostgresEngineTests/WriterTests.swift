import Foundation
import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Clients which write while a fence closes: what they were told is committed has to be there afterwards.
    @Suite("Writers while a fence closes") struct Writers {
        static let schema = [
            "CREATE TABLE plain (n int)", #"CREATE SCHEMA "Od d"".é'""#, #"CREATE TABLE "Od d"".é'"."T'x" (n int)"#,
            "CREATE TABLE parted (n int) PARTITION BY HASH (n)", "CREATE TABLE leaf PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        ]
        /// Every way a client writes: `%` stands for the number.
        static let ways = [
            "INSERT INTO plain VALUES (%)", #"INSERT INTO "Od d"".é'"."T'x" VALUES (%)"#, "INSERT INTO parted VALUES (%)",
            "INSERT INTO leaf VALUES (%)",
            "DO $$ BEGIN INSERT INTO plain VALUES (%); END $$", "BEGIN READ WRITE; INSERT INTO plain VALUES (%); SELECT pg_sleep(0.01); COMMIT",
            "WITH x AS (INSERT INTO parted VALUES (%) RETURNING n) INSERT INTO plain SELECT n FROM x WHERE false",
        ]
        static let rows = #"SELECT n FROM plain UNION ALL SELECT n FROM parted UNION ALL SELECT n FROM "Od d"".é'"."T'x""#

        /// Writes until the server refuses; answers the numbers whose commit was acknowledged.
        private func write(_ scenario: Scenario, on cluster: Cluster, from first: Int, way: String, most: Int, after delay: Duration) async -> [Int] {
            var acknowledged: [Int] = []
            do {
                let client = try await scenario.application(on: cluster)
                try await client.execute("SET synchronous_commit = on")
                try await Task.sleep(for: delay)
                for number in first..<(first + most) {
                    try await client.execute(way.replacingOccurrences(of: "%", with: String(number)))
                    acknowledged.append(number)
                }
                await client.close()
            } catch {}
            return acknowledged
        }

        private func numbers(_ scenario: Scenario, on cluster: Cluster) async throws -> [Int] {
            try await cluster.superuser(scenario.databases[0]) { try await $0.rows(Self.rows).compactMap { $0[0].flatMap { Int($0) } } }
        }

        @Test("on the source, none is lost and none is too late")
        func source() async throws {
            let scenario = try await Scenario.make("writers", schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            var acknowledged: Set<Int> = []
            for round in 0..<4 {
                let epoch = Int64(2 * round)
                let base = round * 1_000_000
                let told = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for (index, way) in Self.ways.enumerated() {
                        group.addTask {
                            await write(scenario, on: scenario.source, from: base + index * 100_000, way: way, most: 100_000, after: .zero)
                        }
                    }
                    #expect(try await eventually { try await numbers(scenario, on: scenario.source).contains { $0 >= base } })
                    try await port.closeSource(context, epoch: epoch)
                    return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
                }
                let present = try await numbers(scenario, on: scenario.source)
                acknowledged.formUnion(told)
                #expect(!told.isEmpty && acknowledged.subtracting(present).isEmpty, "round \(round): lost \(acknowledged.subtracting(present))")
                #expect(Set(present).count == present.count)
                #expect(await port.observeSource(context).value?.fence == .closed)
                #expect(try await numbers(scenario, on: scenario.source).count == present.count)
                try await port.openSource(context, epoch: epoch + 1)
            }
        }

        @Test("on the target, each acknowledged one is counted")
        func target() async throws {
            let scenario = try await Scenario.make("counted", schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            #expect(try await scenario.moveRows().allSatisfy(\.succeeded))
            for round in 0..<8 {
                let epoch = Int64(1 + 2 * round)
                try await port.openTarget(context, epoch: epoch)
                let told = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for (index, way) in Self.ways.prefix(round % 2 == 0 ? 1 : 7).enumerated() {
                        group.addTask {
                            let delay = Duration.milliseconds(Int.random(in: 0...60))
                            return await write(
                                scenario, on: scenario.target, from: (round * 10 + index) * 10, way: way, most: 1 + round % 3, after: delay)
                        }
                    }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...60)))
                    try await port.closeTarget(context, epoch: epoch + 1)
                    return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
                }
                let present = try await numbers(scenario, on: scenario.target)
                #expect(told.subtracting(present).isEmpty, "round \(round)")
                let state = await port.observeTarget(context, withPosition: true).value
                #expect(state?.fence == .closed && (told.isEmpty || state?.tookClientWrite == true), "round \(round): \(told)")
            }
        }

        @Test("a table made after the guard was put on the others is guarded as well")
        func newTables() async throws {
            let scenario = try await Scenario.make("new", schema: ["CREATE TABLE old (a int)"])
            let client = try await scenario.application(on: scenario.source)
            let making = Task {
                var made = 0
                while (try? await client.execute("CREATE TABLE t\(made) (a int); INSERT INTO t\(made) VALUES (1)")) != nil { made += 1 }
                return made
            }
            #expect(try await eventually { try await scenario.value("SELECT to_regclass('t3')", on: scenario.source) != nil })
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let made = await making.value
            let last = try await scenario.value("SELECT count(*) FROM pg_class WHERE relname ~ '^t\\d+$'", on: scenario.source)
            #expect(last == String(made) || last == String(made + 1))
            let state = await scenario.port.observeSource(scenario.context).value
            #expect(state?.fence == .closed, "\(state?.evidence ?? "")")
            let superuser = try await scenario.source.client(scenario.databases[0])
            await #expect(throws: PostgresError.self) { try await superuser.execute("BEGIN READ WRITE; INSERT INTO t\(made - 1) VALUES (2)") }
            await superuser.close()
            try await scenario.port.openSource(scenario.context, epoch: 1)
        }
    }
}
