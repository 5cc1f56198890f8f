import MigrationCore
import MigrationPorts

/// Remembers comparisons of the tables, so that two catalogs are not read on every visit.
actor DriftMemory {
    struct Key: Sendable, Hashable {
        var uid: String
        var direction: Direction
        var source: Plan.Server
        var target: Plan.Server
        var databases: [Plan.Database]
    }

    /// One comparison, and how long it is good for. Pure.
    struct Entry: Sendable, Hashable {
        var readAt: ContinuousClock.Instant
        var drift: String?

        /// What fits is looked at again after a minute; who mends a drift is not kept waiting.
        private static let secondsWhenEqual = 60
        private static let secondsWhenDifferent = 5
        /// How long a comparison stands in for later ones that fail.
        private static let secondsTrusted = 300

        func isDue(_ now: ContinuousClock.Instant) -> Bool {
            now - readAt >= .seconds(drift == nil ? Self.secondsWhenEqual : Self.secondsWhenDifferent)
        }

        func isTrusted(_ now: ContinuousClock.Instant) -> Bool { now - readAt < .seconds(Self.secondsTrusted) }
    }

    private var entries: [Key: Entry] = [:]

    /// The last comparison, or a new one when that is too old or `isFresh` asks for it. Where none can be made and none is known, that is said
    /// in its stead: unknown is never "equal".
    func drift(_ key: Key, isFresh: Bool, _ read: () async throws -> String?) async -> String? {
        let now = ContinuousClock.now
        // A migration that ended asks no more.
        entries = entries.filter { $0.value.isTrusted(now) }
        if let known = entries[key], !isFresh, !known.isDue(now) { return known.drift }
        do {
            let drift = try await read()
            entries[key] = Entry(readAt: now, drift: drift)
            return drift
        } catch {
            if let known = entries[key], !isFresh { return known.drift }
            return "the tables of both sides cannot be compared: \(error)"
        }
    }
}

extension DriftMemory.Key {
    init(_ context: DatabaseContext, _ direction: Direction) {
        self.init(
            uid: context.uid, direction: direction, source: context.plan.source, target: context.plan.target, databases: context.plan.databases)
    }
}
