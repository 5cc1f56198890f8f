import StructuredData

/// `spec` as it is written. Words of closed lists stay strings, so that an unknown one survives decoding and is reported with its path;
/// members of type ``JSONValue`` belong to later versions and are refused by ``PlanBuilder``.
public struct DatabaseMigrationSpec: Codable, Sendable, Hashable {
    public var goal: String
    public var attempt: Int
    public var suspend: Bool
    public var strategy: String
    public var criticality: String
    public var source: ServerSpec
    public var target: ServerSpec
    public var databases: [DatabaseSpec]
    public var copy: CopySpec
    public var verification: VerificationSpec
    public var cutover: CutoverSpec
    public var health: HealthSpec
    public var rollback: RollbackSpec
    public var cleanup: CleanupSpec
    public var gates: [GateSpec]
    var discover: JSONValue?
    var provision: JSONValue?
    var backup: JSONValue?
    var redis: JSONValue?
    var objectStores: JSONValue?
    var keyVaults: JSONValue?
    public var notifications: [NotificationSpec]

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        goal = try container.value(.goal, default: "Ready")
        attempt = try container.value(.attempt, default: 1)
        suspend = try container.value(.suspend, default: false)
        strategy = try container.value(.strategy, default: "BlueGreen")
        criticality = try container.value(.criticality, default: "Medium")
        source = try container.decode(ServerSpec.self, forKey: .source)
        target = try container.decode(ServerSpec.self, forKey: .target)
        databases = try container.value(.databases, default: [])
        copy = try container.value(.copy, default: CopySpec())
        verification = try container.value(.verification, default: VerificationSpec())
        cutover = try container.value(.cutover, default: CutoverSpec())
        health = try container.value(.health, default: HealthSpec())
        rollback = try container.value(.rollback, default: RollbackSpec())
        cleanup = try container.value(.cleanup, default: CleanupSpec())
        gates = try container.value(.gates, default: [])
        discover = try container.decodeIfPresent(JSONValue.self, forKey: .discover)
        provision = try container.decodeIfPresent(JSONValue.self, forKey: .provision)
        backup = try container.decodeIfPresent(JSONValue.self, forKey: .backup)
        redis = try container.decodeIfPresent(JSONValue.self, forKey: .redis)
        objectStores = try container.decodeIfPresent(JSONValue.self, forKey: .objectStores)
        keyVaults = try container.decodeIfPresent(JSONValue.self, forKey: .keyVaults)
        notifications = try container.value(.notifications, default: [])
    }
}
