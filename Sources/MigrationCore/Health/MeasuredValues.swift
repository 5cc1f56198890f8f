/// The values that a query gave, one for each of its series.
public struct MeasuredValues: Sendable, Hashable {
    /// Never NaN; infinity is a value.
    public var lowest: Double
    public var highest: Double
    /// Series with a value, at least 1.
    public var series: Int
    /// Whether there were series without a value (NaN) besides.
    public var hasGaps: Bool

    /// `nil` when none of the values is a number.
    public init?(_ values: [Double]) {
        let numbers = values.filter { !$0.isNaN }
        guard let lowest = numbers.min(), let highest = numbers.max() else { return nil }
        self.lowest = lowest
        self.highest = highest
        self.series = numbers.count
        self.hasGaps = numbers.count < values.count
    }
}

extension Record {
    /// What a query gave while the applications ran on the source: the lowest and the highest of its series, both finite.
    public struct Baseline: Sendable, Hashable, Codable, CustomStringConvertible {
        public var lowest: Double
        public var highest: Double

        public init(lowest: Double, highest: Double) {
            self.lowest = lowest
            self.highest = highest
        }

        public var description: String { lowest == highest ? lowest.measured : "\(lowest.measured) to \(highest.measured)" }
    }
}

extension Double {
    /// As Prometheus writes it.
    var measured: String {
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        let text = description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
