public import KubernetesClient
import KubernetesModel

/// Where the Lease lives; tests use one in memory.
public protocol LeaseStorage: Sendable {
    /// The Lease and its resourceVersion; `nil` when there is none.
    func read() async throws -> (record: LeaseRecord, version: String)?

    /// Writes the Lease if it still has the version `replacing` (`nil`: if there is none) and returns its new resourceVersion.
    ///
    /// - Throws: ``LeaseConflict`` when it has another version.
    func write(_ record: LeaseRecord, replacing: String?) async throws -> String
}

/// Somebody else wrote the Lease in between.
public struct LeaseConflict: Error {
    public init() {}
}

/// A Lease (`coordination.k8s.io/v1`) of a cluster.
public struct KubernetesLease: LeaseStorage {
    private let client: KubernetesClient
    private let namespace: String
    private let name: String

    public init(client: KubernetesClient, namespace: String, name: String) {
        self.client = client
        self.namespace = namespace
        self.name = name
    }

    public func read() async throws -> (record: LeaseRecord, version: String)? {
        do {
            let lease = try await client.get(Lease.self, name, namespace: namespace)
            let record = LeaseRecord(
                holder: lease.spec?.holderIdentity ?? "", durationSeconds: lease.spec?.leaseDurationSeconds ?? 0,
                acquireTime: lease.spec?.acquireTime.map { "\($0)" }, renewTime: lease.spec?.renewTime.map { "\($0)" },
                transitions: lease.spec?.leaseTransitions ?? 0)
            return (record, lease.metadata.resourceVersion ?? "")
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
    }

    public func write(_ record: LeaseRecord, replacing: String?) async throws -> String {
        var lease = Lease(metadata: ObjectMeta(name: name, namespace: namespace, resourceVersion: replacing))
        lease.spec = LeaseSpec(
            holderIdentity: record.holder.isEmpty ? nil : record.holder, leaseDurationSeconds: record.durationSeconds,
            leaseTransitions: record.transitions, acquireTime: record.acquireTime.flatMap { MicroTime($0) },
            renewTime: record.renewTime.flatMap { MicroTime($0) })
        do {
            let written = try await replacing == nil ? client.create(lease) : client.replace(lease)
            return written.metadata.resourceVersion ?? ""
        } catch {
            switch error.kind {
            case .conflict, .alreadyExists: throw LeaseConflict()
            // Deleted since it was read. Of one that was to be created it is the namespace that is missing: no conflict, which is tried again at once.
            case .notFound where replacing != nil: throw LeaseConflict()
            default: throw error
            }
        }
    }
}
