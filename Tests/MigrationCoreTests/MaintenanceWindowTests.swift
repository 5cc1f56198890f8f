import Testing

@testable import MigrationCore

@Suite("Maintenance windows hold the cutover")
struct MaintenanceWindowTests {
    private static func plan(_ mode: Plan.Copy.Mode) -> Plan {
        var plan = Plan.example(mode: mode)
        plan.cutover.window = Plan.Window(schedule: "0 2 * * SUN", durationMinutes: 60)
        return plan
    }

    @Test("outside nothing is begun, not even the way back; inside the pause begins", arguments: [Plan.Copy.Mode.live, .snapshot])
    func holds(mode: Plan.Copy.Mode) {
        var talk = LivePathTests.reached(.awaitingCutover, plan: Self.plan(mode))
        talk.seen.window = .value(.init(nextAt: start.adding(seconds: 7)))
        talk.expectWait(.outsideWindow)
        #expect(talk.ask().wake == 7)
        talk.seen.window = .unknown("no such zone")
        talk.expectWait(.observationFailed)
        talk.seen.window = .value(.init(closesAt: start.adding(seconds: 60), nextAt: start.adding(seconds: 604_800)))
        if mode == .live {
            talk.expect(.prepareLanes(.reverse, epoch: 0))
            // It closes while the way back is made: that waits for the next one too, and costs the target no log meanwhile.
            talk.seen.reverse = .value(.lane(.connected))
            talk.pass(seconds: 60)
            talk.expect(.removeLanes(.reverse, epoch: 0))
            talk.seen.reverse = .value(.lane(.absent))
            talk.expectWait(.outsideWindow)
            talk.seen.window = .value(.init(closesAt: start.adding(seconds: 3600)))
            talk.seen.reverse = .value(.lane(.connected))
        }
        talk.expect(enters: .fencing)
    }

    @Test("a goal that asks for no cutover waits for no window")
    func ready() {
        var talk = LivePathTests.reached(.awaitingCutover, plan: Self.plan(.live))
        talk.intent.goal = .ready
        talk.seen.window = .value(.init(nextAt: start.adding(seconds: 7)))
        guard case .goalReached = talk.ask().standing else { return #expect(Bool(false), "not at rest") }
    }

    @Test(
        "schedules as cron reads them",
        arguments: [
            ("0 2 * * SUN", "2026-11-22T02:00", true), ("0 2 * * 7", "2026-11-22T02:00", true), ("0 2 * * SUN", "2026-11-23T02:00", false),
            ("*/15 * * * *", "2026-11-23T10:45", true), ("*/15 * * * *", "2026-11-23T10:46", false), ("@daily", "2026-11-23T00:00", true),
            ("30 1-5/2 1,15 * *", "2026-11-15T03:30", true), ("30 1-5/2 1,15 * *", "2026-11-15T04:30", false),
            // Where both days are restricted, one suffices.
            ("0 0 13 * FRI", "2026-11-27T00:00", true), ("0 0 13 * FRI", "2026-10-13T00:00", true), ("0 0 13 * FRI", "2026-10-14T00:00", false),
            ("0 0 29 feb *", "2028-02-29T00:00", true),
        ])
    func cron(text: String, time: String, matches: Bool) throws {
        let numbers = time.split { !$0.isNumber }.compactMap { Int($0) }
        let civil = CivilTime(year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4])
        #expect(civil.text == time)
        #expect(CivilTime(minutes: civil.minutes) == civil)
        #expect(try CronSchedule(text).matches(civil) == matches)
    }

    @Test(
        "what is no schedule is refused with what is wrong",
        arguments: [
            ("0 2 * *", "4 fields"), ("60 2 * * *", "'60' for the minute"), ("0 2 * * MOO", "'MOO' for the day of week"), ("0 5-2 * * *", "range"),
            ("0 0 31 2 *", "never"), ("*/0 * * * *", "step"), ("", "0 fields"), ("0 2 , * *", "''"), ("-1 2 * * *", "''"),
        ])
    func refused(text: String, why: String) {
        let error = #expect(throws: CronError.self) { try CronSchedule(text) }
        #expect(error?.description.contains(why) == true, "\(error?.description ?? "accepted")")
    }

    /// One hour ahead until 1,000,000 s, which is 13:46:40 UTC on 1970-01-12, and two hours from then on: 14:46:40 to 15:46:40 are skipped.
    private static let forward = ZoneRules { $0 < 1_000_000 ? 3_600 : 7_200 }
    private static let back = ZoneRules { $0 < 1_000_000 ? 7_200 : 3_600 }

    @Test("a skipped opening comes as soon as clocks go on, a doubled one the first time; every hour stays every hour")
    func changes() throws {
        func openings(_ schedule: String, _ zone: ZoneRules, from: Int64, _ count: Int) throws -> [Int64] {
            let window = MaintenanceWindow(schedule: try CronSchedule(schedule), zone: zone, durationSeconds: 60)
            var found: [Int64] = []
            while found.count < count, let next = window.nextOpening(after: found.last ?? from) { found.append(next) }
            return found
        }
        #expect(try openings("0 15 * * *", Self.forward, from: 900_000, 3) == [914_400, 1_000_000, 1_083_600])
        // 15:00 comes twice on the 12th: at 13:00 and at 14:00 UTC.
        #expect(try openings("0 15 * * *", Self.back, from: 990_000, 2) == [997_200, 1_087_200])
        #expect(try openings("0 * * * *", Self.back, from: 990_000, 5) == [993_600, 997_200, 1_000_800, 1_004_400, 1_008_000])
        #expect(try openings("0 * * * *", Self.forward, from: 990_000, 5) == [993_600, 997_200, 1_000_800, 1_004_400, 1_008_000])
    }

    @Test("a window is open from its opening until its length has passed, also over midnight")
    func states() throws {
        let window = MaintenanceWindow(schedule: try CronSchedule("0 23 * * SAT"), zone: .utc, durationSeconds: 7_200)
        // 2026-11-21 is a Saturday.
        let opening = CivilTime(year: 2026, month: 11, day: 21, hour: 23).minutes * 60
        func state(_ offset: Int64) -> (closes: Int64?, next: Int64?) {
            let state = window.state(at: Timestamp(milliseconds: (opening + offset) * 1_000))
            return (state.closesAt.map { $0.milliseconds / 1_000 - opening }, state.nextAt.map { $0.milliseconds / 1_000 - opening })
        }
        #expect(state(-1) == (nil, 0))
        #expect(state(0) == (7_200, 604_800))
        #expect(state(7_199) == (7_200, 604_800))
        #expect(state(7_200) == (nil, 604_800))
    }
}
