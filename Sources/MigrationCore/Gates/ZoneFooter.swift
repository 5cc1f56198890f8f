/// The rule for all years after those a TZif file lists, in the notation of POSIX' `TZ`: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneFooter: Sendable, Hashable {
    /// One change of the clocks in a year.
    struct Change: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// The week's (5: the last) weekday of the month.
            case weekday(month: Int, week: Int, weekday: Int)
            /// 1 to 365; the leap day is never counted.
            case julian(Int)
            /// 0 to 365.
            case ordinal(Int)
        }
        var day: Day
        /// Seconds after midnight, by the clock before the change; may be negative or past the day.
        var seconds: Int
    }

    private var standard: Int
    private var summer: (offset: Int, from: Change, to: Change)?

    static func == (left: ZoneFooter, right: ZoneFooter) -> Bool {
        left.standard == right.standard && left.summer?.offset == right.summer?.offset && left.summer?.from == right.summer?.from
            && left.summer?.to == right.summer?.to
    }

    func hash(into hasher: inout Hasher) { hasher.combine(standard) }

    init?(_ text: String) {
        var rest = Substring(text)
        guard Self.skipName(&rest), let west = Self.time(&rest) else { return nil }
        standard = -west
        guard !rest.isEmpty else { return }
        guard Self.skipName(&rest) else { return nil }
        var offset = standard + 3_600
        if let next = rest.first, next != "," {
            guard let west = Self.time(&rest) else { return nil }
            offset = -west
        }
        guard let from = Self.change(&rest), let to = Self.change(&rest), rest.isEmpty else { return nil }
        summer = (offset, from, to)
    }

    func offset(at seconds: Int64) -> Int {
        guard let summer else { return standard }
        let year = CivilTime(minutes: CivilTime.floor(seconds + Int64(standard), 60)).year
        let from = summer.from.moment(in: year) - Int64(standard)
        let to = summer.to.moment(in: year) - Int64(summer.offset)
        // South of the equator summer lies around the new year.
        let isSummer = from < to ? from <= seconds && seconds < to : seconds < to || from <= seconds
        return isSummer ? summer.offset : standard
    }

    // MARK: Reading

    private static func skipName(_ rest: inout Substring) -> Bool {
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let name = rest.prefix { $0.isLetter && $0.isASCII }
        rest = rest.dropFirst(name.count)
        return name.count >= 3
    }

    private static func number(_ rest: inout Substring) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return digits.count <= 4 ? Int(digits) : nil
    }

    private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// `[+-]h[:m[:s]]` in seconds.
    private static func time(_ rest: inout Substring) -> Int? {
        let sign = take("-", &rest) ? -1 : 1
        if sign == 1 { _ = take("+", &rest) }
        guard var seconds = number(&rest).map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where take(":", &rest) {
            guard let value = number(&rest) else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }

    private static func change(_ rest: inout Substring) -> Change? {
        guard take(",", &rest) else { return nil }
        let day: Change.Day
        if take("M", &rest) {
            guard let month = number(&rest), take(".", &rest), let week = number(&rest), take(".", &rest), let weekday = number(&rest),
                (1...12).contains(month), (1...5).contains(week), (0...6).contains(weekday)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if take("J", &rest) {
            guard let number = number(&rest), (1...365).contains(number) else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(&rest), (0...365).contains(number) else { return nil }
            day = .ordinal(number)
        }
        guard take("/", &rest) else { return Change(day: day, seconds: 7_200) }
        return time(&rest).map { Change(day: day, seconds: $0) }
    }
}

extension ZoneFooter.Change {
    /// Seconds since 1970 by the clock before the change.
    fileprivate func moment(in year: Int) -> Int64 {
        let newYear = CivilTime.days(year: year, month: 1, day: 1)
        let days: Int64 =
            switch day {
            case .ordinal(let number): newYear + Int64(number)
            case .julian(let number): newYear + Int64(number - 1) + (number >= 60 && CivilTime.daysInMonth(2, of: year) == 29 ? 1 : 0)
            case .weekday(let month, let week, let weekday): Self.day(year, month, week, weekday)
            }
        return days * 86_400 + Int64(seconds)
    }

    private static func day(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int64 {
        let first = CivilTime(year: year, month: month, day: 1)
        var day = 1 + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
        while day > CivilTime.daysInMonth(month, of: year) { day -= 7 }
        return CivilTime.days(year: year, month: month, day: day)
    }
}
