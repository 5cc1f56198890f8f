/// A check of numbers, whatever they were measured by: each has to stay within absolute limits, and within percentages of what it was before the
/// cutover.
public struct MeasuredCheck: Sendable, Hashable {
    public struct Values: Sendable, Hashable {
        public var max: Double?
        public var min: Double?
        /// How far the highest series may be above the baseline's highest, in percent of it.
        public var maxIncreasePercent: Int?
        /// How far the lowest series may be below the baseline's lowest, in percent of it.
        public var maxDecreasePercent: Int?

        public init(max: Double? = nil, min: Double? = nil, maxIncreasePercent: Int? = nil, maxDecreasePercent: Int? = nil) {
            self.max = max
            self.min = min
            self.maxIncreasePercent = maxIncreasePercent
            self.maxDecreasePercent = maxDecreasePercent
        }
    }

    /// Unique within the plan.
    public var name: String
    /// What is counted, for messages; empty where the name says it.
    public var subject = ""
    public var values: Values
    public var limits: Plan.CheckLimits

    /// Whether it compares with what was measured before the cutover.
    public var wantsBaseline: Bool { values.maxIncreasePercent != nil || values.maxDecreasePercent != nil }
}

extension MeasuredCheck {
    /// The verdict on what was measured. A series beyond a limit has failed whatever is unknown of the others.
    public func reading(of measured: Fact<MeasuredValues>, baseline: Record.Baseline?) -> ProbeReading {
        switch measured {
        case .unknown(let why): return ProbeReading(name: name, verdict: .inconclusive, message: why)
        case .value(let found):
            if let complaint = complaint(about: found, baseline) {
                let worst = found.series > 1 ? ", the worst of \(found.series) series" : ""
                return ProbeReading(name: name, verdict: .failed, message: counted(complaint) + worst)
            }
            if found.hasGaps { return ProbeReading(name: name, verdict: .inconclusive, message: found.gap) }
            if wantsBaseline, baseline == nil {
                return ProbeReading(name: name, verdict: .inconclusive, message: "there is no baseline to compare with")
            }
            let values = Record.Baseline(lowest: found.lowest, highest: found.highest)
            return ProbeReading(name: name, verdict: .ok, message: counted(found.series > 1 ? "\(values) in \(found.series) series" : "\(values)"))
        }
    }

    /// What later readings are compared with, or why they could not be.
    public func baseline(from measured: Fact<MeasuredValues>) -> Fact<Record.Baseline> {
        switch measured {
        case .unknown(let why): .unknown(why)
        case .value(let found) where found.hasGaps: .unknown(found.gap)
        case .value(let found) where found.lowest.isInfinite || found.highest.isInfinite: .unknown("an infinite value compares with nothing")
        case .value(let found): .value(Record.Baseline(lowest: found.lowest, highest: found.highest))
        }
    }

    private func counted(_ text: String) -> String { subject.isEmpty ? text : "\(subject): \(text)" }

    private func complaint(about found: MeasuredValues, _ baseline: Record.Baseline?) -> String? {
        if let max = values.max, found.highest > max { return "\(found.highest.measured) is above max \(max.measured)" }
        if let min = values.min, found.lowest < min { return "\(found.lowest.measured) is below min \(min.measured)" }
        guard let baseline else { return nil }
        if let percent = values.maxIncreasePercent, found.highest > baseline.highest + Self.share(percent, of: baseline.highest) {
            return "\(found.highest.measured) is more than \(percent) % above the baseline \(baseline.highest.measured)"
        }
        if let percent = values.maxDecreasePercent, found.lowest < baseline.lowest - Self.share(percent, of: baseline.lowest) {
            return "\(found.lowest.measured) is more than \(percent) % below the baseline \(baseline.lowest.measured)"
        }
        return nil
    }

    private static func share(_ percent: Int, of value: Double) -> Double { value.magnitude * Double(percent) / 100 }
}

extension Plan.Health {
    /// Every check of numbers.
    public var measured: [MeasuredCheck] { prometheus.map(\.measured) + (sessions?.measured ?? []) + (logs.map { [$0.measured] } ?? []) }

    var wantsBaseline: Bool { measured.contains(where: \.wantsBaseline) }
}
