import KubernetesModel
import StructuredData
import Testing

@testable import MigrationAPI
@testable import MigrationCore

@Suite("The status of a live migration")
struct LiveStatusTests: StatusSuite {
    let schema: JSONValue
    let reading: SpecReading
    let plan: Plan
    let now = Timestamp(milliseconds: 1_000_000)

    init() throws {
        schema = try Repository.schema()
        reading = try PlanBuilder.read(Fixtures.live("{verification: {mode: Checksum}, cutover: {maxLagBytes: 1000}}"))
        plan = try #require(reading.plan)
    }

    private func record(_ phase: Phase, _ plan: Plan? = nil, milestones: Set<Milestone> = []) -> Record {
        var record = Record(attempt: 1, phase: phase, at: Timestamp(milliseconds: 900_000))
        record.milestones = milestones
        guard [.fencing, .draining, .switching, .soaking, .promoted, .rollingBack].contains(phase) else { return record }
        record.frozen = plan ?? self.plan
        record.fence = Record.Fence(
            epoch: 1, decidedAt: Timestamp(milliseconds: 900_000), deadline: Timestamp(milliseconds: 960_000),
            closedAt: Timestamp(milliseconds: 900_500))
        if [.soaking, .promoted, .rollingBack].contains(phase) {
            record.targetEpoch = 1
            record.switchedAt = Timestamp(milliseconds: 901_000)
        }
        return record
    }

    private func lanes(
        _ stage: LaneState.Stage, lag: Int64? = 0, confirmed: UInt64 = 100, loss: String? = nil, trouble: String? = nil
    ) -> ReplicationState {
        ReplicationState(
            lanes: plan.databases.enumerated().map { index, database in
                LaneState(
                    database: database.name, stage: stage, isStreaming: stage == .running, confirmed: WALPosition(bytes: confirmed + UInt64(index)),
                    lagBytes: lag, retainedBytes: 56, loss: index == 0 ? loss : nil, trouble: index == 0 ? trouble : nil)
            })
    }

    private func expect(
        _ condition: Condition?, _ status: String, _ reason: Reason, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(condition?.status == status, sourceLocation: sourceLocation)
        #expect(condition?.reason == reason.rawValue, sourceLocation: sourceLocation)
        let message = condition?.message ?? ""
        #expect(text.isEmpty || message.contains(text), "\(message)", sourceLocation: sourceLocation)
    }

    @Test("every phase obeys kstatus with any lanes", arguments: Phase.allCases)
    func everyPhase(phase: Phase) throws {
        let long = String(repeating: "é", count: 2_200)
        let facts: [Fact<ReplicationState>] = [
            .unknown(Observation.notAsked), .unknown(long), .value(ReplicationState(lanes: [])), .value(lanes(.absent, lag: nil)),
            .value(lanes(.slotted, lag: -1)), .value(lanes(.running, loss: long, trouble: long)), .value(lanes(.running, trouble: long)),
        ]
        // The two directions speak in conditions of their own, so that not every pair is needed.
        for (forward, reverse) in zip(facts, facts.dropFirst() + facts.prefix(1)) {
            var record = record(phase)
            record.firstClientWriteAt = now
            record.dropped = phase == .failed ? .init(.retainedWALExceeded, long) : nil
            _ = try build(record, Observation(forward: forward, reverse: reverse))
        }
    }

    @Test("the lag is the target's until the switch, and the source's after it")
    func lag() throws {
        let both = Observation(forward: .value(lanes(.running, lag: 10)), reverse: .value(lanes(.running, lag: 20)))
        let before = try build(record(.replicating), both)
        #expect(before.lagBytes == 10)
        #expect(before.lagMeasuredAt == now.microTime && before.lagSeconds == nil)
        #expect(try build(record(.soaking), both).lagBytes == 20)
        var back = record(.rollingBack)
        #expect(try build(back, both).lagBytes == 20)
        back.rollback = .init(cause: .init(.requested, "x"), isRequested: true, from: .soaking, acceptsLoss: false, isCarriedBack: true)
        #expect(try build(back, both).lagBytes == 10)
        var timed = lanes(.running, lag: 1_001)
        for index in timed.lanes.indices { timed.lanes[index].lagMilliseconds = 2_900 + Int64(index) * 1_000 }
        let status = try build(record(.replicating), Observation(forward: .value(timed)))
        #expect(status.lagSeconds == Int64(timed.lanes.count) + 1)
        #expect(status.databases?.first?.lanes?.first?.lagSeconds == 2)
        expect(status[.caughtUp], "False", .catchingUp, "1001 bytes (\(timed.lanes.count + 1).9 s) behind")
    }

    @Test("a lag that is not known is not shown")
    func unknownLag() throws {
        let before = try build(record(.replicating), Observation(forward: .value(lanes(.running, lag: 10))))
        for forward in [Fact.unknown("no route"), .value(lanes(.slotted, lag: nil))] {
            let status = try build(record(.replicating), Observation(forward: forward), previous: before)
            #expect(status.lagBytes == nil && status.lagMeasuredAt == nil)
        }
        let snapshot = try PlanBuilder.read(Fixtures.migration())
        let status = try build(record(.provisioning), Observation(forward: .value(lanes(.running, lag: 10))), reading: snapshot)
        #expect(status.lagBytes == nil)
    }

    @Test("each database shows its lanes, and those of which nothing exists are left out")
    func databaseLanes() throws {
        let observation = Observation(
            forward: .value(lanes(.running, lag: 10, trouble: "the worker ended")), reverse: .value(lanes(.absent, lag: nil)),
            progress: [DatabaseProgress(name: "chain_db", phase: "Copied", bytesTotal: 1, bytesCopied: 1)])
        let status = try build(record(.replicating), observation)
        #expect(status.databases?.map(\.name) == ["chain_db"])
        #expect(
            status.databases?.first?.lanes == [
                LaneStatus(
                    direction: "Forward", number: 1, stage: "Running", streaming: true, lagBytes: 10, retainedBytes: 56, trouble: "the worker ended")
            ])
        let later = try build(record(.soaking), Observation(reverse: .value(lanes(.connected, loss: "slot lost", trouble: "x"))), previous: status)
        #expect(later.databases?.first?.bytes == status.databases?.first?.bytes)
        #expect(later.databases?.first?.lanes?.map(\.direction) == ["Reverse"])
        #expect(later.databases?.first?.lanes?.first?.trouble == "slot lost")
        #expect(try build(record(.soaking), previous: later).databases?.first?.lanes == nil)
        let withoutProgress = try build(record(.replicating), Observation(forward: .value(lanes(.slotted))))
        #expect(withoutProgress.databases?.map(\.name) == ["chain_db", "publisher_db"])
    }

    @Test("every lane of a database is shown, by direction and number")
    func severalLanes() throws {
        let two = ReplicationState(lanes: [1, 2].map { LaneState(database: "chain_db", number: $0, stage: .running, lagBytes: Int64($0)) })
        let status = try build(record(.replicating), Observation(forward: .value(two), reverse: .value(two)))
        let shown = status.databases?.first?.lanes?.map { "\($0.direction) \($0.number ?? 0) \($0.lagBytes ?? 0)" }
        #expect(shown == ["Forward 1 1", "Forward 2 2", "Reverse 1 1", "Reverse 2 2"])
        #expect(status.lagBytes == 2)
    }

    @Test("the cutover shows where the source stopped and how far the way back is")
    func cutover() throws {
        var record = record(.draining)
        let reverse = Observation(reverse: .value(lanes(.connected)))
        #expect(try build(record, reverse).cutover?.fenceLSN == nil)
        record.fence?.position = WALPosition("16/B374D848")
        let status = try build(record, reverse)
        #expect(status.cutover?.fenceLSN == "16/B374D848")
        #expect(status.cutover?.reverseLane == "Connected")
        record.frozen?.rollback.keepReverseReplication = false
        #expect(try build(record, reverse).cutover?.reverseLane == nil)
    }

    @Test("CaughtUp says how far the target is behind")
    func caughtUp() throws {
        func condition(_ phase: Phase, _ forward: Fact<ReplicationState>, milestones: Set<Milestone> = []) throws -> Condition? {
            try build(record(phase, milestones: milestones), Observation(forward: forward))[.caughtUp]
        }
        expect(try condition(.copying, .value(lanes(.slotted))), "False", .notStarted)
        expect(try condition(.replicating, .value(lanes(.connected))), "Unknown", .catchingUp)
        expect(try condition(.replicating, .value(lanes(.running, lag: nil))), "Unknown", .catchingUp)
        expect(
            try condition(.replicating, .value(lanes(.running, lag: 1_001))), "False", .catchingUp,
            "1001 bytes behind; spec.cutover.maxLagBytes is 1000")
        expect(try condition(.replicating, .value(lanes(.running, lag: 1_000))), "True", .succeeded, "1000 bytes behind")
        expect(try condition(.verifying, .value(lanes(.running, lag: 1_001)), milestones: [.caughtUp]), "False", .catchingUp)
        expect(try condition(.awaitingCutover, .value(lanes(.running, trouble: "duplicate key"))), "False", .laneBroken, "chain_db: duplicate key")
        expect(try condition(.replicating, .value(lanes(.running, loss: "slot lost"))), "False", .laneLost, "slot lost")
        expect(try condition(.replicating, .unknown("no route")), "Unknown", .observationFailed, "no route")
        expect(try condition(.fencing, .unknown(Observation.notAsked), milestones: [.caughtUp]), "True", .succeeded)
        expect(try condition(.soaking, .value(lanes(.absent, lag: nil)), milestones: [.caughtUp]), "True", .succeeded)
        var drifted = lanes(.running, trouble: "duplicate key")
        drifted.drift = "chain_db: public.ledger has column note text on the source only"
        expect(try condition(.awaitingCutover, .value(drifted)), "False", .schemaDrift, "column note text on the source only")
        var dropped = record(.failed)
        dropped.dropped = .init(.retainedWALExceeded, "too much WAL")
        expect(try build(dropped)[.caughtUp], "False", .retainedWALExceeded, "too much WAL")
    }

    @Test("RollbackReady follows the reverse lanes once clients wrote on the target")
    func rollbackReady() throws {
        func condition(_ reverse: Fact<ReplicationState>, written: Bool = true, _ plan: Plan? = nil) throws -> Condition? {
            var record = record(.soaking, plan)
            record.firstClientWriteAt = written ? now : nil
            let target = Fact.value(TargetState(isPrepared: true, fence: .open, epoch: 2, tookClientWrite: written))
            return try build(record, Observation(target: target, reverse: reverse))[.rollbackReady]
        }
        expect(try condition(.unknown("no route"), written: false), "True", .lossless)
        expect(try condition(.value(lanes(.running, lag: 7))), "True", .lossless, "the source is 7 bytes behind")
        expect(try condition(.value(lanes(.connected, trouble: "of an earlier worker"))), "True", .lossless)
        expect(try condition(.value(lanes(.slotted))), "False", .reverseLaneLost, "acceptLoss to ReverseLaneLost")
        expect(try condition(.value(lanes(.running, loss: "slot lost"))), "False", .reverseLaneLost, "chain_db: slot lost")
        expect(try condition(.value(lanes(.running, trouble: "disk full"))), "False", .reverseLaneBroken, "acceptLoss to ReverseLaneBroken")
        expect(try condition(.value(lanes(.running, trouble: "disk full"))), "False", .reverseLaneBroken, "chain_db: disk full")
        expect(try condition(.unknown("no route")), "Unknown", .observationFailed, "no route")
        var drifted = lanes(.running)
        drifted.drift = "chain_db: public.ledger has column note text on the target only"
        expect(try condition(.value(drifted)), "False", .reverseSchemaDrift, "note text on the target only. To go back")
        var plan = plan
        plan.rollback.keepReverseReplication = false
        expect(try condition(.value(lanes(.absent)), plan), "False", .noReverseLane, "keepReverseReplication is false")
    }

    @Test("what is shown as the loss is what the core wants to be named")
    func lossAsDecided() throws {
        for reverse in [lanes(.running), lanes(.slotted), lanes(.running, loss: "slot lost"), lanes(.running, trouble: "disk full")] {
            var record = record(.soaking)
            record.firstClientWriteAt = now
            let condition = try build(record, Observation(reverse: .value(reverse)))[.rollbackReady]
            let loss = lossReason(plan: plan, record: record, reverse: .value(reverse))
            #expect(condition?.reason == (loss ?? .lossless).rawValue)
            #expect((condition?.status == "True") == (loss == nil))
        }
    }

    @Test("lanes that carry everything back answer for a target that cannot be asked")
    func unknownTarget() throws {
        let running = Observation(target: .unknown("no route"), reverse: .value(lanes(.running)))
        expect(try build(record(.soaking), running)[.rollbackReady], "True", .lossless)
        let lost = Observation(target: .unknown("no route"), reverse: .value(lanes(.running, loss: "slot lost")))
        expect(try build(record(.soaking), lost)[.rollbackReady], "Unknown", .observationFailed, "no route")
    }

    @Test("Verified says what was compared")
    func verified() throws {
        expect(try build(record(.awaitingCutover, milestones: [.verified]))[.verified], "True", .succeeded, "contents of all tables")
        let counted = try PlanBuilder.read(Fixtures.live("{verification: {mode: RowCount}}"))
        expect(try build(record(.awaitingCutover, milestones: [.verified]), reading: counted)[.verified], "True", .succeeded, "row counts")
    }

    @Test("percentages only grow along the path to Promoted")
    func percent() throws {
        var last = -1
        for phase in Phase.path(of: plan) where phase != .promoted {
            let percent = try #require(build(record(phase)).progressPercent)
            #expect(percent >= last, "\(phase.rawValue)")
            last = percent
        }
    }

    @Test("catching up and draining have a percentage")
    func fractions() throws {
        func percent(_ record: Record, _ forward: ReplicationState) throws -> Int? {
            try build(record, Observation(forward: .value(forward))).progressPercent
        }
        #expect(try percent(record(.replicating), lanes(.running, lag: 2_000)) == 62)
        #expect(try percent(record(.replicating), lanes(.running, lag: 10)) == 65)
        #expect(try percent(record(.replicating), lanes(.running, lag: nil)) == 60)
        var draining = record(.draining)
        draining.fence?.position = WALPosition(bytes: 101)
        #expect(try percent(draining, lanes(.running, confirmed: 99)) == 78)
        #expect(try percent(draining, lanes(.running, confirmed: 100)) == 80)
        #expect(try percent(draining, lanes(.running, confirmed: 101)) == 82)
    }

    @Test("the time left follows from how fast the lag shrinks")
    func timeLeft() throws {
        func status(_ phase: Phase, lag: Int64, previous: DatabaseMigrationStatus? = nil, after seconds: Int = 0) throws -> DatabaseMigrationStatus {
            try build(
                record(phase), Observation(forward: .value(lanes(.running, lag: lag))), previous: previous, at: now.adding(seconds: seconds))
        }
        let first = try status(.replicating, lag: 11_000)
        #expect(first.etaSeconds == nil)
        #expect(try status(.replicating, lag: 6_000, previous: first, after: 10).etaSeconds == 10)
        #expect(try status(.replicating, lag: 12_000, previous: first, after: 10).etaSeconds == nil)
        #expect(try status(.replicating, lag: 900, previous: first, after: 10).etaSeconds == 0)
        #expect(try status(.draining, lag: 6_000, previous: first, after: 10).etaSeconds == nil)
        let draining = try status(.draining, lag: 1_000)
        #expect(try status(.draining, lag: 500, previous: draining, after: 2).etaSeconds == 2)
    }

    @Test("a lost record leaves no lag behind")
    func stateLost() throws {
        let previous = try build(record(.replicating), Observation(forward: .value(lanes(.running, lag: 10))))
        let status = StatusBuilder.stateLost(previous: previous, generation: 3, cause: .init(.stateLost, "unreadable"), now: now)
        #expect(status.lagBytes == nil && status.lagMeasuredAt == nil && status.databases == previous.databases)
    }
}
