public import FoundationEssentials

/// Puts the lines of a watch together: the network's pieces end anywhere, lines only at `\n`.
public struct WatchLineDecoder: Sendable {
    /// No object comes near this: etcd takes 1.5 MiB.
    static let limit = 16 << 20

    private var partial = Data()

    public init() {}

    /// - Returns: the lines completed by this piece, without their ends; empty lines are left out. `nil`: a line has more than 16 MiB.
    public mutating func feed(_ chunk: Data) -> [Data]? {
        var lines: [Data] = []
        var rest = chunk[...]
        while let end = Self.lineEnd(rest) {
            var line = partial
            line.append(rest[..<end])
            partial = Data()
            if line.last == 0x0d { line.removeLast() }
            if !line.isEmpty { lines.append(line) }
            rest = rest[rest.index(after: end)...]
        }
        guard partial.count + rest.count <= Self.limit else { return nil }
        partial.append(rest)
        return lines
    }

    /// As `firstIndex(of:)`, without a call for each byte.
    private static func lineEnd(_ bytes: Data) -> Int? {
        unsafe bytes.withUnsafeBytes { unsafe $0.firstIndex(of: 0x0a) }.map { bytes.startIndex + $0 }
    }
}
