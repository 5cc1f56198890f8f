/// A ServiceAccount.
public struct ServiceAccount: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")

    public var metadata: ObjectMeta
    public var automountServiceAccountToken: Bool?
    public var imagePullSecrets: [LocalObjectReference]?
    public var secrets: [ObjectReference]?

    public init(
        metadata: ObjectMeta = ObjectMeta(), automountServiceAccountToken: Bool? = nil, imagePullSecrets: [LocalObjectReference]? = nil,
        secrets: [ObjectReference]? = nil
    ) {
        self.metadata = metadata
        self.automountServiceAccountToken = automountServiceAccountToken
        self.imagePullSecrets = imagePullSecrets
        self.secrets = secrets
    }
}
