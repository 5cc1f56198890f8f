/// A HorizontalPodAutoscaler.
public struct HorizontalPodAutoscaler: KubernetesObject {
    public static let resource = APIResource(
        group: "autoscaling", version: "v1", plural: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler")

    /// What it scales.
    public struct Target: Codable, Sendable, Hashable {
        public var kind: String
        public var name: String

        public init(kind: String, name: String) {
            self.kind = kind
            self.name = name
        }
    }

    public struct Spec: Codable, Sendable, Hashable {
        public var scaleTargetRef: Target
        /// Server default 1.
        public var minReplicas: Int?

        public init(scaleTargetRef: Target, minReplicas: Int? = nil) {
            self.scaleTargetRef = scaleTargetRef
            self.minReplicas = minReplicas
        }
    }

    public var metadata: ObjectMeta
    public var spec: Spec?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}
