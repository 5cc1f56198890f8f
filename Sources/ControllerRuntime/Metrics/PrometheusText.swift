/// Renders metric families in the Prometheus text exposition format 0.0.4.
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Families by name, series by labels: equal contents give equal text.
    static func render(_ families: [String: MetricFamily], help: [String: String]) -> String {
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            if let help = help[name] { text += "# HELP \(name) \(escape(help, quotes: false))\n" }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            let lines = family.series.map { (labels: render($0.key.pairs), key: $0.key, series: $0.value) }
            for line in lines.sorted(by: { $0.labels < $1.labels }) { text += render(line.series, name: name, labels: line.key.pairs, of: family) }
        }
        return text
    }

    private static func render(
        _ series: MetricSeries, name: String, labels: [(name: String, value: String)], of family: MetricFamily
    ) -> String {
        switch family.kind {
        case .counter, .gauge:
            return "\(name)\(render(labels)) \(number(series.value))\n"
        case .summary, .histogram:
            var text = ""
            var below: UInt64 = 0
            for (bound, count) in zip(family.bounds, series.buckets.isEmpty ? family.bounds.map { _ in 0 } : series.buckets) {
                below += count
                text += "\(name)_bucket\(render(labels + [("le", number(bound))])) \(below)\n"
            }
            if family.kind == .histogram { text += "\(name)_bucket\(render(labels + [("le", "+Inf")])) \(series.count)\n" }
            text += "\(name)_sum\(render(labels)) \(number(series.value))\n"
            return text + "\(name)_count\(render(labels)) \(series.count)\n"
        }
    }

    private static func render(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Whole numbers without a fraction, as Prometheus' own libraries print them.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value.magnitude < 1e15, value == value.rounded() { return "\(Int64(value))" }
        return "\(value)"
    }
}
