public import StructuredData

/// A Pod.
public struct Pod: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "pods", kind: "Pod")

    public var metadata: ObjectMeta
    public var spec: PodSpec?
    public var status: PodStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: PodSpec? = nil, status: PodStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What a controller makes Pods from.
public struct PodTemplateSpec: Codable, Sendable, Hashable {
    public var metadata: ObjectMeta?
    public var spec: PodSpec?

    public init(metadata: ObjectMeta? = nil, spec: PodSpec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// What a Pod runs.
public struct PodSpec: Codable, Sendable, Hashable {
    public var containers: [Container]?
    public var initContainers: [Container]?
    public var volumes: [Volume]?
    /// `Always`, `OnFailure` or `Never`. Server default `Always`.
    public var restartPolicy: String?
    /// Server default 30.
    public var terminationGracePeriodSeconds: Int64?
    public var activeDeadlineSeconds: Int64?
    public var serviceAccountName: String?
    public var automountServiceAccountToken: Bool?
    public var nodeName: String?
    public var nodeSelector: [String: String]?
    public var hostNetwork: Bool?
    public var hostname: String?
    public var subdomain: String?
    public var enableServiceLinks: Bool?
    public var imagePullSecrets: [LocalObjectReference]?
    public var priorityClassName: String?
    public var schedulerName: String?
    public var dnsPolicy: String?
    public var securityContext: JSONValue?
    public var affinity: JSONValue?
    public var tolerations: JSONValue?
    public var topologySpreadConstraints: JSONValue?

    public init(
        containers: [Container]? = nil, initContainers: [Container]? = nil, volumes: [Volume]? = nil, restartPolicy: String? = nil,
        terminationGracePeriodSeconds: Int64? = nil, activeDeadlineSeconds: Int64? = nil, serviceAccountName: String? = nil,
        automountServiceAccountToken: Bool? = nil, nodeName: String? = nil, nodeSelector: [String: String]? = nil, hostNetwork: Bool? = nil,
        hostname: String? = nil, subdomain: String? = nil, enableServiceLinks: Bool? = nil, imagePullSecrets: [LocalObjectReference]? = nil,
        priorityClassName: String? = nil, schedulerName: String? = nil, dnsPolicy: String? = nil, securityContext: JSONValue? = nil,
        affinity: JSONValue? = nil, tolerations: JSONValue? = nil, topologySpreadConstraints: JSONValue? = nil
    ) {
        self.containers = containers
        self.initContainers = initContainers
        self.volumes = volumes
        self.restartPolicy = restartPolicy
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        self.activeDeadlineSeconds = activeDeadlineSeconds
        self.serviceAccountName = serviceAccountName
        self.automountServiceAccountToken = automountServiceAccountToken
        self.nodeName = nodeName
        self.nodeSelector = nodeSelector
        self.hostNetwork = hostNetwork
        self.hostname = hostname
        self.subdomain = subdomain
        self.enableServiceLinks = enableServiceLinks
        self.imagePullSecrets = imagePullSecrets
        self.priorityClassName = priorityClassName
        self.schedulerName = schedulerName
        self.dnsPolicy = dnsPolicy
        self.securityContext = securityContext
        self.affinity = affinity
        self.tolerations = tolerations
        self.topologySpreadConstraints = topologySpreadConstraints
    }
}
