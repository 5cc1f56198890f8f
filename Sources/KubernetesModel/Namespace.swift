/// A Namespace.
public struct Namespace: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)

    public var metadata: ObjectMeta
    public var status: NamespaceStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), status: NamespaceStatus? = nil) {
        self.metadata = metadata
        self.status = status
    }
}

/// Whether a Namespace is in use.
public struct NamespaceStatus: Codable, Sendable, Hashable {
    /// `Active` or `Terminating`.
    public var phase: String?

    public init(phase: String? = nil) {
        self.phase = phase
    }
}
