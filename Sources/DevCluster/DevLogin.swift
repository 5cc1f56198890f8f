public import StructuredData

/// A role and its password.
public struct DevLogin: Sendable {
    public var user: String
    public var password: Redacted<String>
}

// `Redacted` is deliberately not Codable. The state file is the one place where the passwords of throw-away servers are
// written down, in a file only its user can read; the exception is spelled out here.

extension DevLogin: Codable {
    private enum CodingKeys: CodingKey { case user, password }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        user = try container.decode(String.self, forKey: .user)
        password = Redacted(try container.decode(String.self, forKey: .password))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(user, forKey: .user)
        try container.encode(password.reveal(), forKey: .password)
    }
}
