/// The metadata every object has. Everything is optional, because objects we write state only what we own.
///
/// `managedFields` are left out: nobody here reads them, and to decode and keep them would cost as much as all the rest of an object.
public struct ObjectMeta: Codable, Sendable, Hashable {
    public var name: String?
    /// The server appends five random characters.
    public var generateName: String?
    public var namespace: String?
    public var uid: String?
    /// Opaque: compare for equality only.
    public var resourceVersion: String?
    public var generation: Int64?
    public var creationTimestamp: Time?
    /// Set once deletion was asked for; the object goes when its last finalizer is removed.
    public var deletionTimestamp: Time?
    public var deletionGracePeriodSeconds: Int64?
    public var labels: [String: String]?
    public var annotations: [String: String]?
    public var finalizers: [String]?
    public var ownerReferences: [OwnerReference]?

    public init(
        name: String? = nil, generateName: String? = nil, namespace: String? = nil, uid: String? = nil, resourceVersion: String? = nil,
        generation: Int64? = nil, creationTimestamp: Time? = nil, deletionTimestamp: Time? = nil, deletionGracePeriodSeconds: Int64? = nil,
        labels: [String: String]? = nil, annotations: [String: String]? = nil, finalizers: [String]? = nil, ownerReferences: [OwnerReference]? = nil
    ) {
        self.name = name
        self.generateName = generateName
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.labels = labels
        self.annotations = annotations
        self.finalizers = finalizers
        self.ownerReferences = ownerReferences
    }
}
