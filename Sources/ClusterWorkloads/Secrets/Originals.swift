import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// How original values are kept: one Secret of ours for each changed object.
///
/// It has no ownerReference: under foreground deletion the garbage collector would remove it while the migration's finalizer still waits.
enum Originals {
    enum Step: Sendable, Hashable {
        case create(Secret)
        /// Keys that a later attempt changes for the first time; what is kept already is never overwritten.
        case add(name: String, patch: JSONValue, resourceVersion: String?)
    }

    /// What must be written before `change` may be; `nil` when everything is kept. On the way back there is nothing to keep but the note of having been there.
    static func step(for change: HolderChange, to side: Side, kept: Secret?, _ migration: MigrationReference) -> Step? {
        let originals = side == .target ? change.originals : [:]
        guard let kept else { return .create(secret(originals, of: change.holder.id, migration)) }
        let missing = originals.filter { kept.data?[$0.key] == nil }
        if missing.isEmpty { return nil }
        let patch: JSONValue = .object(["data": .object(missing.mapValues { .string($0.base64EncodedString()) })])
        return .add(name: kept.name, patch: patch, resourceVersion: kept.metadata.resourceVersion)
    }

    private static func secret(_ data: [String: Data], of id: ConnectionHolder.ID, _ migration: MigrationReference) -> Secret {
        var annotations = [ClusterNames.originalOf: id.name]
        if id.kind != .secret { annotations[ClusterNames.originalKind] = id.kind.rawValue }
        return ours(ClusterNames.kept(migration, id), data, annotations: annotations, migration)
    }

    /// The Secret with the key of digests.
    static func digestKey(_ migration: MigrationReference) -> Secret {
        let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        return ours(ClusterNames.digestKey(migration), [digestKeyName: Data(key)], annotations: [:], migration)
    }

    static let digestKeyName = "key"

    private static func ours(_ name: String, _ data: [String: Data], annotations: [String: String], _ migration: MigrationReference) -> Secret {
        Secret(
            metadata: ObjectMeta(
                name: name, namespace: migration.namespace, labels: ClusterNames.labels(migration), annotations: annotations,
                finalizers: [ClusterNames.originalsFinalizer]),
            type: "Opaque", data: data)
    }

    /// Kept Secrets by the object they were taken from.
    static func byOriginal(_ secrets: [Secret]) -> [ConnectionHolder.ID: Secret] {
        Dictionary(
            secrets.compactMap { secret in
                guard let name = secret.metadata.annotations?[ClusterNames.originalOf] else { return nil }
                let kind = secret.metadata.annotations?[ClusterNames.originalKind].flatMap(Plan.Connection.Kind.init) ?? .secret
                return (ConnectionHolder.ID(kind, name), secret)
            }
        ) { first, _ in first }
    }

    /// The note that an object was written.
    static func mark(_ side: Side, attempt: Int) -> String { "\(attempt).\(side.rawValue)" }

    /// The side an object was turned to in this attempt.
    static func written(_ kept: Secret?, attempt: Int) -> Side? {
        let note = kept?.metadata.annotations?[ClusterNames.written]
        return Side.allCases.first { mark($0, attempt: attempt) == note }
    }

    /// A merge patch that lets go of it, or `nil` when we do not hold it.
    static func release(_ secret: Secret) -> JSONValue? {
        let finalizers = secret.metadata.finalizers ?? []
        guard finalizers.contains(ClusterNames.originalsFinalizer) else { return nil }
        let others = finalizers.filter { $0 != ClusterNames.originalsFinalizer }
        return .object(["metadata": .object(["finalizers": .array(others.map { .string($0) })])])
    }
}
