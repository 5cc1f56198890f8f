import KubernetesModel
import MigrationAPI
import MigrationCore

/// The gauges of one migration as its record and status have them. Pure.
///
/// What is not known has no sample: a dashboard shows a gap then, never a made-up zero.
struct MigrationSeries: Sendable {
    /// A value, and what tells it from others of the same metric and migration. Thousands of migrations have dozens of them: it is kept small.
    struct Sample: Sendable, Hashable {
        enum Label: Sendable, Hashable {
            case none
            case phase(Phase)
            case condition(String)
            case check(String)
            case lanes(database: String, Direction)
            case direction(Direction)
        }

        enum Value: Sendable, Hashable {
            case known(Double)
            /// What goes on: seconds since then.
            case since(Timestamp)
        }

        var metric: MigrationMetric
        var label: Label
        var value: Value

        /// As it is when it is asked for: visits may be far apart, or one of them long.
        func value(at now: Timestamp) -> Double {
            switch value {
            case .known(let value): value
            case .since(let start): Double(max(0, now.since(start))) / 1000
            }
        }
    }

    /// No two of the same metric and label.
    private(set) var samples: [Sample] = []

    init(_ record: Record, _ status: DatabaseMigrationStatus) {
        addPhases(record)
        addConditions(status)
        addCopy(status.databases ?? [])
        for database in status.databases ?? [] { addLanes(database) }
        addPause(record, status.cutover)
        for (check, state) in record.checks where state.verdict != .inconclusive {
            add(.probeSuccess, state.verdict == .ok ? 1 : 0, .check(check))
        }
    }

    private mutating func add(_ metric: MigrationMetric, _ value: Double?, _ label: Sample.Label = .none) {
        if let value { samples.append(Sample(metric: metric, label: label, value: .known(value))) }
    }

    private mutating func addPhases(_ record: Record) {
        var spent: [Phase: Int64] = [:]
        for visit in record.timeline {
            if let finished = visit.finishedAt { spent[visit.phase, default: 0] += max(0, finished.since(visit.startedAt)) }
        }
        for phase in Set(record.timeline.map(\.phase)).subtracting([record.phase]) { add(.phase, 0, .phase(phase)) }
        add(.phase, 1, .phase(record.phase))
        add(.phaseStart, Double(record.phaseStartedAt.milliseconds) / 1000)
        for (phase, milliseconds) in spent { add(.phaseSeconds, Double(milliseconds) / 1000, .phase(phase)) }
    }

    private mutating func addConditions(_ status: DatabaseMigrationStatus) {
        let known = (status.conditions ?? []).filter { $0.status != "Unknown" }
        // Abnormal-true conditions are absent rather than False: an alert needs the 0 to resolve on.
        for type in [ConditionType.stalled, .reconciling] where !known.contains(where: { $0.type == type.rawValue }) {
            add(.condition, 0, .condition(type.rawValue))
        }
        for condition in known { add(.condition, condition.status == "True" ? 1 : 0, .condition(condition.type)) }
    }

    private mutating func addCopy(_ databases: [DatabaseStatus]) {
        guard !databases.isEmpty else { return }
        add(.bytesCopied, Double(databases.reduce(Int64(0)) { $0 + ($1.bytes?.copied ?? 0) }))
        let totals = databases.compactMap { $0.bytes?.total }
        // Half of a sum would look like a copy that is nearly done.
        if totals.count == databases.count { add(.bytesExpected, Double(totals.reduce(0, +))) }
    }

    /// The largest of each direction; one lane that does not know leaves all unknown.
    private mutating func addLanes(_ database: DatabaseStatus) {
        for direction in Direction.allCases {
            let lanes = (database.lanes ?? []).filter { $0.direction == direction.label }
            for (metric, values) in [
                (MigrationMetric.lagBytes, lanes.map(\.lagBytes)), (.lagSeconds, lanes.map(\.lagSeconds)), (.retainedWAL, lanes.map(\.retainedBytes)),
            ] {
                guard !values.contains(nil), let most = values.compactMap({ $0 }).max() else { continue }
                add(metric, Double(most), .lanes(database: database.name, direction))
            }
        }
    }

    private mutating func addPause(_ record: Record, _ cutover: CutoverStatus?) {
        add(.pauseBudget, (record.frozen ?? record.accepted).map { Double($0.cutover.pauseSeconds) })
        let isPausedForth = record.fence?.closedAt != nil && record.switchedAt == nil
        let isPausedBack = record.rollback?.closedAt != nil && record.phase == .rollingBack
        add(.writePause, isPausedForth || isPausedBack ? 1 : 0)
        let rollback = record.rollback
        // The alert compares what lasts with the budget: the other way's pause is over.
        if !isPausedBack {
            addPauseSeconds(cutover?.pauseMilliseconds, since: isPausedForth ? record.fence?.decidedAt : nil, .forward)
        }
        addPauseSeconds(rollback?.pauseMilliseconds, since: isPausedBack ? rollback?.closingAt ?? rollback?.closedAt : nil, .reverse)
    }

    /// Until it is known how long the pause was, it goes on.
    private mutating func addPauseSeconds(_ milliseconds: Int64?, since start: Timestamp?, _ direction: Direction) {
        guard let value = milliseconds.map({ Sample.Value.known(Double($0) / 1000) }) ?? start.map(Sample.Value.since) else { return }
        samples.append(Sample(metric: .pauseSeconds, label: .direction(direction), value: value))
    }
}
