import StructuredData

/// One database to move (`spec.databases[]`).
public struct DatabaseSpec: Codable, Sendable, Hashable {
    public var name: String
    public var targetName: String?
    public var create: String
    var excludeTables: JSONValue?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        targetName = try container.decodeIfPresent(String.self, forKey: .targetName)
        create = try container.value(.create, default: "IfMissing")
        excludeTables = try container.decodeIfPresent(JSONValue.self, forKey: .excludeTables)
    }
}

/// How rows are copied (`spec.copy`).
public struct CopySpec: Codable, Sendable, Hashable {
    public var mode = "Live"
    public var jobs = 4
    public var onExisting = "Refuse"
    public var roles = "CreateMissing"
    public var lanes = 1
    /// Live mode only.
    public var maxRetainedWALMiB = 20_480
    public var indexJobs = 2
    public var splitAboveMiB = 1024

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mode = try container.value(.mode, default: mode)
        jobs = try container.value(.jobs, default: jobs)
        onExisting = try container.value(.onExisting, default: onExisting)
        roles = try container.value(.roles, default: roles)
        lanes = try container.value(.lanes, default: lanes)
        maxRetainedWALMiB = try container.value(.maxRetainedWALMiB, default: maxRetainedWALMiB)
        indexJobs = try container.value(.indexJobs, default: indexJobs)
        splitAboveMiB = try container.value(.splitAboveMiB, default: splitAboveMiB)
    }
}

/// How the copy is checked (`spec.verification`).
public struct VerificationSpec: Codable, Sendable, Hashable {
    public var mode = "RowCount"
    /// Live mode only.
    public var maxAgeSeconds: Int?

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mode = try container.value(.mode, default: mode)
        maxAgeSeconds = try container.decodeIfPresent(Int.self, forKey: .maxAgeSeconds)
    }
}
