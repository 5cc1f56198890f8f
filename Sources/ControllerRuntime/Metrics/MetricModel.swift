/// The label set of one series; order does not matter.
struct MetricLabels: Sendable, Hashable {
    let pairs: [(name: String, value: String)]

    init(_ dimensions: [(String, String)]) {
        pairs = dimensions.map { (MetricName.label($0.0), $0.1) }.sorted { $0.name < $1.name }
    }

    static func == (left: Self, right: Self) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.name == $1.name && $0.value == $1.value }
    }

    func hash(into hasher: inout Hasher) {
        for pair in pairs {
            hasher.combine(pair.name)
            hasher.combine(pair.value)
        }
    }

    /// Whether every pair of `other` is among these.
    func contains(_ other: MetricLabels) -> Bool {
        other.pairs.allSatisfy { wanted in pairs.contains { $0.name == wanted.name && $0.value == wanted.value } }
    }
}

enum MetricKind: String, Sendable {
    case counter, gauge, histogram, summary
}

/// What one series has accumulated.
struct MetricSeries: Sendable {
    var value = 0.0
    /// Observations of a histogram or summary.
    var count: UInt64 = 0
    /// Observations at or below the bucket of the same index, not cumulative.
    var buckets: [UInt64] = []

    mutating func observe(_ observation: Double, bounds: [Double]) {
        value += observation
        count += 1
        if buckets.count != bounds.count { buckets = Array(repeating: 0, count: bounds.count) }
        if let index = bounds.firstIndex(where: { observation <= $0 }) { buckets[index] += 1 }
    }
}

/// All series of one name.
struct MetricFamily: Sendable {
    let kind: MetricKind
    /// Upper bounds of a histogram's buckets, ascending, without +Inf.
    let bounds: [Double]
    private(set) var series: [MetricLabels: MetricSeries] = [:]

    init(kind: MetricKind, bounds: [Double]) {
        self.kind = kind
        self.bounds = bounds
    }

    // A family is changed where it is, never taken out and put back: that would copy its thousands of series each time.

    /// Makes the series: a counter must be seen at 0 before its first increment.
    /// - Returns: whether the family is of this kind.
    mutating func register(_ labels: MetricLabels, as kind: MetricKind) -> Bool {
        guard self.kind == kind else { return false }
        if series[labels] == nil { series[labels] = MetricSeries() }
        return true
    }

    mutating func update(_ labels: MetricLabels, _ change: (inout MetricSeries, MetricKind, _ bounds: [Double]) -> Void) {
        change(&series[labels, default: MetricSeries()], kind, bounds)
    }

    mutating func remove(_ labels: MetricLabels) { series[labels] = nil }

    mutating func remove(where isGone: (MetricLabels) -> Bool) { series = series.filter { !isGone($0.key) } }
}

/// Maps swift-metrics names to what Prometheus allows.
enum MetricName {
    static func metric(_ name: String) -> String { sanitize(name, colons: true) }
    static func label(_ name: String) -> String { sanitize(name, colons: false) }

    private static func sanitize(_ name: String, colons: Bool) -> String {
        if name.utf8.first.map(isLetter) == true, name.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) }) { return name }
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9": result += result.isEmpty ? "_\(scalar)" : "\(scalar)"
            case ":" where colons: result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        return result.isEmpty ? "_" : result
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || byte == 0x5f }
}
