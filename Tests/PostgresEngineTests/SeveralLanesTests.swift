import MigrationCore
import MigrationPorts
import MigrationWorker
import PostgresEngine
import Testing

extension DatabaseTests {
    /// One database, several lanes.
    @Suite("Several lanes") struct SeveralLanes {
        private func drained(_ scenario: Scenario, _ direction: Direction) async throws -> Bool {
            let position =
                direction == .forward
                ? await scenario.port.observeSource(scenario.context).value?.position
                : await scenario.port.observeTarget(scenario.context, withPosition: true).value?.position
            guard let position else { return false }
            return try await eventually { try await scenario.lanes(direction).isDrained(to: position) }
        }

        /// Tables by lane, of the publications on one side.
        private func split(_ scenario: Scenario, on side: Side, _ letter: String) async throws -> [String] {
            try await scenario.cluster(side).superuser(scenario.databases[0]) { session in
                try await session.rows(
                    """
                    SELECT string_agg(r.prrelid::regclass::text, ' ' ORDER BY c.relname) FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
                    JOIN pg_class c ON c.oid = r.prrelid WHERE p.pubname ~ '_\(letter)[0-9]+_[a-z0-9]+$' GROUP BY p.pubname ORDER BY p.pubname
                    """
                ).compactMap { $0[0] }
            }
        }

        private static let groups: Set<String> = [
            "child ledger", "big", "parted_1 parted_2", "whole", #""Qu'eue "" é""#,
        ]

        @Test("copy, follow, drain, turn and go back, under writes all the time")
        func course() async throws {
            try await Scenario.live("several", lanes: 3, schema: LiveCopy.schema) { scenario in
                let (port, context) = (scenario.port, scenario.context)
                let load = scenario.startLoad()
                let copied = await scenario.workLive(.copy)
                #expect(copied.succeeded, "\(copied.message)")
                #expect(try await scenario.lanes().count == 3)
                try await scenario.connect()
                #expect(
                    try await eventually {
                        let lanes = try await scenario.lanes(.forward).lanes
                        return lanes.map(\.number) == [1, 2, 3] && lanes.allSatisfy { $0.isStreaming && $0.stage == .running }
                    })
                let parts = try await split(scenario, on: .source, "f")
                #expect(parts.count == 3)
                for group in Self.groups { #expect(parts.contains { $0.contains(group) }, "\(group) in \(parts)") }
                let verified = await scenario.workLive(.verify, number: 2)
                #expect(verified.succeeded, "\(verified.message)")
                // Tables that refer to each other arrive emptied, because they are of one lane.
                let client = try await scenario.application(on: scenario.source)
                try await client.execute("TRUNCATE ledger CASCADE")
                await client.close()

                try await port.prepareLanes(context, .reverse, epoch: 0)
                #expect(Set(try await split(scenario, on: .target, "r")).count == 3)
                try await port.closeSource(context, epoch: 0)
                _ = await load.stop()
                #expect(try await drained(scenario, .forward))
                try await scenario.expectEqual(LiveCopy.tables)
                try await port.drainLanes(context, .forward, to: .init(bytes: 0), epoch: 1, publisherEpoch: 1)
                #expect(try await scenario.lanes(.forward).mismatch == nil)
                try await port.disconnectLanes(context, .forward, epoch: 1)
                #expect(try await scenario.lanes(.forward).lanes.allSatisfy { $0.stage == .connected && !$0.isStreaming })
                try await turned(scenario)
            }
        }

        /// The target opens: what its clients write, and nothing else, goes back by every lane; then the way forward is made anew.
        private func turned(_ scenario: Scenario) async throws {
            let (port, context) = (scenario.port, scenario.context)
            try await port.openTarget(context, epoch: 1)
            let begun = "SELECT count(DISTINCT started_at) || ' ' || count(started_at) FROM _dbmigration.lane WHERE direction = 'reverse'"
            #expect(try await scenario.value(begun, on: scenario.target) == "1 3")
            let client = try await scenario.application(on: scenario.target)
            for statement in [
                "INSERT INTO ledger (v) VALUES (-77)", "INSERT INTO big VALUES (-77, 'back')", "UPDATE parted SET v = 'back' WHERE k = 1",
                "INSERT INTO whole VALUES (-77, 'back')", #"INSERT INTO "Qu'eue "" é" VALUES (-77, 'back')"#,
            ] { try await client.execute(statement) }
            await client.close()
            try await port.connectLanes(context, .reverse, epoch: 1)
            try await port.closeTarget(context, epoch: 2)
            #expect(try await drained(scenario, .reverse))
            // A change that had come forward and came back would be a second row.
            for table in LiveCopy.tables { try await expectSame(table, scenario) }
            try await port.removeLanes(context, .forward, epoch: 1)
            try await port.removeLanes(context, .reverse, epoch: 1)
            for side in Side.allCases { #expect(try await scenario.laneObjects(on: side) == []) }
            try await port.prepareLanes(context, .forward, epoch: 1)
            try await port.prepareLanes(context, .forward, epoch: 1)
            #expect(try await scenario.lanes(.forward).lanes.count == 3)
            try await port.openSource(context, epoch: 1)
            try await port.connectLanes(context, .forward, epoch: 2)
            let before = try await scenario.value("SELECT max(id) FROM ledger", on: scenario.target)
            let load = scenario.startLoad()
            #expect(try await eventually { try await scenario.value("SELECT max(id) FROM ledger", on: scenario.target) != before })
            _ = await load.stop()
            try await scenario.expectEqual(LiveCopy.tables)
        }

        private func expectSame(_ table: String, _ scenario: Scenario) async throws {
            let content = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \(table) t"
            let (one, other) = try await (scenario.value(content, on: scenario.source), scenario.value(content, on: scenario.target))
            #expect(one == other, "\(table)")
        }

        @Test("one of them lost is a loss; the next worker copies all anew, and the late one harms nothing")
        func lost() async throws {
            let schema = ["a", "b", "c"].flatMap { ["CREATE TABLE \($0) (i int PRIMARY KEY)", "INSERT INTO \($0) SELECT generate_series(1, 100)"] }
            try await Scenario.live("several lost", lanes: 2, schema: schema) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                let lost = try await scenario.lane(worker: 1, number: 2)
                _ = try await scenario.value("SELECT pg_drop_replication_slot('\(lost)')", on: scenario.source)
                let state = try await scenario.lanes(.forward)
                #expect(state.lanes.count == 2 && state.lanes[0].loss == nil && state.lanes[1].loss?.contains(lost) == true)
                let again = await scenario.workLive(.copy, number: 2)
                #expect(again.message == "copied 1 databases", "\(again.message)")
                let made = [try await scenario.lane(worker: 2, number: 1), try await scenario.lane(worker: 2, number: 2)]
                #expect(try await scenario.lanes() == made)
                let late = await scenario.workLive(.copy, number: 1)
                #expect(late.reason == .workerRejected, "\(late.message)")
                #expect(try await scenario.lanes() == made)
                try await scenario.connect()
                // A lane that is not recorded any more is missed by the tables it carried.
                let kept = await scenario.workLive(.copy, number: 3)
                #expect(kept.message == "copied 0 databases, kept 1 that were complete", "\(kept.message)")
                _ = try await scenario.value("DELETE FROM _dbmigration.lane WHERE number = 2 RETURNING 1", on: scenario.target, readWrite: true)
                #expect(try await scenario.lanes(.forward).trouble?.contains("public.b") == true)
            }
        }
    }
}
