public import FoundationEssentials

/// A time in whole seconds, as most of the API has it: `2024-01-02T03:04:05Z`.
public struct Time: Sendable, Hashable {
    public var secondsSince1970: Int64

    public init(secondsSince1970: Int64) { self.secondsSince1970 = secondsSince1970 }

    /// Fractions are cut off.
    public init(_ date: Date) { self.init(secondsSince1970: Int64(date.timeIntervalSince1970.rounded(.down))) }

    public static var now: Time { Time(Date()) }

    public var date: Date { Date(timeIntervalSince1970: Double(secondsSince1970)) }
}

/// A time in microseconds, as leases and events have it: `2024-01-02T03:04:05.000006Z`. The server refuses it with fewer digits.
public struct MicroTime: Sendable, Hashable {
    public var microsecondsSince1970: Int64

    public init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }

    public init(_ date: Date) { self.init(microsecondsSince1970: Int64((date.timeIntervalSince1970 * 1_000_000).rounded())) }

    public static var now: MicroTime { MicroTime(Date()) }

    public var date: Date { Date(timeIntervalSince1970: Double(microsecondsSince1970) / 1_000_000) }
}

extension Time: LosslessStringConvertible, Comparable {
    public init?(_ description: String) {
        guard let microseconds = RFC3339.parse(description) else { return nil }
        self.init(secondsSince1970: microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000)
    }

    public var description: String { RFC3339.format(microseconds: secondsSince1970 * 1_000_000, withFraction: false) }

    public static func < (left: Time, right: Time) -> Bool { left.secondsSince1970 < right.secondsSince1970 }
}

extension MicroTime: LosslessStringConvertible, Comparable {
    public init?(_ description: String) {
        guard let microseconds = RFC3339.parse(description) else { return nil }
        self.init(microsecondsSince1970: microseconds)
    }

    public var description: String { RFC3339.format(microseconds: microsecondsSince1970, withFraction: true) }

    public static func < (left: MicroTime, right: MicroTime) -> Bool { left.microsecondsSince1970 < right.microsecondsSince1970 }
}

extension Time: Codable {
    public init(from decoder: any Decoder) throws { self = try decodeTime(decoder) }
    public func encode(to encoder: any Encoder) throws { try encodeTime(self, encoder) }
}

extension MicroTime: Codable {
    public init(from decoder: any Decoder) throws { self = try decodeTime(decoder) }
    public func encode(to encoder: any Encoder) throws { try encodeTime(self, encoder) }
}

private func decodeTime<Value: LosslessStringConvertible>(_ decoder: any Decoder) throws -> Value {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Value(text) else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no RFC 3339 time") }
    return time
}

private func encodeTime(_ time: some CustomStringConvertible, _ encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(time.description)
}
