import Foundation
import MigrationCore
import Testing

@testable import MigrationAPI

@Suite("Windows go by the clocks of their zone")
struct TimeZoneTests {
    private static let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Johannesburg", "Asia/Kathmandu", "UTC"]
    private static let schedules = ["30 2 * * *", "0 3 * * SUN", "*/20 * * * *", "15 0 1,15 * *"]

    /// Minute by minute, by Foundation's calendar, over the days in which clocks change.
    @Test("the next opening is the one that a search through the calendar finds", arguments: zones, schedules)
    func agrees(name: String, schedule: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let cron = try CronSchedule(schedule)
        let isHourly = schedule.hasPrefix("*/20")
        // The changes of 2026 in Europe, America and Australia.
        for day in ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04"] {
            let start = try #require(try? Date("\(day)T00:00:00Z", strategy: .iso8601)).addingTimeInterval(-86_400)
            var expected: Date?
            var seen: Set<CivilTime> = []
            var last: CivilTime?
            for minute in 1...(16 * 1_440) {
                let date = start.addingTimeInterval(Double(minute) * 60)
                let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
                let civil = CivilTime(
                    year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0, minute: parts.minute ?? 0)
                let isNew = seen.insert(civil).inserted
                // Every minute that clocks have skipped counts at the first one after the gap.
                let skipped =
                    last.map { last in stride(from: last.minutes + 1, to: max(last.minutes + 1, civil.minutes), by: 1) }.map(Array.init) ?? []
                let fires = cron.matches(civil) && (isNew || isHourly) || !isHourly && skipped.contains { cron.matches(CivilTime(minutes: $0)) }
                last = civil
                guard fires else { continue }
                expected = date
                break
            }
            let window = Plan.Window(schedule: schedule, durationMinutes: 1, timeZone: name)
            let state = try #require(window.state(at: Timestamp(milliseconds: Int64(start.timeIntervalSince1970) * 1_000)).value)
            #expect(state.nextAt?.milliseconds == expected.map { Int64($0.timeIntervalSince1970) * 1_000 }, "\(name), \(schedule), \(day)")
        }
    }

    @Test("what is no zone is refused", arguments: ["Africa/Nowhere", "", "../UTC", "berlin"])
    func unknown(name: String) {
        #expect(TimeZones.rules(name).value.map { _ in true } == nil)
    }
}
