extension Plan {
    /// When a health check has said enough. Every limit counts readings of one soak, and each check has limits of its own.
    public struct CheckLimits: Sendable, Hashable, Codable {
        /// So many failures in a row mean the application is unhealthy.
        public var failureLimit: Int
        /// So many failures altogether mean it too, however many good readings lie between them; `nil` counts only rows.
        public var totalFailureLimit: Int?
        /// So many readings in a row without a usable answer ask for a person: they prove neither health nor its absence. `nil` waits for ever.
        public var inconclusiveLimit: Int?
        /// So many good readings in a row make the check good.
        public var successThreshold: Int
        /// Seconds from the beginning of the soak in which readings do not count.
        public var initialDelaySeconds: Int

        public init(
            failureLimit: Int = 3, totalFailureLimit: Int? = nil, inconclusiveLimit: Int? = nil, successThreshold: Int = 1,
            initialDelaySeconds: Int = 0
        ) {
            self.failureLimit = failureLimit
            self.totalFailureLimit = totalFailureLimit
            self.inconclusiveLimit = inconclusiveLimit
            self.successThreshold = successThreshold
            self.initialDelaySeconds = initialDelaySeconds
        }

        /// What the readings so far amount to.
        public func standing(_ state: Record.CheckState?) -> CheckStanding {
            guard let state else { return .open }
            if let limit = totalFailureLimit, (state.failures ?? 0) >= limit { return .failed }
            switch state.verdict {
            case .ok: return state.streak >= successThreshold ? .good : .open
            case .failed: return state.streak >= failureLimit ? .failed : .open
            case .inconclusive: return inconclusiveLimit.map { state.streak >= $0 } == true ? .silent : .open
            }
        }
    }

    /// The workloads' own rollout is a check without settings.
    static let rolloutLimits = CheckLimits(failureLimit: 3)
}

/// What a check amounts to by its limits.
public enum CheckStanding: Sendable, Hashable {
    case good, failed
    /// It gives no usable answer, as often as its limit.
    case silent
    /// Neither yet.
    case open
}

extension Plan.Health {
    /// The limits of every check by its name, the rollout's included.
    public var limits: [String: Plan.CheckLimits] {
        var limits = [Health.rolloutCheck: Plan.rolloutLimits]
        for check in http { limits[check.name] = check.limits }
        for check in measured { limits[check.name] = check.limits }
        limits[Plan.WorkloadCheck.name] = workloads?.limits
        return limits
    }

    /// Whether anything is asked that is not observed on every visit.
    var hasProbes: Bool { !http.isEmpty || !measured.isEmpty }
}
