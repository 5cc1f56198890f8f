import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Lanes cut off half-way, and taken away.
    @Suite("Lanes half there and removed") struct LaneRemoval {
        static let schema = ["CREATE TABLE t (a int PRIMARY KEY)"]
        static let two = schema + ["CREATE TABLE u (a int PRIMARY KEY)"]

        /// What a crash may have left of a lane, besides everything.
        enum Half: String, CaseIterable, Sendable {
            case publication, slot, noRow, noSubscription, subscriptionAlone, noSlot, noPublication, otherName
        }

        private func run(_ scenario: Scenario, on side: Side, _ sql: String) async throws {
            try await scenario.cluster(side).superuser(scenario.databases[0]) {
                try await $0.execute("SET default_transaction_read_only = off")
                try await $0.execute(sql)
            }
        }

        /// Takes parts away from a whole lane.
        private func leave(_ half: Half, _ scenario: Scenario, _ direction: Direction) async throws {
            let name =
                try await scenario.value(
                    "SELECT name FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)' ORDER BY number DESC LIMIT 1",
                    on: scenario.target) ?? ""
            let dropSubscription = "ALTER SUBSCRIPTION \(name) DISABLE; ALTER SUBSCRIPTION \(name) SET (slot_name = NONE); DROP SUBSCRIPTION \(name)"
            let dropRow = "DELETE FROM _dbmigration.lane WHERE direction = '\(direction.rawValue)'"
            let dropSlot = "SELECT pg_drop_replication_slot('\(name)')"
            let (publisher, subscriber) = (direction.publisher, direction.subscriber)
            switch half {
            case .publication:
                try await run(scenario, on: subscriber, dropSubscription)
                try await run(scenario, on: .target, dropRow)
                try await run(scenario, on: publisher, dropSlot)
            case .slot:
                try await run(scenario, on: subscriber, dropSubscription)
                try await run(scenario, on: publisher, "DROP PUBLICATION \(name)")
            case .noRow: try await run(scenario, on: .target, dropRow)
            case .noSubscription: try await run(scenario, on: subscriber, dropSubscription)
            case .subscriptionAlone:
                try await run(scenario, on: .target, dropRow)
                try await run(scenario, on: publisher, "DROP PUBLICATION \(name); \(dropSlot)")
            case .noSlot: try await run(scenario, on: publisher, dropSlot)
            case .noPublication: try await run(scenario, on: publisher, "DROP PUBLICATION \(name)")
            case .otherName:
                let other = String(name.dropLast()) + "99"
                try await run(scenario, on: publisher, "SET ROLE \"Admin\"; CREATE PUBLICATION \(other)")
                try await run(scenario, on: publisher, "SELECT pg_create_logical_replication_slot('\(other)', 'pgoutput')")
                try await run(
                    scenario, on: subscriber,
                    "CREATE SUBSCRIPTION \(other) CONNECTION 'host=127.0.0.1 port=1' PUBLICATION x WITH (connect = false, slot_name = '\(other)')")
            }
        }

        @Test("what a crash left is made whole by preparing again, and is gone after removal", arguments: [Direction.forward, .reverse])
        func halves(direction: Direction) async throws {
            let lanes = 2
            let scenario = try await Scenario.makeLive("halves \(direction)", lanes: lanes, schema: Self.two)
            let (port, context) = (scenario.port, scenario.context)
            for half in Half.allCases {
                try await port.prepareLanes(context, direction, epoch: 0)
                try await leave(half, scenario, direction)
                try await port.prepareLanes(context, direction, epoch: 0)
                let state = try await scenario.lanes(direction)
                #expect(state.stage == .connected && state.loss == nil && state.lanes.count == lanes, "\(half)")
                let (publisher, subscriber) = try await (
                    scenario.laneObjects(on: direction.publisher), scenario.laneObjects(on: direction.subscriber)
                )
                #expect(publisher.count == 2 * lanes && subscriber.count == lanes, "\(half): \(publisher) \(subscriber)")
                try await leave(half, scenario, direction)
                try await port.removeLanes(context, direction, epoch: 0)
                #expect(try await scenario.lanes(direction).isAbsent, "\(half)")
                for side in Side.allCases { #expect(try await scenario.laneObjects(on: side) == [], "\(half)") }
                try await port.removeLanes(context, direction, epoch: 0)
            }
            try await scenario.end()
        }

        @Test("artefacts of lanes, whole or half, are seen and removed on one side without the other")
        func oneSide() async throws {
            let scenario = try await Scenario.makeLive("one side", schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            try await port.prepareLanes(context, .forward, epoch: 0)
            try await port.prepareLanes(context, .reverse, epoch: 0)
            try await port.connectLanes(context, .forward, epoch: 0)
            #expect(try await eventually { try await scenario.lanes(.forward).lanes.allSatisfy(\.isStreaming) })
            #expect(await port.artefacts(context) == .value([.source, .target]))
            // The source goes while the target's worker still fetches from it, and comes back each time it is ended.
            var alone = context
            alone.target.server.port = 1
            try await port.removeArtefacts(alone, side: .source)
            #expect(try await scenario.laneObjects(on: .source) == [])
            #expect(try await scenario.laneObjects(on: .target).count == 3)
            #expect(await port.artefacts(context) == .value([.target]))
            alone = context
            alone.source.server.port = 1
            try await port.removeArtefacts(alone, side: .target)
            #expect(try await scenario.laneObjects(on: .target) == [])
            #expect(await port.artefacts(context) == .value([]))
            let schema = "SELECT count(*) FROM pg_namespace WHERE nspname = '_dbmigration'"
            for side in Side.allCases { #expect(try await scenario.value(schema, on: scenario.cluster(side)) == "0") }
        }

        @Test("another migration's lanes are not touched")
        func foreign() async throws {
            let scenario = try await Scenario.makeLive("foreign", schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            try await port.prepareLanes(context, .forward, epoch: 0)
            let theirs = "dbmigration_00000000000000000000_1_f_k1"
            try await run(scenario, on: .source, "CREATE PUBLICATION \(theirs) FOR TABLE t")
            try await run(scenario, on: .source, "SELECT pg_create_logical_replication_slot('\(theirs)', 'pgoutput')")
            try await run(
                scenario, on: .target,
                "CREATE SUBSCRIPTION \(theirs) CONNECTION 'host=127.0.0.1 port=1' PUBLICATION \(theirs) WITH (connect = false, slot_name = '\(theirs)')"
            )
            let checks: [(Side, String)] = [
                (.source, "SELECT count(*) FROM pg_publication WHERE pubname = '\(theirs)'"),
                (.source, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '\(theirs)'"),
                (.target, "SELECT count(*) FROM pg_subscription WHERE subname = '\(theirs)' AND NOT subenabled"),
            ]
            try await port.connectLanes(context, .forward, epoch: 0)
            try await port.disconnectLanes(context, .forward, epoch: 0)
            try await port.removeLanes(context, .forward, epoch: 0)
            for (side, check) in checks { #expect(try await scenario.value(check, on: scenario.cluster(side)) == "1", "\(check)") }
            try await port.prepareLanes(context, .forward, epoch: 0)
            try await scenario.end()
            #expect(await port.artefacts(context) == .value([]))
            for (side, check) in checks { #expect(try await scenario.value(check, on: scenario.cluster(side)) == "1", "\(check)") }
            try await run(scenario, on: .target, "ALTER SUBSCRIPTION \(theirs) SET (slot_name = NONE); DROP SUBSCRIPTION \(theirs)")
            try await run(scenario, on: .source, "DROP PUBLICATION \(theirs)")
            try await run(scenario, on: .source, "SELECT pg_drop_replication_slot('\(theirs)')")
        }

        @Test("a session that a predecessor left in a database is ended before anything is done there")
        func predecessor() async throws {
            let scenario = try await Scenario.makeLive("stale lane", schema: Self.schema)
            let options = ConnectionOptions(
                database: scenario.databases[0], applicationName: "dbmigration/\(scenario.uid)/lane", session: .replication)
            let ghosts = [
                try await PostgresConnection.open(scenario.source.access(), options),
                try await PostgresConnection.open(scenario.target.access("postgres"), options),
            ]
            try await scenario.port.prepareLanes(scenario.context, .forward, epoch: 0)
            for ghost in ghosts { await #expect(throws: PostgresError.self) { try await ghost.execute("SELECT 1") } }
            try await scenario.end()
        }
    }
}
