/// One sequence as it stands. Pure.
struct SequenceState: Sendable, Hashable {
    var schema: String
    var name: String
    var last: Int64
    /// False: `last` itself comes next.
    var isCalled: Bool
    var increment: Int64
    var minimum: Int64
    var maximum: Int64
    /// Values a session takes at once; those it does not use are gaps anyway.
    var cache: Int64
    var cycles: Bool

    var label: String { "\(schema).\(name)" }
    var key: ExactName { SQL.key(schema, name) }

    struct Value: Sendable, Hashable {
        var last: Int64
        var isCalled: Bool
    }

    var value: Value { Value(last: last, isCalled: isCalled) }

    /// What a subscriber's sequence must be set to, so that it gives nothing that either side gave.
    ///
    /// An ordinary one goes on exactly where the publisher's stopped: behind its fence nobody takes a value, and numbering keeps no hole. One with
    /// CACHE goes on a batch later, which costs nothing where holes are usual, and covers what a session still holds. Near its bound the batch
    /// is left out, so that no sequence ends by the switch. The subscriber's own value counts when it is further on; of one that cycles,
    /// "further" means nothing, and the publisher's, being younger, counts alone.
    static func aligned(publisher: SequenceState, subscriber: SequenceState) -> Value {
        var value = publisher.value
        if publisher.isCalled, publisher.cache > 1 {
            let (batch, tooMuch) = publisher.increment.multipliedReportingOverflow(by: publisher.cache)
            let (next, tooFar) = publisher.last.addingReportingOverflow(batch)
            if !tooMuch, !tooFar, (publisher.minimum...publisher.maximum).contains(next) { value.last = next }
        }
        if !publisher.cycles, !subscriber.cycles, subscriber.isFurther(than: value) { value = subscriber.value }
        value.last = min(max(value.last, subscriber.minimum), subscriber.maximum)
        return value
    }

    private func isFurther(than other: Value) -> Bool {
        if last == other.last { return isCalled && !other.isCalled }
        return increment > 0 ? last > other.last : last < other.last
    }
}
