public import StructuredData

/// What some application reads to find its server (`spec.cutover.connections[]`).
public struct ConnectionSpec: Codable, Sendable, Hashable {
    /// Either this or the next.
    public var secretRef: ConnectionReference?
    public var configMapRef: ConnectionReference?
    /// `nil` lets each string name any of `spec.databases`.
    public var database: String?
    /// `Keep`, or an object with `secretRef`; `nil` means `Keep`.
    public var credentials: JSONValue?
    public var redis: RedisConnectionSpec?
}

/// Where in a Secret or ConfigMap: one of `key`, `keys` and `parts`.
public struct ConnectionReference: Codable, Sendable, Hashable {
    /// Which key holds which part of one connection.
    public struct Parts: Codable, Sendable, Hashable {
        public var host: String
        public var port: String?
        public var user: String?
        public var password: String?
        public var database: String?
    }

    public var name: String
    /// `*` stands for any characters, here and in `keys`.
    public var key: String?
    public var keys: [String]?
    public var parts: Parts?
}

/// Where a connection of Redis leads after the switch (`spec.cutover.connections[].redis`).
public struct RedisConnectionSpec: Codable, Sendable, Hashable {
    public var host: String
    public var port: Int
    /// `nil` keeps the password.
    public var passwordSecretRef: SecretKeyReference?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        host = try container.decode(String.self, forKey: .host)
        port = try container.value(.port, default: 6379)
        passwordSecretRef = try container.decodeIfPresent(SecretKeyReference.self, forKey: .passwordSecretRef)
    }
}
