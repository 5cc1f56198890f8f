import StructuredData

/// When to go back, and at what price (`spec.rollback`).
public struct RollbackSpec: Codable, Sendable, Hashable {
    public var automatic = true
    /// Without a default in the schema: Kubernetes 1.20 reads an empty text there as null and refuses the whole resource.
    public var acceptLoss: String?
    /// Live mode only.
    public var keepReverseReplication = true

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        automatic = try container.value(.automatic, default: automatic)
        acceptLoss = try container.decodeIfPresent(String.self, forKey: .acceptLoss)
        keepReverseReplication = try container.value(.keepReverseReplication, default: keepReverseReplication)
    }
}

/// What goal `Completed` removes (`spec.cleanup`).
public struct CleanupSpec: Codable, Sendable, Hashable {
    public var sourceDatabases = "Keep"
    var terraformDestroyTargets: JSONValue?
    var afterSeconds: JSONValue?
    var quietSeconds: JSONValue?
    var confirm: JSONValue?

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sourceDatabases = try container.value(.sourceDatabases, default: sourceDatabases)
        terraformDestroyTargets = try container.decodeIfPresent(JSONValue.self, forKey: .terraformDestroyTargets)
        afterSeconds = try container.decodeIfPresent(JSONValue.self, forKey: .afterSeconds)
        quietSeconds = try container.decodeIfPresent(JSONValue.self, forKey: .quietSeconds)
        confirm = try container.decodeIfPresent(JSONValue.self, forKey: .confirm)
    }
}
