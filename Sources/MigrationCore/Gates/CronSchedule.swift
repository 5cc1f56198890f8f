/// The five fields of cron: minute, hour, day of month, month, day of week, with `*`, lists, ranges, steps and names, or one of `@hourly`, `@daily`,
/// `@weekly`, `@monthly` and `@yearly`. As in cron, where both days are restricted one of them suffices.
public struct CronSchedule: Sendable, Hashable {
    private var minutes: Set<Int>
    private var hours: Set<Int>
    private var days: Set<Int>
    private var months: Set<Int>
    private var weekdays: Set<Int>
    private var restrictsDay: Bool
    private var restrictsWeekday: Bool
    /// Whether it comes in every hour, so that no change of the clocks can skip it.
    private(set) var isHourly: Bool

    public init(_ text: String) throws(CronError) {
        let fields = (Self.names[text.lowercased()] ?? text).split { $0 == " " || $0 == "\t" }.map(String.init)
        guard fields.count == 5 else {
            throw CronError("has \(fields.count) fields; give minute, hour, day of month, month and day of week, such as \"0 2 * * SUN\"")
        }
        minutes = try Self.field(fields[0], "minute", 0...59)
        hours = try Self.field(fields[1], "hour", 0...23)
        days = try Self.field(fields[2], "day of month", 1...31)
        months = try Self.field(fields[3], "month", 1...12, names: Self.monthNames, firstName: 1)
        // 7 is Sunday as well.
        weekdays = Set(try Self.field(fields[4], "day of week", 0...7, names: Self.weekdayNames, firstName: 0).map { $0 % 7 })
        isHourly = hours.count == 24
        restrictsDay = !fields[2].hasPrefix("*")
        restrictsWeekday = !fields[4].hasPrefix("*")
        guard possible else { throw CronError("never comes: no month it names has such a day") }
    }

    public func matches(_ time: CivilTime) -> Bool {
        minutes.contains(time.minute) && hours.contains(time.hour) && matchesDay(time)
    }

    func matchesDay(_ time: CivilTime) -> Bool {
        guard months.contains(time.month) else { return false }
        let (day, weekday) = (days.contains(time.day), weekdays.contains(time.weekday))
        return restrictsDay && restrictsWeekday ? day || weekday : day && weekday
    }

    /// The minutes of a day on which it fires, counted from midnight.
    var minutesOfDay: [Int] { hours.flatMap { hour in minutes.map { hour * 60 + $0 } }.sorted() }

    private var possible: Bool {
        if restrictsDay && restrictsWeekday { return true }
        return months.contains { month in days.contains { $0 <= CivilTime.daysInMonth(month, of: 2000) } }
    }

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    private static func field(
        _ text: String, _ name: String, _ range: ClosedRange<Int>, names: [String] = [], firstName: Int = 0
    ) throws(CronError) -> Set<Int> {
        var values: Set<Int> = []
        func number(_ word: Substring) throws(CronError) -> Int {
            if let index = names.firstIndex(of: word.uppercased()) { return index + firstName }
            guard word.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int(word), range.contains(value) else {
                throw CronError("has '\(word.prefix(16))' for the \(name), which goes from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let stepped = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let ends = (stepped.first ?? "").split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            var step = 1
            if stepped.count == 2 {
                guard let given = Int(stepped[1]), (1...range.upperBound).contains(given) else {
                    throw CronError("has the step '\(stepped[1].prefix(16))' for the \(name)")
                }
                step = given
            }
            let bounds: ClosedRange<Int>
            if ends == ["*"] {
                bounds = range
            } else if ends.count == 2 {
                let (from, to) = (try number(ends[0]), try number(ends[1]))
                guard from <= to else { throw CronError("has the range '\(part.prefix(16))' for the \(name), which ends before it begins") }
                bounds = from...to
            } else {
                let from = try number(ends.first ?? "")
                bounds = from...(stepped.count == 2 ? range.upperBound : from)
            }
            for value in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) { values.insert(value) }
        }
        return values
    }
}

/// Why a text is no schedule; a sentence without its subject.
public struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}
