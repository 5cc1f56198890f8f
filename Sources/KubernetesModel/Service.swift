/// A Service.
public struct Service: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "services", kind: "Service")

    public var metadata: ObjectMeta
    public var spec: ServiceSpec?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: ServiceSpec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Which Pods answer at which ports.
public struct ServiceSpec: Codable, Sendable, Hashable {
    public var type: String?
    public var clusterIP: String?
    public var externalName: String?
    public var selector: [String: String]?
    public var ports: [ServicePort]?
    public var publishNotReadyAddresses: Bool?

    public init(
        type: String? = nil, clusterIP: String? = nil, externalName: String? = nil, selector: [String: String]? = nil, ports: [ServicePort]? = nil,
        publishNotReadyAddresses: Bool? = nil
    ) {
        self.type = type
        self.clusterIP = clusterIP
        self.externalName = externalName
        self.selector = selector
        self.ports = ports
        self.publishNotReadyAddresses = publishNotReadyAddresses
    }
}

/// A port of a Service.
public struct ServicePort: Codable, Sendable, Hashable {
    public var name: String?
    public var `protocol`: String?
    public var port: Int
    public var targetPort: IntOrString?
    public var nodePort: Int?

    public init(name: String? = nil, protocol: String? = nil, port: Int, targetPort: IntOrString? = nil, nodePort: Int? = nil) {
        self.name = name
        self.protocol = `protocol`
        self.port = port
        self.targetPort = targetPort
        self.nodePort = nodePort
    }
}
