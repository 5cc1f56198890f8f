/// The pauses as clients saw them: for each client and each pause the longest time one of its requests took.
public struct PauseSeries: Sendable, Equatable {
    /// In milliseconds.
    public private(set) var values: [Int64] = []

    public init(_ values: [Int64] = []) { self.values = values }

    mutating func add(_ durations: [Duration]) { values += durations.map { Text.milliseconds($0) } }

    /// By nearest rank: the smallest value that so many percent do not exceed; 0 without any.
    public func percentile(_ percent: Int) -> Int64 {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
    }

    public var text: String {
        "p50 \(percentile(50)) ms, p99 \(percentile(99)) ms, max \(values.max() ?? 0) ms, of \(values.count)"
    }
}
