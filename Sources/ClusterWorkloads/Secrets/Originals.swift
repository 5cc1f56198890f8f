import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// How original values are kept: one Secret of ours for each changed one.
///
/// It has no ownerReference: under foreground deletion the garbage collector would remove it while the migration's finalizer still waits.
enum Originals {
    enum Step: Sendable, Hashable {
        case create(Secret)
        /// Keys that a later attempt changes for the first time; what is kept already is never overwritten.
        case add(name: String, patch: JSONValue, resourceVersion: String?)
    }

    /// What must be written before `change` may be; `nil` when everything is kept.
    static func step(for change: SecretChange, kept: Secret?, _ migration: MigrationReference) -> Step? {
        guard let kept else { return .create(secret(change, migration)) }
        let missing = change.originals.filter { kept.data?[$0.key] == nil }
        if missing.isEmpty { return nil }
        let patch: JSONValue = .object(["data": .object(missing.mapValues { .string($0.base64EncodedString()) })])
        return .add(name: kept.name, patch: patch, resourceVersion: kept.metadata.resourceVersion)
    }

    private static func secret(_ change: SecretChange, _ migration: MigrationReference) -> Secret {
        Secret(
            metadata: ObjectMeta(
                name: ClusterNames.kept(migration, secret: change.secret.name), namespace: migration.namespace,
                labels: ClusterNames.labels(migration), annotations: [ClusterNames.originalOf: change.secret.name],
                finalizers: [ClusterNames.originalsFinalizer]),
            type: "Opaque", data: change.originals)
    }

    /// Kept Secrets by the name of the Secret they were taken from.
    static func byOriginal(_ secrets: [Secret]) -> [String: Secret] {
        Dictionary(secrets.compactMap { secret in secret.metadata.annotations?[ClusterNames.originalOf].map { ($0, secret) } }) { first, _ in first }
    }

    /// A merge patch that lets go of it, or `nil` when we do not hold it.
    static func release(_ secret: Secret) -> JSONValue? {
        let finalizers = secret.metadata.finalizers ?? []
        guard finalizers.contains(ClusterNames.originalsFinalizer) else { return nil }
        let others = finalizers.filter { $0 != ClusterNames.originalsFinalizer }
        return .object(["metadata": .object(["finalizers": .array(others.map { .string($0) })])])
    }
}
