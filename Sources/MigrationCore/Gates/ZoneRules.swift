/// How the clocks of a time zone go. Pure: where the offsets come from is the caller's business.
public struct ZoneRules: Sendable {
    public static let utc = ZoneRules { _ in 0 }

    private let offset: @Sendable (Int64) -> Int

    /// - Parameter offset: seconds that clocks are ahead of UTC, at so many seconds since 1970.
    public init(offset: @escaping @Sendable (_ seconds: Int64) -> Int) { self.offset = offset }

    func offset(at seconds: Int64) -> Int { offset(seconds) }

    /// The moments at which the clocks show this: none in a gap, two when they are set back.
    public func moments(of time: CivilTime) -> [Int64] {
        let local = time.minutes * 60
        // No offset is further from Greenwich than a day.
        let offsets = Set([local - 86_400, local, local + 86_400].map { offset(at: $0) })
        return Set(offsets.map { local - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local }).sorted()
    }

    /// The first moment after a gap in which the clocks skip this; `nil` when they do not.
    func afterGap(_ time: CivilTime) -> Int64? {
        guard moments(of: time).isEmpty else { return nil }
        // By the offset before the gap the clock would show it just as long after the change as it lies in the gap.
        let local = time.minutes * 60
        var (low, high) = (local - 90_000, local + 90_000)
        guard low + Int64(offset(at: low)) < local, high + Int64(offset(at: high)) > local else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if middle + Int64(offset(at: middle)) < local { low = middle } else { high = middle }
        }
        return high
    }
}
