/// One PostgreSQL server (`spec.source`, `spec.target`).
public struct ServerSpec: Codable, Sendable, Hashable {
    public var host: String
    public var port: Int
    public var sslMode: String
    public var credentialsSecretRef: CredentialsSecretReference
    public var caSecretRef: CertificateSecretReference?
    public var maintenanceDatabase: String
    /// Who creates subscriptions here; absent, the same as everything else.
    public var subscriptionCredentialsSecretRef: CredentialsSecretReference?
    public var replication: ReplicationSpec?
    /// Provisioned storage in GiB, which SQL cannot tell; absent, its use is not checked.
    public var storageGiB: Int?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        host = try container.decode(String.self, forKey: .host)
        port = try container.value(.port, default: 5432)
        sslMode = try container.value(.sslMode, default: "verify-full")
        credentialsSecretRef = try container.decode(CredentialsSecretReference.self, forKey: .credentialsSecretRef)
        caSecretRef = try container.decodeIfPresent(CertificateSecretReference.self, forKey: .caSecretRef)
        maintenanceDatabase = try container.value(.maintenanceDatabase, default: "postgres")
        subscriptionCredentialsSecretRef = try container.decodeIfPresent(
            CredentialsSecretReference.self, forKey: .subscriptionCredentialsSecretRef)
        replication = try container.decodeIfPresent(ReplicationSpec.self, forKey: .replication)
        storageGiB = try container.decodeIfPresent(Int.self, forKey: .storageGiB)
    }
}

/// How the other server reaches this one (`spec.source.replication`, `spec.target.replication`); what is absent is as for everybody.
public struct ReplicationSpec: Codable, Sendable, Hashable {
    public var host: String?
    public var port: Int?
    public var sslMode: String?
    public var credentialsSecretRef: CredentialsSecretReference?
}

/// A Secret with a user name and a password.
public struct CredentialsSecretReference: Codable, Sendable, Hashable {
    public var name: String
    public var usernameKey: String
    public var passwordKey: String

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        usernameKey = try container.value(.usernameKey, default: "username")
        passwordKey = try container.value(.passwordKey, default: "password")
    }
}

/// A Secret with CA certificates in PEM.
public struct CertificateSecretReference: Codable, Sendable, Hashable {
    public var name: String
    public var key: String

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        key = try container.value(.key, default: "ca.crt")
    }
}

/// One key of a Secret.
public struct SecretKeyReference: Codable, Sendable, Hashable {
    public var name: String
    public var key: String
}
