import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Testing

extension DatabaseTests {
    /// Changes that flow from server to server, there and back.
    @Suite("Lanes") struct Lanes {
        /// Everything either table holds, as `keyed/plain/leaf`.
        static let counts = "SELECT (SELECT count(*) FROM keyed) || '/' || (SELECT count(*) FROM plain) || '/' || (SELECT count(*) FROM leaf)"

        private func drained(_ scenario: Scenario, _ direction: Direction) async throws -> Bool {
            let position =
                direction == .forward
                ? await scenario.port.observeSource(scenario.context).value?.position
                : await scenario.port.observeTarget(scenario.context, withPosition: true).value?.position
            guard let position else { return false }
            return try await eventually { try await scenario.lanes(direction).isDrained(to: position) }
        }

        private func write(_ scenario: Scenario, on side: Side, _ sql: String, _ database: String? = nil) async throws {
            let client = try await scenario.application(on: scenario.cluster(side), database)
            try await client.execute(sql)
            await client.close()
        }

        private func arrives(_ scenario: Scenario, on side: Side, _ note: String, _ database: String? = nil) async throws -> Bool {
            try await eventually {
                try await scenario.value("SELECT count(*) FROM keyed WHERE note = '\(note)'", on: scenario.cluster(side), database) != "0"
            }
        }

        /// Forward under load, fenced at epoch 1, drained, sequences set, forward stopped: the target (closed at 2) may open.
        private func movedUnderLoad(_ name: String, databases: Int = 1) async throws -> Scenario {
            let scenario = try await Scenario.makeLive(name, databases: databases)
            let (port, context) = (scenario.port, scenario.context)
            #expect(try await scenario.lanes(.forward).isAbsent)
            try await port.prepareLanes(context, .forward, epoch: 0)
            #expect(try await scenario.lanes(.forward).stage == .connected)
            try await port.connectLanes(context, .forward, epoch: 0)
            let writing = Task {
                let client = try await scenario.application(on: scenario.source)
                var told = 0
                while (try? await client.execute(
                    "BEGIN; INSERT INTO keyed (note) VALUES ('load'); INSERT INTO plain VALUES (\(told)); INSERT INTO parted VALUES (\(told), 'v'); COMMIT"
                )) != nil { told += 1 }
                return told
            }
            #expect(
                try await eventually {
                    Int(try await scenario.value("SELECT count(*) FROM plain", on: scenario.target) ?? "0") ?? 0 > 20
                })
            #expect(try await eventually { try await scenario.lanes(.forward).lanes.allSatisfy(\.isStreaming) })
            try await port.prepareLanes(context, .reverse, epoch: 0)
            try await port.closeSource(context, epoch: 0)
            let told = try await writing.value
            let position = try #require(await port.observeSource(context).value?.position)
            #expect(
                try await eventually {
                    try await port.drainLanes(context, .forward, to: position, epoch: 1, publisherEpoch: 1)
                    return try await scenario.lanes(.forward).sequencesEpoch == 1
                })
            let present = Int(try await scenario.value("SELECT count(*) FROM plain", on: scenario.target) ?? "0") ?? 0
            #expect(told > 20 && (present == told || present == told + 1), "\(told) acknowledged, \(present) there")
            try await port.disconnectLanes(context, .forward, epoch: 1)
            let state = try await scenario.lanes(.forward)
            #expect(state.stage == .connected && !state.lanes.contains(where: \.isStreaming) && state.loss == nil)
            return scenario
        }

        @Test("rows written under load arrive, none is lost, sequences go on behind them")
        func forward() async throws {
            let scenario = try await movedUnderLoad("lane fwd", databases: 2)
            for database in scenario.databases {
                let before = try await scenario.value(Self.counts, on: scenario.source, database)
                #expect(try await scenario.value(Self.counts, on: scenario.target, database) == before)
            }
            let last = "SELECT last_value FROM keyed_id_seq"
            #expect(try await scenario.value(last, on: scenario.source) == scenario.value(last, on: scenario.target))
            try await scenario.end()
            #expect(await scenario.port.artefacts(scenario.context) == .value([]))
        }

        @Test("what the target takes flows back, what came from the source does not, and the way forward begins again")
        func thereAndBack() async throws {
            let scenario = try await movedUnderLoad("lane back")
            let (port, context) = (scenario.port, scenario.context)
            let moved = Int(try await scenario.value("SELECT count(*) FROM plain", on: scenario.source) ?? "") ?? 0
            try await port.openTarget(context, epoch: 2)
            try await port.openTarget(context, epoch: 2)
            // Between opening and connecting: the slot has them.
            try await write(scenario, on: .target, "INSERT INTO keyed (note) VALUES ('early'); INSERT INTO plain VALUES (-1)")
            try await port.connectLanes(context, .reverse, epoch: 1)
            try await port.connectLanes(context, .reverse, epoch: 1)
            #expect(try await arrives(scenario, on: .source, "early"))
            try await write(
                scenario, on: .target, "INSERT INTO plain VALUES (-2); UPDATE plain SET n = -3 WHERE n = -1; INSERT INTO keyed (note) VALUES ('late')"
            )
            #expect(try await arrives(scenario, on: .source, "late"))
            let counts = try await scenario.value(Self.counts, on: scenario.source)
            #expect(counts?.contains("/\(moved + 2)/") == true, "\(counts ?? "")")
            #expect(try await scenario.value(Self.counts, on: scenario.target) == counts)
            let reverse = try await scenario.lanes(.reverse)
            #expect(reverse.stage == .running && reverse.loss == nil && reverse.trouble == nil)
            #expect(await port.observeSource(context).value?.fence == .closed)

            try await port.closeTarget(context, epoch: 3)
            #expect(try await drained(scenario, .reverse))
            try await port.drainLanes(context, .reverse, to: .init(bytes: 0), epoch: 1, publisherEpoch: 4)
            #expect(try await scenario.lanes(.reverse).sequencesEpoch == 4)
            try await port.removeLanes(context, .forward, epoch: 1)
            try await port.removeLanes(context, .reverse, epoch: 1)
            try await port.prepareLanes(context, .forward, epoch: 1)
            try await port.openSource(context, epoch: 1)
            try await write(scenario, on: .source, "INSERT INTO keyed (note) VALUES ('home'); INSERT INTO plain VALUES (-4)")
            try await port.connectLanes(context, .forward, epoch: 2)
            #expect(try await arrives(scenario, on: .target, "home"))
            let (home, away) = try await (scenario.value(Self.counts, on: scenario.source), scenario.value(Self.counts, on: scenario.target))
            #expect(home == away && home?.contains("/\(moved + 3)/") == true, "\(home ?? "") \(away ?? "")")
            try await scenario.end()
        }

        @Test("a target opened again after a refused rollback keeps what clients wrote before for the source")
        func openedAgain() async throws {
            let scenario = try await movedUnderLoad("lane again")
            let (port, context) = (scenario.port, scenario.context)
            try await port.openTarget(context, epoch: 2)
            try await write(scenario, on: .target, "INSERT INTO keyed (note) VALUES ('before')")
            try await port.closeTarget(context, epoch: 3)
            try await port.openTarget(context, epoch: 4)
            try await port.connectLanes(context, .reverse, epoch: 1)
            #expect(try await arrives(scenario, on: .source, "before"))
            // Where it began is kept durably on the source, for a target that crashes before its slot was saved.
            let begun = try await scenario.value("SELECT started_at FROM _dbmigration.lane WHERE direction = 'reverse'", on: scenario.target)
            let later = try await scenario.value(
                "SELECT bool_and(pg_replication_origin_progress('pg_' || oid, true) >= '\(begun ?? "")') FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
                on: scenario.source)
            #expect(begun != nil && later == "t")
            try await scenario.end()
        }

        @Test("a way back that was connected after an undone switch begins behind what came forward since")
        func undoneSwitch() async throws {
            let scenario = try await movedUnderLoad("lane undone")
            let (port, context) = (scenario.port, scenario.context)
            try await port.openTarget(context, epoch: 2)
            try await port.closeTarget(context, epoch: 3)
            try await port.openSource(context, epoch: 1)
            try await port.connectLanes(context, .forward, epoch: 2)
            try await write(scenario, on: .source, "INSERT INTO plain VALUES (-1); INSERT INTO keyed (note) VALUES ('second')")
            try await port.closeSource(context, epoch: 2)
            #expect(try await drained(scenario, .forward))
            try await port.disconnectLanes(context, .forward, epoch: 3)
            try await port.openTarget(context, epoch: 4)
            let counts = try await scenario.value(Self.counts, on: scenario.source)
            try await port.connectLanes(context, .reverse, epoch: 3)
            try await write(scenario, on: .target, "UPDATE keyed SET note = 'sentinel' WHERE note = 'second'")
            #expect(try await arrives(scenario, on: .source, "sentinel"))
            #expect(try await scenario.value(Self.counts, on: scenario.source) == counts)
            try await scenario.end()
        }

        @Test("a late action of another epoch is stopped")
        func late() async throws {
            let scenario = try await Scenario.makeLive("lane late", schema: [])
            let (port, context) = (scenario.port, scenario.context)
            try await port.prepareLanes(context, .forward, epoch: 0)
            await #expect(throws: FenceStopped.self) { try await port.connectLanes(context, .forward, epoch: 1) }
            try await port.connectLanes(context, .forward, epoch: 0)
            try await port.closeSource(context, epoch: 0)
            let before = try await scenario.laneObjects(on: .source)
            for direction in [Direction.forward, .reverse] {
                await #expect(throws: FenceStopped.self) { try await port.prepareLanes(context, direction, epoch: 0) }
                await #expect(throws: FenceStopped.self) { try await port.connectLanes(context, direction, epoch: 0) }
                await #expect(throws: FenceStopped.self) { try await port.disconnectLanes(context, direction, epoch: 0) }
                await #expect(throws: FenceStopped.self) { try await port.removeLanes(context, direction, epoch: 0) }
                await #expect(throws: FenceStopped.self) {
                    try await port.drainLanes(context, direction, to: .init(bytes: 0), epoch: 0, publisherEpoch: 0)
                }
            }
            #expect(try await scenario.laneObjects(on: .source) == before)
            #expect(try await scenario.lanes(.forward).stage == .running)
            // The source is open again, or the publisher another: its sequences may move.
            await #expect(throws: FenceStopped.self) {
                try await port.drainLanes(context, .reverse, to: .init(bytes: 0), epoch: 1, publisherEpoch: 1)
            }
            try await port.openSource(context, epoch: 1)
            await #expect(throws: FenceStopped.self) {
                try await port.drainLanes(context, .forward, to: .init(bytes: 0), epoch: 2, publisherEpoch: 2)
            }
            try await port.removeArtefacts(context, side: .target)
            await #expect(throws: FenceStopped.self) { try await port.prepareLanes(context, .reverse, epoch: 2) }
            try await scenario.end()
            #expect(await port.artefacts(context) == .value([]))
        }

        @Test("a slot that is gone is a loss, a worker that fails a trouble, and a table made since both in turn")
        func lossAndTrouble() async throws {
            let scenario = try await Scenario.makeLive("lane loss", databases: 2)
            let (port, context) = (scenario.port, scenario.context)
            try await port.prepareLanes(context, .forward, epoch: 0)
            try await port.connectLanes(context, .forward, epoch: 0)
            // A row the target has already: the worker ends with an error, again and again.
            try await scenario.target.superuser(scenario.databases[0]) {
                try await $0.execute("BEGIN READ WRITE; SET LOCAL session_replication_role = replica; INSERT INTO parted VALUES (7, 'mine'); COMMIT")
            }
            try await write(scenario, on: .source, "INSERT INTO parted VALUES (7, 'theirs')")
            #expect(try await eventually { try await scenario.lanes(.forward).trouble?.contains("ends with errors") == true })
            #expect(try await scenario.lanes(.forward).loss == nil)
            try await scenario.target.superuser(scenario.databases[0]) {
                try await $0.execute("BEGIN READ WRITE; SET LOCAL session_replication_role = replica; DELETE FROM parted; COMMIT")
            }
            #expect(
                try await eventually { try await scenario.value("SELECT v FROM parted", on: scenario.target) == "theirs" })

            try await write(scenario, on: .source, "CREATE TABLE later (a int PRIMARY KEY)", scenario.databases[1])
            let drifted = try await scenario.lanes(.forward)
            #expect(drifted.lanes[1].trouble?.contains("public.later") == true && drifted.loss == nil)
            try await port.closeSource(context, epoch: 0)
            #expect(try await scenario.lanes(.forward).lanes[1].loss?.contains("public.later") == true)
            try await port.openSource(context, epoch: 1)

            let name = try await scenario.value("SELECT name FROM _dbmigration.lane", on: scenario.target) ?? ""
            try await port.disconnectLanes(context, .forward, epoch: 2)
            #expect(
                try await eventually {
                    (try? await scenario.value("SELECT pg_drop_replication_slot('\(name)')", on: scenario.source)) != nil
                })
            let lost = try await scenario.lanes(.forward)
            #expect(lost.lanes[0].loss?.contains(name) == true && lost.loss?.contains("only a new copy helps") == true)
            try await port.removeLanes(context, .forward, epoch: 2)
            #expect(try await scenario.lanes(.forward).isAbsent)
            try await scenario.end()
        }

        @Test("a slot that waits for a transaction says for whose, and gives up")
        func waiting() async throws {
            let scenario = try await Scenario.makeLive("lane waits", schema: ["CREATE TABLE t (a int PRIMARY KEY)"])
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("BEGIN; INSERT INTO t VALUES (1)")
            let failure = await #expect(throws: FenceFailure.self) {
                try await scenario.port.prepareLanes(scenario.context, .forward, epoch: 0)
            }
            let pid = await client.backend
            #expect(failure?.what.contains("pid \(pid)") == true, "\(failure?.description ?? "")")
            try await client.execute("COMMIT")
            await client.close()
            try await scenario.port.prepareLanes(scenario.context, .forward, epoch: 0)
            #expect(try await scenario.lanes(.forward).stage == .connected)
            try await scenario.end()
        }

        @Test("a publisher that cannot be reached is named, its password is not")
        func unreachable() async throws {
            let scenario = try await Scenario.makeLive("lane secret", schema: [])
            var context = scenario.context
            context.source.replicator = Login(user: "Admin", password: Redacted("another 'secret\\ word"))
            let error = await #expect(throws: PostgresError.self) { try await scenario.port.prepareLanes(context, .forward, epoch: 0) }
            #expect(error?.description.contains("password authentication failed") == true, "\(error?.description ?? "")")
            #expect(error?.description.contains("secret\\") == false)
            #expect(try await scenario.lanes(.forward).stage == .slotted)
            // The right one, later, goes on where that ended.
            try await scenario.port.connectLanes(scenario.context, .forward, epoch: 0)
            #expect(try await scenario.lanes(.forward).stage == .running)
            try await scenario.end()
        }
    }
}
