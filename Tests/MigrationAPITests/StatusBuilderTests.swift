import KubernetesModel
import StructuredData
import Testing

@testable import MigrationAPI
@testable import MigrationCore

@Suite("From decision to status")
struct StatusBuilderTests: StatusSuite {
    let schema: JSONValue
    let reading: SpecReading
    let plan: Plan
    let now = Timestamp(milliseconds: 1_000_000)

    init() throws {
        schema = try Repository.schema()
        reading = try PlanBuilder.read(Fixtures.migration("{health: {soakSeconds: 100}, verification: {mode: RowCount}}"))
        plan = try #require(reading.plan)
    }

    private func record(_ phase: Phase, fenced: Bool = false) -> Record {
        var record = Record(attempt: 1, phase: phase, at: Timestamp(milliseconds: 900_000))
        guard fenced else { return record }
        record.frozen = plan
        record.fence = Record.Fence(
            epoch: 1, decidedAt: Timestamp(milliseconds: 900_000), deadline: Timestamp(milliseconds: 960_000),
            closedAt: Timestamp(milliseconds: 900_500), evidence: "no client session")
        return record
    }

    private func expect(
        _ condition: Condition?, _ status: String, _ reason: Reason, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(condition?.status == status, sourceLocation: sourceLocation)
        #expect(condition?.reason == reason.rawValue, sourceLocation: sourceLocation)
    }

    @Test("every phase with every standing obeys kstatus", arguments: Phase.allCases)
    func everyPhase(phase: Phase) throws {
        let long = String(repeating: "é", count: 2_200)
        let standings: [Standing] = [
            .progressing(.init(.progressingWithRetry, long)), .awaitingApproval(long), .goalReached(""), .stalled(.init(.copyFailed, long)),
        ]
        let invalid = try PlanBuilder.read(Fixtures.migration("{strategy: Fresh, source: {host: ''}}"))
        let unknown = Observation(preflight: .unknown(long), source: .unknown(long), target: .unknown(long), workloads: .unknown(long))
        let noisy = Observation(
            preflight: .value([PreflightProblem(reason: .unreachable, message: long)]),
            progress: [DatabaseProgress(name: long, phase: long, bytesTotal: -1, mismatches: Array(repeating: long, count: 50))])
        for standing in standings {
            for (observation, reading) in [(Observation(), reading), (unknown, invalid), (noisy, reading)] {
                var record = record(phase, fenced: true)
                record.rollback = .init(cause: .init(.probeFailed, long), isRequested: false, from: .soaking, acceptsLoss: false)
                record.failure = .init(.copyFailed, long)
                record.checks = [long: .init(verdict: .failed, streak: 3, message: long)]
                _ = try build(record, observation, standing: standing, reading: reading)
            }
        }
    }

    @Test("a status too large to be written is trimmed, and says what was left out")
    func tooLarge() throws {
        func status(mismatches: Int, lanes: Int) throws -> DatabaseMigrationStatus {
            let long = String(repeating: "é", count: 300)
            let names = (1...64).map { "database-\($0)" }
            let lane = { (name: String) in LaneState(database: name, stage: .running, trouble: long) }
            let observation = Observation(
                forward: .value(ReplicationState(lanes: names.flatMap { name in Array(repeating: lane(name), count: lanes) })),
                progress: names.map { DatabaseProgress(name: $0, phase: "Verified", mismatches: Array(repeating: long, count: mismatches)) })
            return try build(record(.replicating), observation)
        }
        #expect(try status(mismatches: 5, lanes: 0)[.statusTrimmed] == nil)
        let without = try status(mismatches: 20, lanes: 0)
        expect(without[.statusTrimmed], "True", .statusTooLarge)
        #expect(without[.statusTrimmed]?.message?.contains("\(64 * 18) mismatches") == true)
        #expect(without.databases?.map { $0.mismatches?.count } == Array(repeating: 2, count: 64))
        let bare = try status(mismatches: 20, lanes: 16)
        #expect(bare[.statusTrimmed]?.message?.contains("\(64 * 16) lanes") == true)
        #expect(bare.databases?.allSatisfy { $0.lanes == nil } == true)
        #expect(try JSON.encode(bare).count < 400_000)
    }

    @Test("the first visit sets every condition")
    func firstVisit() throws {
        let status = try build(record(.pending))
        expect(status[.ready], "Unknown", .progressing)
        expect(status[.reconciling], "True", .progressing)
        #expect(status[.stalled] == nil)
        expect(status[.specValid], "True", .succeeded)
        expect(status[.backedUp], "False", .notRequested)
        expect(status[.caughtUp], "False", .notRequested)
        expect(status[.healthy], "Unknown", .notStarted)
        expect(status[.rollbackReady], "Unknown", .notStarted)
        #expect(status.conditions?.map(\.type) == ConditionType.allCases.filter { ![.stalled, .statusTrimmed].contains($0) }.map(\.rawValue))
    }

    @Test("each standing has its summary")
    func standings() throws {
        let waiting = try build(record(.awaitingCutover), standing: .awaitingApproval("Set spec.goal to Promoted."))
        expect(waiting[.reconciling], "True", .awaitingApproval)
        let reached = try build(record(.promoted), standing: .goalReached("Promoted."))
        expect(reached[.ready], "True", .goalReached)
        #expect(reached.progressPercent == 100)
        let stalled = try build(record(.failed), standing: .stalled(.init(.copyFailed, "x")))
        expect(stalled[.ready], "False", .copyFailed)
        expect(stalled[.stalled], "True", .copyFailed)
    }

    @Test("an invalid spec lists every problem, and says when only the version lacks something")
    func invalid() throws {
        let later = try PlanBuilder.read(Fixtures.migration("{redis: [{name: cache}], backup: {}}"))
        let status = try build(record(.pending), standing: .stalled(.init(.invalidSpec, "two problems")), reading: later)
        expect(status[.specValid], "False", .notImplemented)
        expect(status[.stalled], "True", .notImplemented)
        #expect(status[.specValid]?.message?.contains("spec.redis: ") == true)
        #expect(status[.specValid]?.message?.contains("\nspec.") == true)
        let mixed = try PlanBuilder.read(Fixtures.migration("{redis: [{name: cache}], attempt: 0}"))
        expect(try build(record(.pending), standing: .stalled(.init(.invalidSpec, "x")), reading: mixed)[.ready], "False", .invalidSpec)
    }

    @Test("preflight's first problem is the reason, all are in the message")
    func preflight() throws {
        let problems = [PreflightProblem(reason: .unreachable, message: "one"), PreflightProblem(reason: .secretMissing, message: "two")]
        let failing = try build(record(.preflight), Observation(preflight: .value(problems)))
        expect(failing[.preflightPassed], "False", .unreachable)
        #expect(failing[.preflightPassed]?.message == "one\ntwo")
        expect(
            try build(record(.preflight), Observation(preflight: .unknown("no DNS")))[.preflightPassed], "Unknown", .observationFailed)
    }

    @Test("warnings of a preflight that passed are in its message, and stay there while nobody looks again")
    func warnings() throws {
        var passed = record(.awaitingCutover)
        passed.milestones = [.preflightPassed]
        var seen = Observation(preflight: .value([]))
        seen.warnings = [PreflightProblem(reason: .workloadNotSelected, message: "CronJob nightly reads it")]
        let first = try build(passed, seen)
        expect(first[.preflightPassed], "True", .succeeded)
        #expect(first[.preflightPassed]?.message?.hasSuffix("\nWarning: CronJob nightly reads it") == true)
        passed.phase = .soaking
        let later = try build(passed, previous: first)
        #expect(later[.preflightPassed]?.message == first[.preflightPassed]?.message)
        seen.warnings = []
        let mended = try build(passed, seen, previous: first)
        #expect(mended[.preflightPassed]?.message?.contains("Warning") == false)
    }

    @Test("a transition time moves only with the status")
    func transitions() throws {
        let first = try build(record(.soaking, fenced: true), at: Timestamp(milliseconds: 1_000_000))
        let second = try build(record(.soaking, fenced: true), previous: first, at: Timestamp(milliseconds: 2_000_000))
        #expect(second.conditions?.map(\.lastTransitionTime) == first.conditions?.map(\.lastTransitionTime))
        let third = try build(
            record(.promoted, fenced: true), standing: .goalReached("Promoted."), previous: second, at: Timestamp(milliseconds: 3_000_000))
        #expect(third[.ready]?.lastTransitionTime == Time(secondsSince1970: 3_000))
        #expect(third[.specValid]?.lastTransitionTime == Time(secondsSince1970: 1_000))
    }

    @Test("copying has a percentage and an estimate")
    func copying() throws {
        let progress = [
            DatabaseProgress(name: "chain_db", phase: "Copying", tablesTotal: 4, tablesCopied: 1, bytesTotal: 400, bytesCopied: 100, rowsCopied: 10),
            DatabaseProgress(name: "publisher_db", phase: "Copied", bytesTotal: 400, bytesCopied: 300),
        ]
        let status = try build(record(.copying, fenced: true), Observation(progress: progress))
        #expect(status.progressPercent == 42)
        #expect(status.etaSeconds == 100)
        #expect(status.databases?.first?.tables == .init(total: 4, copied: 1, verified: 0))
        expect(status[.copied], "Unknown", .progressing)
        expect(status[.cutOver], "Unknown", .progressing)
        let later = try build(record(.switching, fenced: true), previous: status)
        #expect(later.databases == status.databases)
    }

    @Test("what a step ended with is the reason of its condition")
    func failedStep() throws {
        var record = record(.failed)
        record.timeline = [.init(phase: .copying, startedAt: now), .init(phase: .failed, startedAt: now)]
        record.failure = .init(.copyFailed, "disk full")
        let status = try build(record, standing: .stalled(.init(.copyFailed, "disk full")))
        expect(status[.copied], "False", .copyFailed)
        expect(status[.verified], "False", .notStarted)
    }

    @Test("AwaitingApproval is true exactly while a person is waited for")
    func awaitingApproval() throws {
        let waits = try build(record(.awaitingCutover), standing: .awaitingApproval("The write pause waits for gate uat."))
        expect(waits[.awaitingApproval], "True", .awaitingApproval)
        #expect(waits[.awaitingApproval]?.message == "The write pause waits for gate uat.")
        expect(waits[.reconciling], "True", .awaitingApproval)
        expect(try build(record(.awaitingCutover), standing: .goalReached("ready"))[.awaitingApproval], "False", .notRequested)
        expect(try build(record(.soaking, fenced: true))[.awaitingApproval], "False", .notRequested)
    }

    @Test("an undone cutover says why")
    func held() throws {
        var record = record(.awaitingCutover)
        record.held = .init(.pauseBudgetExceeded, "the write pause reached its budget")
        expect(try build(record, standing: .awaitingApproval("x"))[.cutOver], "False", .pauseBudgetExceeded)
    }

    @Test("RollbackReady follows what the clients did")
    func rollbackReady() throws {
        let untouched = Observation(target: .value(TargetState(isPrepared: true, fence: .open, epoch: 1)))
        let written = Observation(
            target: .value(TargetState(isPrepared: true, fence: .open, epoch: 1, tookClientWrite: true, firstClientWriteAt: now)))
        expect(try build(record(.copying, fenced: true))[.rollbackReady], "True", .lossless)
        expect(try build(record(.switching, fenced: true), untouched)[.rollbackReady], "True", .lossless)
        expect(try build(record(.switching, fenced: true))[.rollbackReady], "Unknown", .observationFailed)
        let lossy = try build(record(.soaking, fenced: true), written)
        expect(lossy[.rollbackReady], "False", .noReverseLane)
        #expect(lossy[.rollbackReady]?.message?.contains("acceptLoss to NoReverseLane") == true)
        expect(try build(record(.cleaningUp, fenced: true), written)[.rollbackReady], "False", .rollbackWindowClosed)
        expect(try build(record(.rolledBack))[.rollbackReady], "Unknown", .notStarted)
    }

    @Test("health is good only when every check has said so")
    func health() throws {
        var record = record(.soaking, fenced: true)
        expect(try build(record)[.healthy], "Unknown", .probeInconclusive)
        record.checks = [
            "chain": .init(verdict: .ok, streak: 1, message: "200", failures: 0),
            "publisher": .init(verdict: .inconclusive, streak: 2, message: "no address"),
            "errors": .init(verdict: .ok, streak: 2, message: "0.001"),
        ]
        expect(try build(record)[.healthy], "Unknown", .probeInconclusive)
        record.checks["publisher"] = .init(verdict: .ok, streak: 1, message: "200")
        // The fixture's chain needs two good readings in a row.
        expect(try build(record)[.healthy], "Unknown", .probeInconclusive)
        record.checks["chain"]?.streak = 2
        expect(try build(record)[.healthy], "Unknown", .probeInconclusive)
        let own = ["logs", "source-sessions", "target-sessions", "workloads"]
        for name in own { record.checks[name] = .init(verdict: .ok, streak: 2, message: "0") }
        record.healthySince = Timestamp(milliseconds: 950_000)
        let good = try build(record)
        expect(good[.healthy], "True", .succeeded)
        #expect(good.etaSeconds == 50)
        #expect(good.endpoints?.map(\.name) == (["chain", "errors", "publisher"] + own).sorted())
        record.checks["chain"] = .init(verdict: .failed, streak: 3, message: "503")
        expect(try build(record)[.healthy], "False", .probeFailed)
        expect(try build(record)[.promoted], "Unknown", .progressing)
    }

    @Test("a baseline is shown from the moment it is recorded, beside the check's readings once there are some")
    func baselines() throws {
        var record = record(.draining, fenced: true)
        record.baselines = ["errors": .init(lowest: 0.1, highest: 0.25)]
        let early = try #require(build(record).endpoints)
        #expect(early.map(\.name) == ["errors"] && early.map(\.baseline) == ["0.1 to 0.25"] && early.map(\.verdict) == [nil])
        record = self.record(.soaking, fenced: true)
        record.baselines = ["errors": .init(lowest: 3, highest: 3)]
        record.checks = ["errors": .init(verdict: .ok, streak: 1, message: "3"), "chain": .init(verdict: .ok, streak: 1, message: "200")]
        let late = try #require(build(record).endpoints)
        #expect(late.map(\.baseline) == [nil, "3"] && late.map(\.verdict) == ["ok", "ok"])
    }

    @Test("the pause ends with the first write on the target, or with the source's opening")
    func pause() throws {
        var forward = record(.soaking, fenced: true)
        forward.firstClientWriteAt = Timestamp(milliseconds: 903_000)
        #expect(try build(forward).cutover?.pauseMilliseconds == 2_500)

        let fenced = try build(record(.switching, fenced: true))
        #expect(fenced.cutover?.pauseMilliseconds == nil)
        let opened = Observation(source: .value(SourceState(fence: .open, epoch: 2)))
        let opening = try build(record(.rollingBack, fenced: true), opened, previous: fenced, at: Timestamp(milliseconds: 905_000))
        #expect(opening.cutover?.pauseMilliseconds == 4_500)
        let back = try build(record(.rolledBack), previous: opening, at: Timestamp(milliseconds: 990_000))
        #expect(back.cutover?.pauseMilliseconds == 4_500)
    }

    @Test("the pause of a rollback is told by itself")
    func pauseBack() throws {
        var back = record(.rollingBack, fenced: true)
        back.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false)
        #expect(try build(back).rollback == nil)
        back.rollback?.closingAt = Timestamp(milliseconds: 903_000)
        #expect(try build(back).rollback == RollbackStatus(startedAt: Timestamp(milliseconds: 903_000).microTime))
        back.rollback?.pauseMilliseconds = 750
        #expect(try build(back).rollback?.pauseMilliseconds == 750)
    }

    @Test("a lost record leaves the status as it was, and stalls")
    func stateLost() throws {
        var previous = try build(record(.soaking, fenced: true))
        previous.record = "garbage"
        let status = StatusBuilder.stateLost(previous: previous, generation: 3, cause: .init(.stateLost, "unreadable"), now: now)
        #expect(try Kstatus.complaints(status, generation: 3, schema: schema) == [])
        #expect(status.record == "garbage")
        #expect(status.phase == "Soaking")
        expect(status[.stalled], "True", .stateLost)
        #expect(status[.reconciling] == nil)
    }

    @Test("a record that does not fit is an error, not a status")
    func size() {
        var large = record(.pending)
        large.checks["mute"] = .init(verdict: .inconclusive, streak: 1, message: String(repeating: "x", count: Record.sizeLimit))
        let input = StatusInput(
            previous: nil, generation: 1, reading: reading, observation: Observation(), decision: Decision(record: large, standing: .goalReached("")),
            now: now)
        #expect(throws: RecordError.self) { try StatusBuilder.build(input) }
    }

    @Test("a first visit through the core makes a sound status")
    func throughTheCore() throws {
        let decision = decide(reading.desired, uid: "uid", record: nil, observation: Observation(), now: now)
        let status = try build(decision.record, standing: decision.standing)
        #expect(status.phase == "Pending")
        #expect(RecordCoding.read(status) == .record(decision.record))
    }
}
