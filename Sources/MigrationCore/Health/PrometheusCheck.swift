extension Plan {
    /// A query whose every series has to stay within limits, of which there is at least one.
    public struct PrometheusCheck: Sendable, Hashable, Codable {
        /// Unique within the plan.
        public var name: String
        /// The server's base URL; the path of its HTTP API is appended.
        public var address: String
        /// PromQL for a scalar or an instant vector.
        public var query: String
        public var max: Double?
        public var min: Double?
        /// How far the highest series may be above the baseline's highest, in percent of it.
        public var maxIncreasePercent: Int?
        /// How far the lowest series may be below the baseline's lowest, in percent of it.
        public var maxDecreasePercent: Int?
        public var timeoutSeconds: Int
        public var limits: CheckLimits
        /// A Secret whose every key is a header field to send.
        public var headersSecret: String?
        /// The CA to verify the server with; `nil` means the system's bundle.
        public var certificateAuthority: SecretKey?

        public init(
            name: String, address: String, query: String, max: Double? = nil, min: Double? = nil, maxIncreasePercent: Int? = nil,
            maxDecreasePercent: Int? = nil, timeoutSeconds: Int = 5, limits: CheckLimits = CheckLimits(), headersSecret: String? = nil,
            certificateAuthority: SecretKey? = nil
        ) {
            self.name = name
            self.address = address
            self.query = query
            self.max = max
            self.min = min
            self.maxIncreasePercent = maxIncreasePercent
            self.maxDecreasePercent = maxDecreasePercent
            self.timeoutSeconds = timeoutSeconds
            self.limits = limits
            self.headersSecret = headersSecret
            self.certificateAuthority = certificateAuthority
        }

        /// Whether it compares with what was measured before the cutover.
        public var wantsBaseline: Bool { maxIncreasePercent != nil || maxDecreasePercent != nil }
    }
}

extension Plan.PrometheusCheck {
    /// The verdict on what was measured. A series beyond a limit has failed whatever is unknown of the others.
    func reading(of measured: Fact<MeasuredValues>, baseline: Record.Baseline?) -> ProbeReading {
        switch measured {
        case .unknown(let why): return ProbeReading(name: name, verdict: .inconclusive, message: why)
        case .value(let found):
            if let complaint = complaint(about: found, baseline) {
                let worst = found.series > 1 ? ", the worst of \(found.series) series" : ""
                return ProbeReading(name: name, verdict: .failed, message: complaint + worst)
            }
            if found.hasGaps { return ProbeReading(name: name, verdict: .inconclusive, message: Self.gap) }
            if wantsBaseline, baseline == nil {
                return ProbeReading(name: name, verdict: .inconclusive, message: "there is no baseline to compare with")
            }
            let values = Record.Baseline(lowest: found.lowest, highest: found.highest)
            return ProbeReading(name: name, verdict: .ok, message: found.series > 1 ? "\(values) in \(found.series) series" : "\(values)")
        }
    }

    /// What later readings are compared with, or why they could not be.
    func baseline(from measured: Fact<MeasuredValues>) -> Fact<Record.Baseline> {
        switch measured {
        case .unknown(let why): .unknown(why)
        case .value(let found) where found.hasGaps: .unknown(Self.gap)
        case .value(let found) where found.lowest.isInfinite || found.highest.isInfinite: .unknown("an infinite value compares with nothing")
        case .value(let found): .value(Record.Baseline(lowest: found.lowest, highest: found.highest))
        }
    }

    private static var gap: String { "a series has no value (NaN)" }

    private func complaint(about found: MeasuredValues, _ baseline: Record.Baseline?) -> String? {
        if let max, found.highest > max { return "\(found.highest.measured) is above max \(max.measured)" }
        if let min, found.lowest < min { return "\(found.lowest.measured) is below min \(min.measured)" }
        guard let baseline else { return nil }
        if let percent = maxIncreasePercent, found.highest > baseline.highest + Self.share(percent, of: baseline.highest) {
            return "\(found.highest.measured) is more than \(percent) % above the baseline \(baseline.highest.measured)"
        }
        if let percent = maxDecreasePercent, found.lowest < baseline.lowest - Self.share(percent, of: baseline.lowest) {
            return "\(found.lowest.measured) is more than \(percent) % below the baseline \(baseline.lowest.measured)"
        }
        return nil
    }

    private static func share(_ percent: Int, of value: Double) -> Double { value.magnitude * Double(percent) / 100 }
}

extension Plan.Health {
    var wantsBaseline: Bool { prometheus.contains(where: \.wantsBaseline) }
}
