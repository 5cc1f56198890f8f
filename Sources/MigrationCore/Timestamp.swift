/// A moment in milliseconds since 1970-01-01T00:00:00Z; the core's only notion of time, always given to it, never read.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public init(from decoder: any Decoder) throws { milliseconds = try decoder.singleValueContainer().decode(Int64.self) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// This moment moved by whole seconds; saturates instead of overflowing.
    public func adding(seconds: Int) -> Timestamp {
        let (product, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1000)
        let (sum, second) = milliseconds.addingReportingOverflow(overflow ? .max : product)
        return Timestamp(milliseconds: second ? .max : sum)
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is later.
    public func since(_ earlier: Timestamp) -> Int64 { milliseconds - earlier.milliseconds }
}
