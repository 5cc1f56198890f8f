/// Writes metrics in the Prometheus text exposition format 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""
    private let help: [String: String]

    /// - Parameter help: the HELP lines, by name.
    init(help: [String: String]) { self.help = help }

    /// Families by name, series by labels: equal contents give equal text.
    mutating func add(_ families: [String: MetricFamily]) {
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            begin(name, family.kind)
            let lines = family.series.map { (order: Self.render($0.key.pairs), labels: $0.key.pairs, series: $0.value) }
            for line in lines.sorted(by: { $0.order < $1.order }) { add(line.series, name: name, labels: line.labels, of: family) }
        }
    }

    /// Begins a family; its lines follow.
    mutating func begin(_ name: String, _ kind: MetricKind) {
        if let help = help[name] {
            text += "# HELP \(name) "
            Self.escape(help, quotes: false, into: &text)
            text += "\n"
        }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    /// - Parameter labels: by name.
    mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
        text += name
        Self.render(labels, into: &text)
        text += " "
        text += Self.number(value)
        text += "\n"
    }

    private mutating func add(_ series: MetricSeries, name: String, labels: Labels, of family: MetricFamily) {
        guard family.kind == .summary || family.kind == .histogram else { return line(name, labels, series.value) }
        var below: UInt64 = 0
        for (bound, count) in zip(family.bounds, series.buckets.isEmpty ? family.bounds.map { _ in 0 } : series.buckets) {
            below += count
            line("\(name)_bucket", labels + [("le", Self.number(bound))], Double(below))
        }
        if family.kind == .histogram { line("\(name)_bucket", labels + [("le", "+Inf")], Double(series.count)) }
        line("\(name)_sum", labels, series.value)
        line("\(name)_count", labels, Double(series.count))
    }

    private static func render(_ labels: Labels) -> String {
        var text = ""
        render(labels, into: &text)
        return text
    }

    private static func render(_ labels: Labels, into text: inout String) {
        guard !labels.isEmpty else { return }
        var separator = "{"
        for label in labels {
            text += separator
            text += label.name
            text += "=\""
            escape(label.value, quotes: true, into: &text)
            text += "\""
            separator = ","
        }
        text += "}"
    }

    private static func escape(_ value: String, quotes: Bool, into text: inout String) {
        guard value.utf8.contains(where: { $0 == 0x5c || $0 == 0x0a || $0 == 0x22 }) else {
            text += value
            return
        }
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(character)
            }
        }
    }

    /// Whole numbers without a fraction, as Prometheus' own libraries print them.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value.magnitude < 1e15, value == value.rounded() { return "\(Int64(value))" }
        return "\(value)"
    }
}
