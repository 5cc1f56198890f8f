/// A Lease: who leads, and since when.
public struct Lease: KubernetesObject {
    public static let resource = APIResource(group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")

    public var metadata: ObjectMeta
    public var spec: LeaseSpec?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: LeaseSpec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// The holder of a ``Lease``.
public struct LeaseSpec: Codable, Sendable, Hashable {
    /// Empty or absent: free.
    public var holderIdentity: String?
    public var leaseDurationSeconds: Int?
    public var leaseTransitions: Int?
    public var acquireTime: MicroTime?
    public var renewTime: MicroTime?

    public init(
        holderIdentity: String? = nil, leaseDurationSeconds: Int? = nil, leaseTransitions: Int? = nil, acquireTime: MicroTime? = nil,
        renewTime: MicroTime? = nil
    ) {
        self.holderIdentity = holderIdentity
        self.leaseDurationSeconds = leaseDurationSeconds
        self.leaseTransitions = leaseTransitions
        self.acquireTime = acquireTime
        self.renewTime = renewTime
    }
}
