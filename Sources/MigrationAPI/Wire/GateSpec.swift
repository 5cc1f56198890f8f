/// A step that a person approves by name (`spec.gates[]`).
public struct GateSpec: Codable, Sendable, Hashable {
    public var name: String
    public var before: String
    public var approval: String
    public var approvedBy: String?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        before = try container.decode(String.self, forKey: .before)
        approval = try container.value(.approval, default: "Manual")
        approvedBy = try container.decodeIfPresent(String.self, forKey: .approvedBy)
    }
}
