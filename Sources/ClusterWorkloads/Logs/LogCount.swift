import MigrationCore

/// Matching lines of several logs.
struct LogCount: Sendable, Hashable {
    private(set) var matches = 0
    /// What was not read, for people; the count is a lower bound then.
    private(set) var gaps: [String] = []

    /// At most so many gaps are named.
    private static let namedLimit = 3
    /// Of a line only so much is looked at: as much as a container runtime keeps in one piece.
    private static let lineBytes = 16 << 10
    private static let bytesAtOnce = 4 << 10

    /// - Parameters:
    ///   - log: what was read of it.
    ///   - isWhole: whether that is all there was.
    mutating func add(_ log: some StringProtocol, isWhole: Bool, of container: String, _ pattern: TextPattern) async {
        var since = 0
        for line in log.split(whereSeparator: \.isNewline) {
            // The thread belongs to the write pauses of other migrations too.
            since += line.utf8.count
            if since >= Self.bytesAtOnce {
                since = 0
                await Task.yield()
            }
            if Task.isCancelled { break }
            if pattern.matches(String(decoding: line.utf8.prefix(Self.lineBytes), as: UTF8.self)) { matches += 1 }
        }
        if !isWhole { gaps.append("\(container) logs more than is read (\(log.utf8.count >> 10) KiB)") }
    }

    mutating func add(_ other: LogCount) {
        matches += other.matches
        gaps += other.gaps
    }

    mutating func miss(_ what: String) { gaps.append(what) }

    var values: MeasuredValues {
        let rest = gaps.count - Self.namedLimit
        let named = gaps.sorted().prefix(Self.namedLimit).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
        return MeasuredValues(matches, gap: gaps.isEmpty ? nil : "\(matches) matching lines, but not everything was read: \(named)")
    }
}
