/// A DaemonSet.
public struct DaemonSet: KubernetesObject {
    public static let resource = APIResource(group: "apps", version: "v1", plural: "daemonsets", kind: "DaemonSet")

    public var metadata: ObjectMeta
    public var spec: DaemonSetSpec?
    public var status: DaemonSetStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: DaemonSetSpec? = nil, status: DaemonSetStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// A Pod of which template on each node.
public struct DaemonSetSpec: Codable, Sendable, Hashable {
    public var selector: LabelSelector?
    public var template: PodTemplateSpec?
    public var updateStrategy: UpdateStrategy?

    public init(selector: LabelSelector? = nil, template: PodTemplateSpec? = nil, updateStrategy: UpdateStrategy? = nil) {
        self.selector = selector
        self.template = template
        self.updateStrategy = updateStrategy
    }
}

/// How far a DaemonSet's rollout is.
public struct DaemonSetStatus: Codable, Sendable, Hashable {
    public var observedGeneration: Int64?
    public var currentNumberScheduled: Int?
    public var desiredNumberScheduled: Int?
    public var updatedNumberScheduled: Int?
    public var numberAvailable: Int?
    public var numberReady: Int?

    public init(
        observedGeneration: Int64? = nil, currentNumberScheduled: Int? = nil, desiredNumberScheduled: Int? = nil,
        updatedNumberScheduled: Int? = nil, numberAvailable: Int? = nil, numberReady: Int? = nil
    ) {
        self.observedGeneration = observedGeneration
        self.currentNumberScheduled = currentNumberScheduled
        self.desiredNumberScheduled = desiredNumberScheduled
        self.updatedNumberScheduled = updatedNumberScheduled
        self.numberAvailable = numberAvailable
        self.numberReady = numberReady
    }
}
