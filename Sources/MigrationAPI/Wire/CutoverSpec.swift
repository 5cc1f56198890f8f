import StructuredData

/// The write pause and what switches in it (`spec.cutover`).
public struct CutoverSpec: Codable, Sendable, Hashable {
    /// Snapshot mode only, and required there.
    public var snapshotPauseSeconds: Int?
    /// This and the next two: Live mode only.
    public var maxPauseSeconds = 300
    public var maxLagBytes = 1_048_576
    public var verifySeconds = 20
    public var connections: [ConnectionSpec] = []
    public var workloads: [WorkloadSpec] = []
    public var traffic = "SecretRollout"
    /// Those of traffic `PgBouncer`.
    public var poolers: [PoolerSpec] = []
    public var secretWriter = "Operator"
    public var window: WindowSpec?

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        snapshotPauseSeconds = try container.decodeIfPresent(Int.self, forKey: .snapshotPauseSeconds)
        maxPauseSeconds = try container.value(.maxPauseSeconds, default: maxPauseSeconds)
        maxLagBytes = try container.value(.maxLagBytes, default: maxLagBytes)
        verifySeconds = try container.value(.verifySeconds, default: verifySeconds)
        connections = try container.value(.connections, default: [])
        workloads = try container.value(.workloads, default: [])
        traffic = try container.value(.traffic, default: traffic)
        poolers = try container.value(.poolers, default: [])
        secretWriter = try container.value(.secretWriter, default: secretWriter)
        window = try container.decodeIfPresent(WindowSpec.self, forKey: .window)
    }
}

/// When the write pause may begin (`spec.cutover.window`).
public struct WindowSpec: Codable, Sendable, Hashable {
    public var schedule: String
    public var durationMinutes: Int
    public var timeZone: String

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schedule = try container.decode(String.self, forKey: .schedule)
        durationMinutes = try container.decode(Int.self, forKey: .durationMinutes)
        timeZone = try container.value(.timeZone, default: "UTC")
    }
}

/// Workloads to restart (`spec.cutover.workloads[]`).
public struct WorkloadSpec: Codable, Sendable, Hashable {
    /// Which workloads, by their labels.
    public struct Selector: Codable, Sendable, Hashable {
        public var matchLabels: [String: String]
        var matchExpressions: JSONValue?

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            matchLabels = try container.value(.matchLabels, default: [:])
            matchExpressions = try container.decodeIfPresent(JSONValue.self, forKey: .matchExpressions)
        }
    }

    public var selector: Selector
    public var kinds: [String]
    public var rolloutSeconds: Int
    public var order: Int
    public var scaleToZero: Bool
    var clusterRef: JSONValue?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        selector = try container.decode(Selector.self, forKey: .selector)
        kinds = try container.value(.kinds, default: ["Deployment", "StatefulSet"])
        rolloutSeconds = try container.value(.rolloutSeconds, default: 600)
        order = try container.value(.order, default: 0)
        scaleToZero = try container.value(.scaleToZero, default: false)
        clusterRef = try container.decodeIfPresent(JSONValue.self, forKey: .clusterRef)
    }
}
