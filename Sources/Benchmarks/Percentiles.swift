/// What a series of measured milliseconds looks like.
public struct Percentiles: Sendable, Hashable, Codable {
    public var count: Int
    public var median: Double
    /// The smallest value that 99 of 100 do not exceed; the largest while there are fewer than 100.
    public var p99: Double
    public var max: Double

    /// `nil` without any value.
    public init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let last = sorted.last else { return nil }
        count = sorted.count
        median = Self.value(50, of: sorted)
        p99 = Self.value(99, of: sorted)
        max = last
    }

    /// Nearest rank.
    private static func value(_ percent: Int, of sorted: [Double]) -> Double {
        let rank = (sorted.count * percent + 99) / 100
        return sorted[Swift.max(0, rank - 1)]
    }

    /// In words, e.g. `median 812 ms, p99 1406 ms`.
    public var text: String { "median \(Int(median.rounded())) ms, p99 \(Int(p99.rounded())) ms, longest \(Int(max.rounded())) ms, of \(count)" }
}
