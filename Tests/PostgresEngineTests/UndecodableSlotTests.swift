import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("Slots that cannot be decoded") struct UndecodableSlots {
        /// A session past guards and read-only defaults.
        private func session(_ scenario: Scenario, _ side: Side) async throws -> PostgresConnection {
            let session = try await scenario.cluster(side).client(scenario.databases[0])
            try await session.execute("SET default_transaction_read_only = off; SET session_replication_role = replica")
            return session
        }

        private func isWaiting(_ scenario: Scenario, _ side: Side, for blocker: PostgresConnection) async throws -> Bool {
            let pid = await blocker.backend
            return try await eventually {
                try await scenario.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_create_logical%' AND \(pid) = ANY (pg_blocking_pids(pid))",
                    on: scenario.cluster(side)) == "1"
            }
        }

        /// A slot that begins with a transaction which was there before a TRUNCATE and writes to the truncated table after it. The slot first waits
        /// for what ran when it began, then for what began meanwhile: the TRUNCATE is of the second kind, its catalog changes are not noticed.
        private func makeUndecodable(_ scenario: Scenario, _ direction: Direction) async throws {
            let side = direction.publisher
            let (blocker, truncating) = (try await session(scenario, side), try await session(scenario, side))
            let writing = try await session(scenario, side)
            try await blocker.execute("BEGIN; SELECT txid_current()")
            async let made: Void = scenario.port.prepareLanes(scenario.context, direction, epoch: 0)
            #expect(try await isWaiting(scenario, side, for: blocker))
            try await truncating.execute("BEGIN; TRUNCATE plain")
            try await blocker.execute("COMMIT")
            #expect(try await isWaiting(scenario, side, for: truncating))
            try await writing.execute("BEGIN; INSERT INTO keyed (note) VALUES ('between')")
            try await truncating.execute("COMMIT")
            try await writing.execute("INSERT INTO plain VALUES (1)")
            try await made
            try await writing.execute("COMMIT")
            for session in [blocker, truncating, writing] { await session.close() }
        }

        @Test("are a loss, in the server's words, also behind a fence", arguments: Direction.allCases)
        func loss(direction: Direction) async throws {
            let scenario = try await Scenario.makeLive("undecodable \(direction)")
            let (port, context) = (scenario.port, scenario.context)
            try await makeUndecodable(scenario, direction)
            #expect(try await scenario.lanes(direction).loss == nil)
            try await port.connectLanes(context, direction, epoch: 0)
            func isLost() async throws -> Bool {
                try await eventually { try await scenario.lanes(direction).loss?.contains("could not map filenode") == true }
            }
            #expect(try await isLost())
            if direction == .forward { try await port.closeSource(context, epoch: 0) }
            #expect(try await isLost())
            let probes = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '%probe%'"
            #expect(try await scenario.value(probes, on: scenario.cluster(direction.publisher)) == "0")
            try await scenario.end()
        }
    }
}
