import ControllerRuntime
import CoreMetrics
import MigrationAPI
import MigrationCore
import Notifications
import Synchronization

/// What Prometheus sees of migrations; series end with their object.
final class OperatorMetrics: Sendable {
    private struct Own {
        var samples: [MigrationSeries.Sample] = []
        /// Those in the registry, so that its end costs no search through everybody's series.
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
        registry.collect { [weak self] in self?.write(to: &$0) }
    }

    /// Takes over what was persisted.
    /// - Parameter previous: the record it followed; `nil` for the first.
    func note(_ record: Record, after previous: Record? = nil, _ status: DatabaseMigrationStatus, _ key: ObjectKey) {
        let samples = MigrationSeries(record, status).samples
        own.withLock { $0[key, default: Own()].samples = samples }
        // A record seen for the first time is a restart's: what ended before it was counted then.
        if let previous, previous.phase != record.phase, Self.ends.contains(record.phase) { counter(Self.finished(record.phase)).increment() }
        if record.lastProbeAt != previous?.lastProbeAt, record.lastProbeAt != nil { countProbes(record, key) }
    }

    /// An action failed and is tried again.
    func actionFailed(in phase: Phase, _ key: ObjectKey) {
        count(.actionFailures, key, ("phase", phase.rawValue))
    }

    /// A try to tell somebody.
    func notified(_ receiver: String, _ outcome: WebhookOutcome, isGivenUp: Bool, _ key: ObjectKey) {
        let result = outcome == .sent ? "sent" : isGivenUp ? "failed" : "retried"
        count(.notifications, key, ("receiver", receiver), ("result", result))
    }

    func forget(_ key: ObjectKey) {
        guard let own = own.withLock({ $0.removeValue(forKey: key) }) else { return }
        for id in own.counters { counter(id).destroy() }
    }

    private func countProbes(_ record: Record, _ key: ObjectKey) {
        for (check, state) in record.checks {
            for verdict in [Verdict.ok, .failed, .inconclusive] {
                count(.probeResults, key, ("check", check), ("verdict", verdict.rawValue), by: verdict == state.verdict ? 1 : 0)
            }
        }
    }

    private func count(_ metric: MigrationMetric, _ key: ObjectKey, _ labels: (String, String)..., by amount: Int64 = 1) {
        let id = SeriesID(metric, [("namespace", key.namespace), ("name", key.name)] + labels)
        own.withLock { _ = $0[key, default: Own()].counters.insert(id) }
        counter(id).increment(by: amount)
    }

    private func write(to page: inout GaugePage) {
        let now = Timestamp.now
        let all = own.withLock { $0 }.sorted { $0.key < $1.key }
        for metric in MigrationMetric.allCases {
            for (key, own) in all {
                for sample in own.samples where sample.metric == metric { page.add(metric.rawValue, sample.labels(key), sample.value(at: now)) }
            }
        }
    }

    private static func finished(_ phase: Phase) -> SeriesID { SeriesID(.finished, [("phase", phase.rawValue)]) }

    private func counter(_ id: SeriesID) -> Counter { Counter(label: id.metric.rawValue, dimensions: id.dimensions, factory: registry) }
}

/// One series of the registry: a metric with its label values.
private struct SeriesID: Sendable, Hashable {
    struct Label: Sendable, Hashable {
        var name: String
        var value: String
    }

    var metric: MigrationMetric
    var labels: [Label]

    init(_ metric: MigrationMetric, _ labels: [(String, String)]) {
        self.metric = metric
        self.labels = labels.map { Label(name: $0.0, value: $0.1) }
    }

    var dimensions: [(String, String)] { labels.map { ($0.name, $0.value) } }
}

extension MigrationSeries.Sample {
    /// By name, as all series are.
    fileprivate func labels(_ key: ObjectKey) -> [(name: String, value: String)] {
        let (name, namespace) = (("name", key.name), ("namespace", key.namespace))
        return switch label {
        case .none: [name, namespace]
        case .phase(let phase): [name, namespace, ("phase", phase.rawValue)]
        case .condition(let type): [name, namespace, ("type", type)]
        case .check(let check): [("check", check), name, namespace]
        case .direction(let direction): [("direction", direction.label), name, namespace]
        case .lanes(let database, let direction): [("database", database), ("direction", direction.label), name, namespace]
        }
    }
}
