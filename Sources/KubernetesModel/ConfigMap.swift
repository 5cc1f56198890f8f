public import FoundationEssentials

/// A ConfigMap.
public struct ConfigMap: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")

    public var metadata: ObjectMeta
    public var data: [String: String]?
    public var binaryData: [String: Data]?
    public var immutable: Bool?

    public init(metadata: ObjectMeta = ObjectMeta(), data: [String: String]? = nil, binaryData: [String: Data]? = nil, immutable: Bool? = nil) {
        self.metadata = metadata
        self.data = data
        self.binaryData = binaryData
        self.immutable = immutable
    }
}
