/// Gauges that are written when somebody asks, by whoever knows their values.
///
/// For thousands of objects with dozens of series each, a registry's own series would need more memory than the objects.
public struct GaugePage {
    private var output: PrometheusText
    private var name: String?

    init(_ output: PrometheusText) { self.output = output }

    var text: String { output.text }

    /// Adds a line.
    ///
    /// - Parameters:
    ///   - name: a valid name of a metric that the registry has no series of. All lines of a name come one after another.
    ///   - labels: with valid names, in their order.
    public mutating func add(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
        if self.name != name { output.begin(name, .gauge) }
        self.name = name
        output.line(name, labels, value)
    }
}
