public import KubernetesModel

/// A PgBouncer between the applications and the server (`spec.cutover.poolers[]`).
public struct PoolerSpec: Codable, Sendable, Hashable {
    /// Every ready address of a Service in the migration's namespace.
    public struct ServiceAddress: Codable, Sendable, Hashable {
        public var name: String
        public var port: IntOrString
    }

    /// Where the file with the `[databases]` is; exactly one of the two is given.
    public struct FileReference: Codable, Sendable, Hashable {
        public var secretRef: SecretKeyReference?
        public var configMapRef: SecretKeyReference?
    }

    /// A role the pooler logs in to the server with.
    public struct LoginSpec: Codable, Sendable, Hashable {
        public var credentialsSecretRef: CredentialsSecretReference
        public var database: String
    }

    public var name: String
    /// Exactly one of this and `addresses` is given.
    public var service: ServiceAddress?
    /// `host:port`, an IPv6 address in brackets.
    public var addresses: [String]?
    public var adminSecretRef: CredentialsSecretReference
    public var file: FileReference
    public var sslMode: String
    /// Source names; `nil` means all of `spec.databases`.
    public var databases: [String]?
    public var logins: [LoginSpec]
    public var fileSeconds: Int
    public var pauseSeconds: Int

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        service = try container.decodeIfPresent(ServiceAddress.self, forKey: .service)
        addresses = try container.decodeIfPresent([String].self, forKey: .addresses)
        adminSecretRef = try container.decode(CredentialsSecretReference.self, forKey: .adminSecretRef)
        file = try container.decode(FileReference.self, forKey: .file)
        sslMode = try container.value(.sslMode, default: "prefer")
        databases = try container.decodeIfPresent([String].self, forKey: .databases)
        logins = try container.value(.logins, default: [])
        fileSeconds = try container.value(.fileSeconds, default: 120)
        pauseSeconds = try container.value(.pauseSeconds, default: 5)
    }
}
