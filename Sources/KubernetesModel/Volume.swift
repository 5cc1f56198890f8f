public import StructuredData

/// A volume of a Pod; one source is set.
public struct Volume: Codable, Sendable, Hashable {
    public var name: String
    public var secret: SecretVolume?
    public var configMap: ConfigMapVolume?
    public var projected: ProjectedVolume?
    public var downwardAPI: DownwardAPIVolume?
    public var emptyDir: JSONValue?
    public var hostPath: JSONValue?
    public var persistentVolumeClaim: JSONValue?

    public init(
        name: String, secret: SecretVolume? = nil, configMap: ConfigMapVolume? = nil, projected: ProjectedVolume? = nil,
        downwardAPI: DownwardAPIVolume? = nil, emptyDir: JSONValue? = nil, hostPath: JSONValue? = nil, persistentVolumeClaim: JSONValue? = nil
    ) {
        self.name = name
        self.secret = secret
        self.configMap = configMap
        self.projected = projected
        self.downwardAPI = downwardAPI
        self.emptyDir = emptyDir
        self.hostPath = hostPath
        self.persistentVolumeClaim = persistentVolumeClaim
    }
}

/// The keys of a Secret as files.
public struct SecretVolume: Codable, Sendable, Hashable {
    public var secretName: String?
    public var items: [KeyToPath]?
    /// File mode in decimal; server default 420 (0644).
    public var defaultMode: Int?
    public var optional: Bool?

    public init(secretName: String? = nil, items: [KeyToPath]? = nil, defaultMode: Int? = nil, optional: Bool? = nil) {
        self.secretName = secretName
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

/// The keys of a ConfigMap as files.
public struct ConfigMapVolume: Codable, Sendable, Hashable {
    public var name: String?
    public var items: [KeyToPath]?
    public var defaultMode: Int?
    public var optional: Bool?

    public init(name: String? = nil, items: [KeyToPath]? = nil, defaultMode: Int? = nil, optional: Bool? = nil) {
        self.name = name
        self.items = items
        self.defaultMode = defaultMode
        self.optional = optional
    }
}

/// Which file a key becomes.
public struct KeyToPath: Codable, Sendable, Hashable {
    public var key: String
    public var path: String
    public var mode: Int?

    public init(key: String, path: String, mode: Int? = nil) {
        self.key = key
        self.path = path
        self.mode = mode
    }
}

/// Several sources in one folder.
public struct ProjectedVolume: Codable, Sendable, Hashable {
    public var sources: [VolumeProjection]?
    public var defaultMode: Int?

    public init(sources: [VolumeProjection]? = nil, defaultMode: Int? = nil) {
        self.sources = sources
        self.defaultMode = defaultMode
    }
}

/// One source of a ``ProjectedVolume``; one member is set.
public struct VolumeProjection: Codable, Sendable, Hashable {
    public var secret: ConfigMapVolume?
    public var configMap: ConfigMapVolume?
    public var downwardAPI: DownwardAPIVolume?
    public var serviceAccountToken: ServiceAccountTokenProjection?

    public init(
        secret: ConfigMapVolume? = nil, configMap: ConfigMapVolume? = nil, downwardAPI: DownwardAPIVolume? = nil,
        serviceAccountToken: ServiceAccountTokenProjection? = nil
    ) {
        self.secret = secret
        self.configMap = configMap
        self.downwardAPI = downwardAPI
        self.serviceAccountToken = serviceAccountToken
    }
}

/// Fields of the Pod as files.
public struct DownwardAPIVolume: Codable, Sendable, Hashable {
    public var items: [DownwardAPIFile]?
    public var defaultMode: Int?

    public init(items: [DownwardAPIFile]? = nil, defaultMode: Int? = nil) {
        self.items = items
        self.defaultMode = defaultMode
    }
}

/// One field of the Pod as a file.
public struct DownwardAPIFile: Codable, Sendable, Hashable {
    public var path: String
    public var fieldRef: FieldSelector?
    public var resourceFieldRef: JSONValue?
    public var mode: Int?

    public init(path: String, fieldRef: FieldSelector? = nil, resourceFieldRef: JSONValue? = nil, mode: Int? = nil) {
        self.path = path
        self.fieldRef = fieldRef
        self.resourceFieldRef = resourceFieldRef
        self.mode = mode
    }
}

/// A token of the Pod's ServiceAccount as a file.
public struct ServiceAccountTokenProjection: Codable, Sendable, Hashable {
    public var audience: String?
    public var expirationSeconds: Int64?
    public var path: String

    public init(audience: String? = nil, expirationSeconds: Int64? = nil, path: String) {
        self.audience = audience
        self.expirationSeconds = expirationSeconds
        self.path = path
    }
}
