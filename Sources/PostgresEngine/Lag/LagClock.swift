import MigrationCore
import MigrationPorts

/// Measures lags in time, by the controller's own clock: each look at the lanes says where the publisher's log stands, and later looks tell when a
/// lane has come that far. Nothing is written anywhere for it.
actor LagClock {
    private struct Key: Hashable {
        var uid: String
        var direction: Direction
        var publisher: Plan.Server
    }

    private var timelines: [Key: WALTimeline] = [:]
    private static let secondsKept = 3600

    /// The lanes with their lag in time.
    func measured(
        _ state: ReplicationState, _ context: DatabaseContext, _ direction: Direction, at now: ContinuousClock.Instant = .now
    ) -> ReplicationState {
        var state = state
        // A migration that ended asks no more.
        timelines = timelines.filter { $0.value.samples.last.map { now - $0.at < .seconds(Self.secondsKept) } ?? false }
        let key = Key(uid: context.uid, direction: direction, publisher: direction.publisher == .source ? context.plan.source : context.plan.target)
        guard let insert = state.lanes.compactMap(\.insert).max() else { return state }
        var timeline = timelines[key] ?? WALTimeline()
        timeline.note(insert, at: now)
        for index in state.lanes.indices {
            guard let confirmed = state.lanes[index].confirmed else { continue }
            // Each database is asked at a moment of its own: what it has all of, it has all of.
            let lag = state.lanes[index].lagBytes == 0 ? .zero : timeline.lag(of: confirmed, at: now)
            state.lanes[index].lagMilliseconds = lag?.wholeMilliseconds
        }
        if let last = state.lanes.compactMap(\.confirmed).min() { timeline.forget(before: last) }
        timelines[key] = timeline
        return state
    }
}

extension LaneState {
    /// Where the publisher's log stood.
    fileprivate var insert: WALPosition? {
        guard let confirmed, let lagBytes else { return nil }
        return WALPosition(bytes: confirmed.bytes + UInt64(max(0, lagBytes)))
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
