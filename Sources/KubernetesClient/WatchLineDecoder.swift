public import FoundationEssentials

/// Puts the lines of a watch together: the network's pieces end anywhere, lines only at `\n`.
public struct WatchLineDecoder: Sendable {
    private var partial = Data()

    public init() {}

    /// - Returns: the lines completed by this piece, without their ends; empty lines are left out.
    public mutating func feed(_ chunk: Data) -> [Data] {
        var lines: [Data] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: 0x0a) {
            var line = partial
            line.append(rest[..<end])
            partial = Data()
            if line.last == 0x0d { line.removeLast() }
            if !line.isEmpty { lines.append(line) }
            rest = rest[rest.index(after: end)...]
        }
        partial.append(rest)
        return lines
    }
}
