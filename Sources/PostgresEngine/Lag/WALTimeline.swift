import MigrationCore

/// When a publisher's log had reached which position: what turns bytes of lag into time. Bounded, and pure.
struct WALTimeline: Sendable, Hashable {
    struct Sample: Sendable, Hashable {
        var position: WALPosition
        var at: ContinuousClock.Instant
    }

    static let limit = 300

    private(set) var samples: [Sample] = []

    /// Notes the insert position seen at a moment. One that goes back is another history: what was known is forgotten.
    mutating func note(_ position: WALPosition, at moment: ContinuousClock.Instant) {
        if let last = samples.last, position < last.position || moment < last.at { samples = [] }
        // Of a log that stands still, the first and the last moment say everything.
        if samples.count > 1, samples.suffix(2).allSatisfy({ $0.position == position }) { samples.removeLast() }
        samples.append(Sample(position: position, at: moment))
        if samples.count > Self.limit { thinOut() }
    }

    /// How long ago the publisher wrote what comes next for a subscriber that has everything before `confirmed`; between two samples the log is
    /// taken to have grown evenly. Zero when it has everything; `nil` when that was before the first sample.
    func lag(of confirmed: WALPosition, at now: ContinuousClock.Instant) -> Duration? {
        guard let last = samples.last else { return nil }
        if confirmed >= last.position { return .zero }
        guard let index = samples.lastIndex(where: { $0.position <= confirmed }) else { return nil }
        let (before, after) = (samples[index], samples[index + 1])
        let share = Double(confirmed.bytes - before.position.bytes) / Double(after.position.bytes - before.position.bytes)
        return max(.zero, now - (before.at + (after.at - before.at) * share))
    }

    /// Forgets what no subscriber needs any more: all but one of the samples up to `confirmed`.
    mutating func forget(before confirmed: WALPosition) {
        guard let index = samples.lastIndex(where: { $0.position <= confirmed }) else { return }
        samples.removeFirst(index)
    }

    /// Every second sample of the older half goes: a long lag is known less exactly, but it stays known.
    private mutating func thinOut() {
        let older = samples.prefix(samples.count / 2).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        samples = older + samples.suffix(samples.count - samples.count / 2)
    }
}
