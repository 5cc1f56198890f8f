/// A sequence and what was drawn from it. Pure.
struct SequenceAudit: Sendable, Hashable {
    var name: String
    var lastValue: Int64
    var isCalled: Bool
    var increment: Int64
    /// The value in use that lies farthest in the sequence's direction; `nil` when there is none.
    var used: Int64?

    var next: Int64 { isCalled ? lastValue + increment : lastValue }

    /// Whether the next value was never used.
    var isBeyond: Bool {
        guard let used else { return true }
        return increment > 0 ? next > used : next < used
    }

    var problem: String? {
        isBeyond
            ? nil : "sequence \(name) gives \(next) next, but \(used.map { "\($0)" } ?? "") is in use"
    }
}
