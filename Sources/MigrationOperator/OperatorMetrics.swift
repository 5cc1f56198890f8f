import ControllerRuntime
import CoreMetrics
import MigrationAPI
import MigrationCore
import Notifications
import Synchronization

/// What Prometheus sees of migrations; series end with their object.
final class OperatorMetrics: Sendable {
    /// What one migration has in the registry, so that its end costs no search through everybody's series.
    private struct Own {
        var gauges: [SeriesID: Double] = [:]
        var counters: Set<SeriesID> = []
    }

    private let registry: PrometheusRegistry
    private let own = Mutex<[ObjectKey: Own]>([:])

    /// The phases that end an attempt.
    private static let ends: [Phase] = [.promoted, .completed, .rolledBack, .failed]

    init(registry: PrometheusRegistry) {
        self.registry = registry
        for metric in MigrationMetric.allCases { registry.describe(metric.rawValue, metric.help) }
        for phase in Self.ends { counter(Self.finished(phase)).increment(by: 0) }
    }

    /// Takes over what was persisted.
    /// - Parameter previous: the record it followed; `nil` for the first.
    func note(_ record: Record, after previous: Record? = nil, _ status: DatabaseMigrationStatus, _ key: ObjectKey) {
        let gauges = MigrationSeries(record, status, key, at: .now).gauges
        let before = own.withLock { own in
            let before = own[key]?.gauges ?? [:]
            own[key, default: Own()].gauges = gauges
            return before
        }
        for (id, value) in gauges where before[id] != value { gauge(id).record(value) }
        for id in before.keys where gauges[id] == nil { gauge(id).destroy() }
        // A record seen for the first time is a restart's: what ended before it was counted then.
        if let previous, previous.phase != record.phase, Self.ends.contains(record.phase) { counter(Self.finished(record.phase)).increment() }
        if record.lastProbeAt != previous?.lastProbeAt, record.lastProbeAt != nil { countProbes(record, key) }
    }

    /// An action failed and is tried again.
    func actionFailed(in phase: Phase, _ key: ObjectKey) {
        count(MigrationSeries.id(.actionFailures, key, ("phase", phase.rawValue)), key)
    }

    /// A try to tell somebody.
    func notified(_ receiver: String, _ outcome: WebhookOutcome, isGivenUp: Bool, _ key: ObjectKey) {
        let result = outcome == .sent ? "sent" : isGivenUp ? "failed" : "retried"
        count(MigrationSeries.id(.notifications, key, ("receiver", receiver), ("result", result)), key)
    }

    func forget(_ key: ObjectKey) {
        guard let own = own.withLock({ $0.removeValue(forKey: key) }) else { return }
        for id in own.gauges.keys { gauge(id).destroy() }
        for id in own.counters { counter(id).destroy() }
    }

    private func countProbes(_ record: Record, _ key: ObjectKey) {
        for (check, state) in record.checks {
            for verdict in [Verdict.ok, .failed, .inconclusive] {
                let id = MigrationSeries.id(.probeResults, key, ("check", check), ("verdict", verdict.rawValue))
                count(id, key, by: verdict == state.verdict ? 1 : 0)
            }
        }
    }

    private func count(_ id: SeriesID, _ key: ObjectKey, by amount: Int64 = 1) {
        own.withLock { _ = $0[key, default: Own()].counters.insert(id) }
        counter(id).increment(by: amount)
    }

    private static func finished(_ phase: Phase) -> SeriesID {
        SeriesID(metric: .finished, labels: [.init(name: "phase", value: phase.rawValue)])
    }

    private func gauge(_ id: SeriesID) -> Gauge { Gauge(label: id.metric.rawValue, dimensions: id.dimensions, factory: registry) }
    private func counter(_ id: SeriesID) -> Counter { Counter(label: id.metric.rawValue, dimensions: id.dimensions, factory: registry) }
}
