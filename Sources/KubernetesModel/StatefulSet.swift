/// A StatefulSet.
public struct StatefulSet: KubernetesObject {
    public static let resource = APIResource(group: "apps", version: "v1", plural: "statefulsets", kind: "StatefulSet")

    public var metadata: ObjectMeta
    public var spec: StatefulSetSpec?
    public var status: StatefulSetStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: StatefulSetSpec? = nil, status: StatefulSetStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// How many Pods of which template, each with a name of its own.
public struct StatefulSetSpec: Codable, Sendable, Hashable {
    /// Server default 1.
    public var replicas: Int?
    public var selector: LabelSelector?
    public var serviceName: String?
    public var template: PodTemplateSpec?
    public var updateStrategy: UpdateStrategy?
    /// `OrderedReady` or `Parallel`.
    public var podManagementPolicy: String?

    public init(
        replicas: Int? = nil, selector: LabelSelector? = nil, serviceName: String? = nil, template: PodTemplateSpec? = nil,
        updateStrategy: UpdateStrategy? = nil, podManagementPolicy: String? = nil
    ) {
        self.replicas = replicas
        self.selector = selector
        self.serviceName = serviceName
        self.template = template
        self.updateStrategy = updateStrategy
        self.podManagementPolicy = podManagementPolicy
    }
}

/// How the Pods of a StatefulSet or DaemonSet are replaced: `RollingUpdate` or `OnDelete`.
public struct UpdateStrategy: Codable, Sendable, Hashable {
    public struct RollingUpdate: Codable, Sendable, Hashable {
        /// StatefulSets: Pods with a lower number keep the revision before.
        public var partition: Int?

        public init(partition: Int? = nil) { self.partition = partition }
    }

    public var type: String?
    public var rollingUpdate: RollingUpdate?

    public init(type: String? = nil, rollingUpdate: RollingUpdate? = nil) {
        self.type = type
        self.rollingUpdate = rollingUpdate
    }
}

/// How far a StatefulSet's rollout is.
public struct StatefulSetStatus: Codable, Sendable, Hashable {
    public var observedGeneration: Int64?
    public var replicas: Int?
    public var readyReplicas: Int?
    public var currentReplicas: Int?
    public var updatedReplicas: Int?
    public var currentRevision: String?
    public var updateRevision: String?

    public init(
        observedGeneration: Int64? = nil, replicas: Int? = nil, readyReplicas: Int? = nil, currentReplicas: Int? = nil, updatedReplicas: Int? = nil,
        currentRevision: String? = nil, updateRevision: String? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.readyReplicas = readyReplicas
        self.currentReplicas = currentReplicas
        self.updatedReplicas = updatedReplicas
        self.currentRevision = currentRevision
        self.updateRevision = updateRevision
    }
}
