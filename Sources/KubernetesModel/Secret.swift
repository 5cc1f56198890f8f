public import FoundationEssentials

/// A Secret. `data` is base64 on the wire and bytes here.
public struct Secret: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "secrets", kind: "Secret")

    public var metadata: ObjectMeta
    public var type: String?
    public var data: [String: Data]?
    /// Written only: the server merges it into `data`.
    public var stringData: [String: String]?
    public var immutable: Bool?

    public init(
        metadata: ObjectMeta = ObjectMeta(), type: String? = nil, data: [String: Data]? = nil, stringData: [String: String]? = nil,
        immutable: Bool? = nil
    ) {
        self.metadata = metadata
        self.type = type
        self.data = data
        self.stringData = stringData
        self.immutable = immutable
    }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    /// Names the Secret and its keys, never its values.
    public var description: String {
        "Secret \(namespace ?? "")/\(name) with keys [\((data ?? [:]).keys.sorted().joined(separator: ", "))]"
    }
    public var customMirror: Mirror { Mirror(self, children: ["metadata": metadata]) }
}
