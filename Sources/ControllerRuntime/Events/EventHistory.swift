/// Which notices were written lately, as a value: repeats of one within 6 minutes become a series of the first Event.
struct EventHistory: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Write: Sendable, Equatable {
        /// Create an Event of this name.
        case create(name: String)
        /// Set the series of the Event of this name.
        case repeated(name: String, count: Int)
    }

    private struct Entry: Sendable {
        var name: String
        var count: Int
        var last: Instant
    }

    /// As in client-go: a repeat after a longer silence is a new Event.
    static let window: Duration = .seconds(360)

    private var entries: [EventNotice: Entry] = [:]

    /// What to write for `notice`; `suffix` makes the name of a new Event unique.
    mutating func record(_ notice: EventNotice, now: Instant, suffix: @autoclosure () -> String) -> Write {
        entries = entries.filter { now - $0.value.last < Self.window }
        if var entry = entries[notice] {
            entry.count += 1
            entry.last = now
            entries[notice] = entry
            return .repeated(name: entry.name, count: entry.count)
        }
        let name = "\(notice.subject.name.prefix(230)).\(suffix())"
        entries[notice] = Entry(name: name, count: 1, last: now)
        return .create(name: name)
    }

    /// Forgets a notice whose Event could not be written or is gone: the next occurrence creates one.
    mutating func forget(_ notice: EventNotice) {
        entries[notice] = nil
    }
}
