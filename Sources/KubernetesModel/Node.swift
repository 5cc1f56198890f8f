public import StructuredData

/// A Node.
public struct Node: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: NodeSpec?
    public var status: NodeStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: NodeSpec? = nil, status: NodeStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What is wanted of a Node.
public struct NodeSpec: Codable, Sendable, Hashable {
    public var podCIDR: String?
    public var podCIDRs: [String]?
    public var unschedulable: Bool?
    public var providerID: String?
    public var taints: JSONValue?

    public init(podCIDR: String? = nil, podCIDRs: [String]? = nil, unschedulable: Bool? = nil, providerID: String? = nil, taints: JSONValue? = nil) {
        self.podCIDR = podCIDR
        self.podCIDRs = podCIDRs
        self.unschedulable = unschedulable
        self.providerID = providerID
        self.taints = taints
    }
}

/// What a Node reports.
public struct NodeStatus: Codable, Sendable, Hashable {
    public var capacity: [String: String]?
    public var allocatable: [String: String]?
    public var conditions: [Condition]?
    public var addresses: [NodeAddress]?
    public var nodeInfo: JSONValue?
    public var daemonEndpoints: JSONValue?

    public init(
        capacity: [String: String]? = nil, allocatable: [String: String]? = nil, conditions: [Condition]? = nil, addresses: [NodeAddress]? = nil,
        nodeInfo: JSONValue? = nil, daemonEndpoints: JSONValue? = nil
    ) {
        self.capacity = capacity
        self.allocatable = allocatable
        self.conditions = conditions
        self.addresses = addresses
        self.nodeInfo = nodeInfo
        self.daemonEndpoints = daemonEndpoints
    }
}

/// An address of a Node.
public struct NodeAddress: Codable, Sendable, Hashable {
    public var type: String
    public var address: String

    public init(type: String, address: String) {
        self.type = type
        self.address = address
    }
}
