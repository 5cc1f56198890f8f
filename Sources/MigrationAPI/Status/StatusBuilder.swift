import KubernetesModel
public import MigrationCore

/// Everything a status is made of.
public struct StatusInput: Sendable {
    public var previous: DatabaseMigrationStatus?
    /// `metadata.generation` of the object the spec was read from.
    public var generation: Int64
    public var reading: SpecReading
    public var observation: Observation
    public var decision: Decision
    public var now: Timestamp

    public init(
        previous: DatabaseMigrationStatus?, generation: Int64, reading: SpecReading, observation: Observation, decision: Decision, now: Timestamp
    ) {
        self.previous = previous
        self.generation = generation
        self.reading = reading
        self.observation = observation
        self.decision = decision
        self.now = now
    }

    var record: Record { decision.record }

    /// The plan in force: the frozen one where there is one.
    var plan: Plan? { record.frozen ?? reading.plan }

    /// What a former status showed of the same attempt.
    var previousOfAttempt: DatabaseMigrationStatus? { previous?.attempt == record.attempt ? previous : nil }
}

/// The only maker of statuses: pure, and equal input gives equal output.
public enum StatusBuilder {
    /// - Throws: ``RecordError`` when the record does not fit; nothing may be performed then.
    public static func build(_ input: StatusInput) throws(RecordError) -> DatabaseMigrationStatus {
        let record = input.record
        var status = DatabaseMigrationStatus()
        status.observedGeneration = input.generation
        status.phase = record.phase.rawValue
        status.message = Summary(input).message.bounded(1_024)
        status.attempt = record.attempt
        status.progressPercent = Progress.percent(input)
        status.etaSeconds = Progress.secondsLeft(input)
        status.lagBytes = lagBytes(input)
        status.lagSeconds = lagSeconds(input)
        status.lagMeasuredAt = status.lagBytes.map { _ in input.now.microTime }
        status.databases = databases(input)
        status.cutover = cutover(input)
        status.rollback = record.rollback.flatMap { rollback in
            rollback.closingAt.map { RollbackStatus(startedAt: $0.microTime, pauseMilliseconds: rollback.pauseMilliseconds) }
        }
        status.endpoints = endpoints(record)
        status.timeline = record.timeline.suffix(Record.timelineLimit).map(TimelineEntry.init)
        status.remaining = record.remaining.map { $0.prefix(32).map { $0.bounded(512) } }
        status.record = try RecordCoding.encode(record)
        let trimmed = StatusSize.trim(&status).map { ConditionDraft(.statusTrimmed, .true, .statusTooLarge, $0) }
        let drafts =
            Summary(input).conditions + MilestoneConditions(input).conditions + [
                HealthCondition(input).condition, RollbackCondition(input).condition,
            ] + [trimmed].compactMap(\.self)
        status.conditions = conditions(drafts, previous: input.previous, generation: input.generation, now: input.now)
        return status
    }

    /// The status of an object whose record is lost: all that was there stays, for people to look at, and nothing is done.
    public static func stateLost(
        previous: DatabaseMigrationStatus?, generation: Int64, cause: Record.Cause, now: Timestamp
    ) -> DatabaseMigrationStatus {
        var status = previous ?? DatabaseMigrationStatus()
        status.observedGeneration = generation
        status.message = cause.message.bounded(1_024)
        status.etaSeconds = nil
        status.lagBytes = nil
        status.lagSeconds = nil
        status.lagMeasuredAt = nil
        var drafts = [
            ConditionDraft(.ready, .false, cause.reason, cause.message), ConditionDraft(.stalled, .true, cause.reason, cause.message),
        ]
        for type in ConditionType.allCases where ![.ready, .reconciling, .stalled, .statusTrimmed].contains(type) {
            drafts.append(ConditionDraft(type, .unknown, cause.reason, "Not known without the controller's record."))
        }
        status.conditions = conditions(drafts, previous: previous, generation: generation, now: now)
        return status
    }

    private static func conditions(
        _ drafts: [ConditionDraft], previous: DatabaseMigrationStatus?, generation: Int64, now: Timestamp
    ) -> [Condition] {
        let order = Dictionary(ConditionType.allCases.enumerated().map { ($1, $0) }) { first, _ in first }
        return drafts.sorted { order[$0.type, default: 0] < order[$1.type, default: 0] }
            .map { $0.condition(previous: previous?[$0.type], generation: generation, now: now) }
    }
}

extension Timestamp {
    var time: Time { Time(secondsSince1970: milliseconds / 1_000) }
    var microTime: MicroTime { MicroTime(microsecondsSince1970: milliseconds.multipliedReportingOverflow(by: 1_000).partialValue) }
}
