public import CoreMetrics
import Synchronization

/// A small Prometheus backend for swift-metrics: counters, gauges, histograms (timers) and summaries (aggregating recorders: sum and count).
///
/// One lock over all series: a controller updates a few series per reconcile. A name keeps the kind of its first use; a later use as
/// another kind gets a handler that does nothing, because the text format allows one kind per name.
public final class PrometheusRegistry: MetricsFactory {
    private struct State {
        var families: [String: MetricFamily] = [:]
        var help: [String: String] = [:]
        var collectors: [@Sendable (inout GaugePage) -> Void] = []
    }

    /// Upper bounds in seconds of timers' buckets, from a fast reconcile to one that waits for a database.
    public static let defaultBuckets: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    private let state = Mutex(State())
    private let buckets: [Double]

    /// - Parameter buckets: upper bounds of every timer's histogram in seconds, without +Inf.
    public init(buckets: [Double] = PrometheusRegistry.defaultBuckets) {
        self.buckets = buckets.sorted()
    }

    /// All series in the text exposition format 0.0.4.
    public var text: String {
        let state = state.withLock { $0 }
        var text = PrometheusText(help: state.help)
        text.add(state.families)
        var page = GaugePage(text)
        for collector in state.collectors { collector(&page) }
        return page.text
    }

    /// Asks for further gauges whenever the text is read.
    public func collect(_ collector: @escaping @Sendable (inout GaugePage) -> Void) { state.withLock { $0.collectors.append(collector) } }

    /// Sets the HELP line of a name.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[MetricName.metric(name)] = help }
    }

    /// Removes every series whose labels include all of `labels`: call it when the object they describe is gone.
    public func removeSeries(matching labels: [(String, String)]) {
        guard !labels.isEmpty else { return }
        let wanted = MetricLabels(labels)
        state.withLock { state in
            for name in state.families.keys { state.families[name]?.remove { $0.contains(wanted) } }
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions, .counter) ?? NOOPMetricsHandler.instance
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        handler(label, dimensions, .counter) ?? NOOPMetricsHandler.instance
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        handler(label, dimensions, .gauge) ?? NOOPMetricsHandler.instance
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions, aggregate ? .summary : .gauge) ?? NOOPMetricsHandler.instance
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions, .histogram) ?? NOOPMetricsHandler.instance
    }

    public func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func handler(_ label: String, _ dimensions: [(String, String)], _ kind: MetricKind) -> SeriesHandler? {
        let name = MetricName.metric(label)
        let labels = MetricLabels(dimensions)
        let accepted = state.withLock { state in
            state.families[name, default: MetricFamily(kind: kind, bounds: kind == .histogram ? buckets : [])].register(labels, as: kind)
        }
        return accepted ? SeriesHandler(registry: self, name: name, labels: labels) : nil
    }

    private func destroy(_ handler: AnyObject) {
        guard let handler = handler as? SeriesHandler else { return }
        state.withLock { $0.families[handler.name]?.remove(handler.labels) }
    }

    fileprivate func update(_ handler: SeriesHandler, _ change: (inout MetricSeries, MetricKind, _ bounds: [Double]) -> Void) {
        state.withLock { $0.families[handler.name]?.update(handler.labels, change) }
    }
}

/// One series of a registry, in every role swift-metrics knows.
private final class SeriesHandler: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    let registry: PrometheusRegistry
    let name: String
    let labels: MetricLabels

    init(registry: PrometheusRegistry, name: String, labels: MetricLabels) {
        self.registry = registry
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) { registry.update(self) { series, _, _ in series.value += Double(amount) } }
    func increment(by amount: Double) { registry.update(self) { series, _, _ in series.value += amount } }
    func decrement(by amount: Double) { registry.update(self) { series, _, _ in series.value -= amount } }
    func reset() { registry.update(self) { series, _, _ in series.value = 0 } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { registry.update(self) { series, _, _ in series.value = value } }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        registry.update(self) { series, kind, bounds in
            if kind == .gauge { series.value = value } else { series.observe(value, bounds: bounds) }
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        registry.update(self) { series, _, bounds in series.observe(Double(duration) / 1e9, bounds: bounds) }
    }
}
