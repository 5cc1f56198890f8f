/// Checks of what the migration knows by itself: the applications' workloads, their sessions on both servers, and what they log. Each is one section of
/// the plan; its readings have fixed names.
extension Plan {
    /// How many replicas of the selected workloads are available, and how often their containers were restarted since the switch.
    public struct WorkloadCheck: Sendable, Hashable, Codable {
        public static let name = "workloads"

        /// Of the replicas each workload wants, 1 to 100.
        public var minAvailablePercent: Int
        /// Restarts of containers, over all pods that exist.
        public var maxRestarts: Int
        public var limits: CheckLimits

        public init(minAvailablePercent: Int = 100, maxRestarts: Int = 3, limits: CheckLimits = CheckLimits()) {
            self.minAvailablePercent = minAvailablePercent
            self.maxRestarts = maxRestarts
            self.limits = limits
        }
    }

    /// How many application sessions are left on the source, and how many there are on the target, beside how many the source had before the cutover.
    public struct SessionCheck: Sendable, Hashable, Codable {
        public static let sourceName = "source-sessions"
        public static let targetName = "target-sessions"

        public var maxOnSource: Int
        public var minOnTarget: Int
        /// How far the target's may be above those that the source had, in percent of them.
        public var maxIncreasePercent: Int?
        /// How far below.
        public var maxDecreasePercent: Int?
        /// Of each of the two.
        public var limits: CheckLimits

        public init(
            maxOnSource: Int = 0, minOnTarget: Int = 1, maxIncreasePercent: Int? = nil, maxDecreasePercent: Int? = nil,
            limits: CheckLimits = CheckLimits()
        ) {
            self.maxOnSource = maxOnSource
            self.minOnTarget = minOnTarget
            self.maxIncreasePercent = maxIncreasePercent
            self.maxDecreasePercent = maxDecreasePercent
            self.limits = limits
        }

        var measured: [MeasuredCheck] {
            [
                MeasuredCheck(
                    name: Self.sourceName, subject: "application sessions on the source", values: .init(max: Double(maxOnSource)), limits: limits),
                MeasuredCheck(
                    name: Self.targetName, subject: "application sessions on the target",
                    values: .init(min: Double(minOnTarget), maxIncreasePercent: maxIncreasePercent, maxDecreasePercent: maxDecreasePercent),
                    limits: limits),
            ]
        }
    }

    /// How many lines the selected workloads' pods logged in the last minute that match a pattern.
    public struct LogCheck: Sendable, Hashable, Codable {
        public static let name = "logs"
        /// What is looked back upon once the soak has lasted as long.
        public static let windowSeconds = 60

        /// A ``TextPattern`` found anywhere in a line.
        public var errorPattern: String
        /// Matching lines in a minute, over all pods.
        public var maxMatches: Int?
        /// How far they may be above those before the cutover, in percent of them.
        public var maxIncreasePercent: Int?
        public var limits: CheckLimits

        public init(errorPattern: String, maxMatches: Int? = nil, maxIncreasePercent: Int? = nil, limits: CheckLimits = CheckLimits()) {
            self.errorPattern = errorPattern
            self.maxMatches = maxMatches
            self.maxIncreasePercent = maxIncreasePercent
            self.limits = limits
        }

        var measured: MeasuredCheck {
            MeasuredCheck(
                name: Self.name, subject: "log lines with errorPattern in a minute",
                values: .init(max: maxMatches.map(Double.init), maxIncreasePercent: maxIncreasePercent), limits: limits)
        }

        /// How far back lines count, in seconds: nothing that was logged before the soak, and no part of the write pause, is judged as being of the target.
        public func seconds(_ record: Record?, now: Timestamp) -> Int {
            guard let record, record.phase == .soaking else { return Self.windowSeconds }
            return min(Self.windowSeconds, max(1, Int(now.since(record.phaseStartedAt) / 1000)))
        }
    }
}

extension Plan.WorkloadCheck {
    func reading(of workloads: Fact<WorkloadsState>) -> ProbeReading {
        let (verdict, message) = verdict(on: workloads)
        return ProbeReading(name: Self.name, verdict: verdict, message: message)
    }

    private func verdict(on workloads: Fact<WorkloadsState>) -> (Verdict, String) {
        guard case .value(let state) = workloads else { return (.inconclusive, workloads.whyUnknown ?? "") }
        guard !state.replicas.isEmpty || state.groups.isEmpty else { return (.inconclusive, "the workloads' replicas are not known") }
        let short = state.replicas.filter { $0.available * 100 < $0.wanted * minAvailablePercent }
        let restarts = state.replicas.map(\.restarts).reduce(0, +)
        var complaints = short.prefix(3).map { "\($0.workload) has \($0.available) of \($0.wanted) replicas available" }
        if short.count > 3 { complaints.append("and \(short.count - 3) more") }
        if restarts > maxRestarts { complaints.append("\(restarts) restarts of containers are above maxRestarts \(maxRestarts)") }
        if !complaints.isEmpty { return (.failed, complaints.joined(separator: "; ")) }
        let (available, wanted) = (state.replicas.map(\.available).reduce(0, +), state.replicas.map(\.wanted).reduce(0, +))
        return (.ok, "\(available) of \(wanted) replicas available, \(restarts) restarts")
    }
}
