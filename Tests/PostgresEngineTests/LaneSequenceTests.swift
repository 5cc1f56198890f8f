import MigrationCore
import MigrationPorts
import Testing

@testable import PostgresEngine

@Suite("Sequences set past the other side's") struct SequenceStates {
    private func sequence(
        _ last: Int64, called: Bool = true, by increment: Int64 = 1, from minimum: Int64 = 1, to maximum: Int64 = 1000, cache: Int64 = 1,
        cycles: Bool = false
    ) -> SequenceState {
        SequenceState(
            schema: "public", name: "s", last: last, isCalled: called, increment: increment, minimum: minimum, maximum: maximum, cache: cache,
            cycles: cycles)
    }

    private func aligned(_ publisher: SequenceState, _ subscriber: SequenceState) -> SequenceState.Value {
        SequenceState.aligned(publisher: publisher, subscriber: subscriber)
    }

    @Test("goes on where the publisher's stopped, or where its own was further")
    func further() {
        #expect(aligned(sequence(40), sequence(10)) == .init(last: 40, isCalled: true))
        #expect(aligned(sequence(40), sequence(70)) == .init(last: 70, isCalled: true))
        #expect(aligned(sequence(1, called: false), sequence(1, called: false)) == .init(last: 1, isCalled: false))
        #expect(aligned(sequence(1, called: false), sequence(1)) == .init(last: 1, isCalled: true))
        #expect(aligned(sequence(1), sequence(1, called: false)) == .init(last: 1, isCalled: true))
    }

    @Test("downwards too")
    func descending() {
        let (high, low) = (sequence(50, by: -5, from: -1000, to: 100), sequence(20, by: -5, from: -1000, to: 100))
        #expect(aligned(low, high).last == 20)
        #expect(aligned(high, low).last == 20)
        #expect(aligned(sequence(50, by: -5, from: -1000, to: 100, cache: 10), high).last == 0)
    }

    @Test("a batch later with CACHE, unless its end is near")
    func cached() {
        #expect(aligned(sequence(40, cache: 20), sequence(1)).last == 60)
        #expect(aligned(sequence(990, cache: 20), sequence(1)).last == 990)
        #expect(aligned(sequence(1000, cache: 20), sequence(1)) == .init(last: 1000, isCalled: true))
        #expect(aligned(sequence(Int64.max - 3, to: Int64.max, cache: 20), sequence(1, to: Int64.max)).last == Int64.max - 3)
    }

    @Test("one that cycles takes the younger value, and bounds of the subscriber hold")
    func bounds() {
        #expect(aligned(sequence(3, cycles: true), sequence(900, cycles: true)).last == 3)
        #expect(aligned(sequence(900), sequence(1, to: 500)).last == 500)
        #expect(aligned(sequence(3), sequence(100, called: false, from: 100)).last == 100)
    }
}

@Suite("The end of a server's log") struct FencePositions {
    @Test("is not behind the header of a page that holds nothing yet", arguments: [(0x2000, 24), (0x100_0000, 40)])
    func header(page: UInt64, header: UInt64) {
        func end(_ bytes: UInt64) -> UInt64 { FencePosition.end(WALPosition(bytes: bytes), block: 8192, segment: 16_777_216).bytes }
        #expect(end(page + header) == page)
        #expect(end(page) == page && end(page + header + 8) == page + header + 8)
        // A record that goes on over the page's beginning and ends where another page's header would.
        let other: UInt64 = header == 24 ? 40 : 24
        #expect(end(page + other) == page + other)
    }
}

extension DatabaseTests {
    @Suite("Sequences of a lane") struct LaneSequences {
        @Test("are left alone until the lane is drained; the seal then ends its worker")
        func drain() async throws {
            let scenario = try await Scenario.makeLive("lane drain", schema: ["CREATE TABLE t (id bigserial PRIMARY KEY)"])
            let (port, context) = (scenario.port, scenario.context)
            try await port.prepareLanes(context, .forward, epoch: 0)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("INSERT INTO t DEFAULT VALUES")
            await client.close()
            try await port.closeSource(context, epoch: 0)
            let position = try #require(await port.observeSource(context).value?.position)
            func drain() async throws -> Int64? {
                try await port.drainLanes(context, .forward, to: position, epoch: 1, publisherEpoch: 1)
                return try await scenario.lanes(.forward).sequencesEpoch
            }
            #expect(try await drain() == nil)

            try await port.connectLanes(context, .forward, epoch: 1)
            #expect(try await eventually { try await drain() == 1 })
            #expect(try await scenario.lanes(.forward).isDrained(to: position))
            #expect(try await scenario.value("SELECT count(*) || ' ' || (SELECT last_value FROM t_id_seq) FROM t", on: scenario.target) == "1 1")

            for _ in 1...2 {
                try await port.sealSource(context, epoch: 1)
                let source = await port.observeSource(context).value
                #expect(source?.fence == .closed && source?.epoch == 2)
                #expect(try await scenario.lanes(.forward).stage == .connected)
            }
            try await scenario.end()
        }

        @Test("a mismatch found behind a fence is not forgotten by a later look at the same fence")
        func mismatchStays() async throws {
            let scenario = try await Scenario.makeLive("lane mismatch", schema: [])
            let sessions = Sessions(scenario.context.target, uid: scenario.context.uid)
            func note(_ epoch: Int64, _ mismatch: String?) async throws -> String? {
                _ = try await sessions.with(database: scenario.context.plan.databases[0].targetName) {
                    try await $0.execute(SequenceTable.note(.forward, epoch, mismatch))
                }
                return try await scenario.lanes(.forward).mismatch
            }
            #expect(try await note(1, "app.t differs") == "app.t differs")
            #expect(try await note(1, nil) == "app.t differs")
            #expect(try await note(3, nil) == nil)
            try await scenario.end()
        }

        @Test("are set on the closed target past the source's, and back past both")
        func align() async throws {
            let schema = [
                "CREATE SEQUENCE plain", "CREATE SEQUENCE down INCREMENT -5 MAXVALUE 100 START 50", "CREATE SEQUENCE cached CACHE 20",
                "CREATE SEQUENCE ended MAXVALUE 3", "CREATE SEQUENCE untouched START 5", #"CREATE SEQUENCE "o'dd ""é\" "#,
            ]
            let scenario = try await Scenario.makeLive("lane seq", schema: schema)
            let (port, context) = (scenario.port, scenario.context)
            let client = try await scenario.application(on: scenario.source)
            try await client.execute(
                #"SELECT nextval('plain'), nextval('plain'), nextval('down'), nextval('cached'), nextval('ended'), nextval('ended'), nextval('ended'), nextval('"o''dd ""é\"')"#
            )
            await client.close()
            try await port.closeSource(context, epoch: 0)
            try await port.drainLanes(context, .forward, to: .init(bytes: 0), epoch: 1, publisherEpoch: 1)
            try await port.drainLanes(context, .forward, to: .init(bytes: 0), epoch: 1, publisherEpoch: 1)
            func values(_ side: Side) async throws -> String? {
                let names = ["plain", "down", "cached", "ended", "untouched", #""o'dd ""é\""#]
                let list = names.map { "(SELECT last_value || is_called::text FROM \($0))" }.joined(separator: ", ")
                return try await scenario.value("SELECT concat_ws(' ', \(list))", on: scenario.cluster(side))
            }
            #expect(try await values(.target) == "2true 50true 40true 3true 5false 1true")
            #expect(try await scenario.lanes(.forward).sequencesEpoch == 1)
            #expect(try await scenario.lanes(.reverse).sequencesEpoch == nil)

            // Somebody reset one on the target; the source's own value counts then.
            try await port.openTarget(context, epoch: 2)
            let other = try await scenario.application(on: scenario.target)
            try await other.execute("SELECT nextval('plain'), setval('cached', 1), nextval('untouched'); CREATE SEQUENCE new; SELECT nextval('new')")
            await other.close()
            try await port.closeTarget(context, epoch: 3)
            try await port.drainLanes(context, .reverse, to: .init(bytes: 0), epoch: 1, publisherEpoch: 4)
            #expect(try await values(.source) == "3true 50true 21true 3true 5true 1true")
            #expect(try await scenario.lanes(.reverse).sequencesEpoch == 4)
            try await scenario.end()
        }

        @Test("one that is missing on the target stops the switch by name")
        func missing() async throws {
            let scenario = try await Scenario.makeLive("lane seq missing", schema: [])
            let client = try await scenario.application(on: scenario.source)
            try await client.execute("CREATE SEQUENCE late")
            await client.close()
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let failure = await #expect(throws: FenceFailure.self) {
                try await scenario.port.drainLanes(scenario.context, .forward, to: .init(bytes: 0), epoch: 1, publisherEpoch: 1)
            }
            #expect(failure?.what.contains("public.late") == true)
            #expect(try await scenario.lanes(.forward).sequencesEpoch == nil)
            try await scenario.end()
        }
    }
}
