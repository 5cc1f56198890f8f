/// Windows that open by a schedule in a time zone, each for the same time.
///
/// Where clocks skip the minute a window opens at, it opens as soon as they go on; where they show it twice, it opens the first time. A schedule of
/// every hour has no such minute: it follows the time that passes.
public struct MaintenanceWindow: Sendable {
    /// What a window says at a moment.
    public struct State: Sendable, Hashable {
        /// When the window that is open closes; `nil` while none is.
        public var closesAt: Timestamp?
        /// The next opening, also while one is open.
        public var nextAt: Timestamp?

        public init(closesAt: Timestamp? = nil, nextAt: Timestamp? = nil) {
            self.closesAt = closesAt
            self.nextAt = nextAt
        }
    }

    /// Every schedule that can come at all comes within so many days: the leap day is missing once in a hundred years.
    private static let daysAhead = 8 * 366

    private let schedule: CronSchedule
    private let zone: ZoneRules
    private let durationSeconds: Int64

    public init(schedule: CronSchedule, zone: ZoneRules, durationSeconds: Int) {
        self.schedule = schedule
        self.zone = zone
        self.durationSeconds = Int64(durationSeconds)
    }

    public func state(at now: Timestamp) -> State {
        let seconds = CivilTime.floor(now.milliseconds, 1_000)
        let open = lastOpening(upTo: seconds).map { $0 + durationSeconds }.flatMap { $0 > seconds ? $0 : nil }
        return State(closesAt: open.map(Self.timestamp), nextAt: nextOpening(after: seconds).map(Self.timestamp))
    }

    /// The first opening later than this, in seconds since 1970.
    func nextOpening(after seconds: Int64) -> Int64? {
        let today = localDay(seconds)
        for day in (today - 1)...(today + Int64(Self.daysAhead)) {
            guard let found = openings(on: day).first(where: { $0 > seconds }) else { continue }
            // Set back over midnight, clocks show some of the day after before the last of this one.
            return min(found, openings(on: day + 1).first { $0 > seconds } ?? found)
        }
        return nil
    }

    /// The latest opening up to this whose window may still be open.
    private func lastOpening(upTo seconds: Int64) -> Int64? {
        var latest: Int64?
        for day in localDay(seconds - durationSeconds)...(localDay(seconds) + 1) {
            if let found = openings(on: day).last(where: { $0 <= seconds }) { latest = max(latest ?? found, found) }
        }
        return latest
    }

    private func localDay(_ seconds: Int64) -> Int64 { CivilTime.floor(seconds + Int64(zone.offset(at: seconds)), 86_400) }

    /// Openings on a day of the zone's calendar, counted from 1970-01-01, in order.
    private func openings(on day: Int64) -> [Int64] {
        let midnight = CivilTime(minutes: day * 1_440)
        guard schedule.matchesDay(midnight) else { return [] }
        let openings = schedule.minutesOfDay.flatMap { minute in
            let time = CivilTime(minutes: day * 1_440 + Int64(minute))
            let moments = zone.moments(of: time)
            if schedule.isHourly { return moments }
            return (moments.first ?? zone.afterGap(time)).map { [$0] } ?? []
        }
        return Set(openings).sorted()
    }

    private static func timestamp(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }
}
