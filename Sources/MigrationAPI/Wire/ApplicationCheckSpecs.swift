/// Availability and restarts of the selected workloads (`spec.health.workloads`).
public struct WorkloadCheckSpec: Codable, Sendable, Hashable {
    public var minAvailablePercent: Int
    public var maxRestarts: Int

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        minAvailablePercent = try container.value(.minAvailablePercent, default: 100)
        maxRestarts = try container.value(.maxRestarts, default: 3)
    }
}

/// Application sessions on both servers (`spec.health.sessions`).
public struct SessionCheckSpec: Codable, Sendable, Hashable {
    public var maxOnSource: Int
    public var minOnTarget: Int
    public var maxIncreasePercent: Int?
    public var maxDecreasePercent: Int?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        maxOnSource = try container.value(.maxOnSource, default: 0)
        minOnTarget = try container.value(.minOnTarget, default: 1)
        maxIncreasePercent = try container.decodeIfPresent(Int.self, forKey: .maxIncreasePercent)
        maxDecreasePercent = try container.decodeIfPresent(Int.self, forKey: .maxDecreasePercent)
    }
}

/// What the selected workloads log (`spec.health.logs`); at least one of `maxMatches` and `maxIncreasePercent` is given.
public struct LogCheckSpec: Codable, Sendable, Hashable {
    public var errorPattern: String
    public var maxMatches: Int?
    public var maxIncreasePercent: Int?
}

/// A check of `spec.health` that is there once: its own settings, with the limits that every check has beside them in the same object.
@dynamicMemberLookup
public struct LimitedCheck<Settings: Codable & Sendable & Hashable>: Codable, Sendable, Hashable, LimitsSpec {
    public var settings: Settings
    public var failureLimit: Int
    public var totalFailureLimit: Int?
    public var inconclusiveLimit: Int?
    public var successThreshold: Int
    public var initialDelaySeconds: Int

    private enum CodingKeys: CodingKey { case failureLimit, totalFailureLimit, inconclusiveLimit, successThreshold, initialDelaySeconds }

    public init(from decoder: any Decoder) throws {
        settings = try Settings(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        failureLimit = try container.value(.failureLimit, default: 3)
        totalFailureLimit = try container.decodeIfPresent(Int.self, forKey: .totalFailureLimit)
        inconclusiveLimit = try container.decodeIfPresent(Int.self, forKey: .inconclusiveLimit)
        successThreshold = try container.value(.successThreshold, default: 1)
        initialDelaySeconds = try container.value(.initialDelaySeconds, default: 0)
    }

    public func encode(to encoder: any Encoder) throws {
        try settings.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(failureLimit, forKey: .failureLimit)
        try container.encodeIfPresent(totalFailureLimit, forKey: .totalFailureLimit)
        try container.encodeIfPresent(inconclusiveLimit, forKey: .inconclusiveLimit)
        try container.encode(successThreshold, forKey: .successThreshold)
        try container.encode(initialDelaySeconds, forKey: .initialDelaySeconds)
    }

    public subscript<Value>(dynamicMember member: KeyPath<Settings, Value>) -> Value { settings[keyPath: member] }
}
