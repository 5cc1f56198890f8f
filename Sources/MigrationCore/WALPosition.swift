/// A position in a server's write-ahead log, PostgreSQL's `pg_lsn`.
public struct WALPosition: Sendable, Hashable, Comparable {
    /// Bytes since the beginning of the log.
    public var bytes: UInt64

    public init(bytes: UInt64) { self.bytes = bytes }

    /// - Parameter text: e.g. `16/B374D848`; anything else gives `nil`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16) else { return nil }
        bytes = UInt64(high) << 32 | UInt64(low)
    }

    public static func < (left: WALPosition, right: WALPosition) -> Bool { left.bytes < right.bytes }
}

extension WALPosition: CustomStringConvertible, Codable {
    public var description: String { String(bytes >> 32, radix: 16, uppercase: true) + "/" + String(bytes & 0xffff_ffff, radix: 16, uppercase: true) }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let position = WALPosition(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(text) is no WAL position"))
        }
        self = position
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
