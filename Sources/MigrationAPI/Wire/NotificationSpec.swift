/// Somebody who is told by a webhook (`spec.notifications[]`).
public struct NotificationSpec: Codable, Sendable, Hashable {
    /// A key of a Secret in the migration's namespace.
    public struct KeyReference<Default: KeyDefault>: Codable, Sendable, Hashable {
        public var name: String
        public var key: String

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            key = try container.value(.key, default: Default.key)
        }
    }
    public protocol KeyDefault { static var key: String { get } }
    public enum URLKey: KeyDefault { public static let key = "url" }
    public enum SigningKey: KeyDefault { public static let key = "secret" }

    /// By default the name of the Secret with the URL.
    public var name: String?
    public var webhookSecretRef: KeyReference<URLKey>
    public var format: String
    public var events: [String]
    public var template: String?
    public var signingSecretRef: KeyReference<SigningKey>?
    public var caSecretRef: CertificateSecretReference?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        webhookSecretRef = try container.decode(KeyReference.self, forKey: .webhookSecretRef)
        format = try container.value(.format, default: "Generic")
        events = try container.decode([String].self, forKey: .events)
        template = try container.decodeIfPresent(String.self, forKey: .template)
        signingSecretRef = try container.decodeIfPresent(KeyReference.self, forKey: .signingSecretRef)
        caSecretRef = try container.decodeIfPresent(CertificateSecretReference.self, forKey: .caSecretRef)
    }
}
