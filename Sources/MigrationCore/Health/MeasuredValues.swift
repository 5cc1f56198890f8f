/// The values that were measured, one for each series.
public struct MeasuredValues: Sendable, Hashable {
    /// Never NaN; infinity is a value.
    public var lowest: Double
    public var highest: Double
    /// Series with a value, at least 1.
    public var series: Int
    /// Whether there is more that was not measured, such as a series without a value (NaN).
    public var hasGaps: Bool
    /// What was not, for people.
    public var gap = "a series has no value (NaN)"

    /// `nil` when none of the values is a number.
    public init?(_ values: [Double]) {
        let numbers = values.filter { !$0.isNaN }
        guard let lowest = numbers.min(), let highest = numbers.max() else { return nil }
        self.lowest = lowest
        self.highest = highest
        self.series = numbers.count
        self.hasGaps = numbers.count < values.count
    }

    /// One number.
    /// - Parameter gap: why it is a lower bound only; `nil` when it is the number.
    public init(_ value: Int, gap: String? = nil) {
        lowest = Double(value)
        highest = lowest
        series = 1
        hasGaps = gap != nil
        if let gap { self.gap = gap }
    }
}

extension Record {
    /// What was measured while the applications ran on the source: the lowest and the highest series, both finite.
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
