import ControllerRuntime
import KubernetesModel
import MigrationAPI
import MigrationCore

/// One series: a metric with its label values.
struct SeriesID: Sendable, Hashable {
    struct Label: Sendable, Hashable {
        var name: String
        var value: String
    }

    var metric: MigrationMetric
    var labels: [Label]

    var dimensions: [(String, String)] { labels.map { ($0.name, $0.value) } }
}

/// The gauges of one migration as its record and status have them. Pure.
///
/// What is not known has no series: a dashboard shows a gap then, never a made-up zero.
struct MigrationSeries: Sendable {
    private let key: ObjectKey
    private(set) var gauges: [SeriesID: Double] = [:]

    /// - Parameter now: up to when a write pause has lasted that has not ended.
    init(_ record: Record, _ status: DatabaseMigrationStatus, _ key: ObjectKey, at now: Timestamp) {
        self.key = key
        addPhases(record)
        addConditions(status)
        addCopy(status.databases ?? [])
        for database in status.databases ?? [] { addLanes(database) }
        addPause(record, status.cutover, now)
        for (check, state) in record.checks where state.verdict != .inconclusive {
            set(.probeSuccess, state.verdict == .ok ? 1 : 0, ("check", check))
        }
    }

    static func id(_ metric: MigrationMetric, _ key: ObjectKey, _ labels: (String, String)...) -> SeriesID {
        let own = [("namespace", key.namespace), ("name", key.name)] + labels
        return SeriesID(metric: metric, labels: own.map { .init(name: $0.0, value: $0.1) })
    }

    private mutating func set(_ metric: MigrationMetric, _ value: Double?, _ labels: (String, String)...) {
        guard let value else { return }
        var id = Self.id(metric, key)
        id.labels += labels.map { .init(name: $0.0, value: $0.1) }
        gauges[id] = value
    }

    private mutating func addPhases(_ record: Record) {
        var spent: [Phase: Int64] = [:]
        for visit in record.timeline {
            set(.phase, 0, ("phase", visit.phase.rawValue))
            if let finished = visit.finishedAt { spent[visit.phase, default: 0] += max(0, finished.since(visit.startedAt)) }
        }
        set(.phase, 1, ("phase", record.phase.rawValue))
        set(.phaseStart, Double(record.phaseStartedAt.milliseconds) / 1000)
        for (phase, milliseconds) in spent { set(.phaseSeconds, Double(milliseconds) / 1000, ("phase", phase.rawValue)) }
    }

    private mutating func addConditions(_ status: DatabaseMigrationStatus) {
        // Abnormal-true conditions are absent rather than False: an alert needs the 0 to resolve on.
        for type in [ConditionType.stalled, .reconciling] { set(.condition, 0, ("type", type.rawValue)) }
        for condition in status.conditions ?? [] where condition.status != "Unknown" {
            set(.condition, condition.status == "True" ? 1 : 0, ("type", condition.type))
        }
    }

    private mutating func addCopy(_ databases: [DatabaseStatus]) {
        guard !databases.isEmpty else { return }
        set(.bytesCopied, Double(databases.reduce(Int64(0)) { $0 + ($1.bytes?.copied ?? 0) }))
        let totals = databases.compactMap { $0.bytes?.total }
        // Half of a sum would look like a copy that is nearly done.
        if totals.count == databases.count { set(.bytesExpected, Double(totals.reduce(0, +))) }
    }

    /// The largest of each direction; one lane that does not know leaves all unknown.
    private mutating func addLanes(_ database: DatabaseStatus) {
        for direction in ["Forward", "Reverse"] {
            let lanes = (database.lanes ?? []).filter { $0.direction == direction }
            for (metric, values) in [
                (MigrationMetric.lagBytes, lanes.map(\.lagBytes)), (.lagSeconds, lanes.map(\.lagSeconds)), (.retainedWAL, lanes.map(\.retainedBytes)),
            ] {
                guard !values.contains(nil), let most = values.compactMap({ $0 }).max() else { continue }
                set(metric, Double(most), ("database", database.name), ("direction", direction))
            }
        }
    }

    private mutating func addPause(_ record: Record, _ cutover: CutoverStatus?, _ now: Timestamp) {
        set(.pauseBudget, (record.frozen ?? record.accepted).map { Double($0.cutover.pauseSeconds) })
        let isPausedForth = record.fence?.closedAt != nil && record.switchedAt == nil
        let isPausedBack = record.rollback?.closedAt != nil && record.phase == .rollingBack
        set(.writePause, isPausedForth || isPausedBack ? 1 : 0)
        // Until it is known where it ended, it goes on.
        func seconds(_ known: Int64?, _ since: Timestamp?) -> Double? { (known ?? since.map { max(0, now.since($0)) }).map { Double($0) / 1000 } }
        let rollback = record.rollback
        set(.pauseSeconds, seconds(cutover?.pauseMilliseconds, isPausedForth ? record.fence?.closedAt : nil), ("direction", "Forward"))
        set(.pauseSeconds, seconds(rollback?.pauseMilliseconds, isPausedBack ? rollback?.closingAt : nil), ("direction", "Reverse"))
    }
}
