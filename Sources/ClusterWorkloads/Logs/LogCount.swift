import MigrationCore

/// Matching lines of several logs. Pure.
struct LogCount: Sendable, Hashable {
    private(set) var matches = 0
    /// What was not read, for people; the count is a lower bound then.
    private(set) var gaps: [String] = []

    /// At most so many gaps are named.
    private static let namedLimit = 3

    /// - Parameters:
    ///   - log: what was read of it.
    ///   - isWhole: whether that is all there was.
    mutating func add(_ log: some StringProtocol, isWhole: Bool, of container: String, _ pattern: TextPattern) {
        for line in log.split(whereSeparator: \.isNewline) where pattern.matches(String(line)) { matches += 1 }
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
