import FoundationEssentials
import KubernetesModel
import MigrationCore
import StructuredData

/// A Secret or ConfigMap that connection strings stand in, as it was read.
struct ConnectionHolder: Sendable {
    /// Names are unique within a kind of object.
    struct ID: Sendable, Hashable, Comparable, CustomStringConvertible {
        var kind: Plan.Connection.Kind
        var name: String

        init(_ kind: Plan.Connection.Kind, _ name: String) {
            self.kind = kind
            self.name = name
        }

        var description: String { "\(kind.rawValue) \(name)" }

        static func < (left: ID, right: ID) -> Bool { (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name) }
    }

    var id: ID
    var metadata: ObjectMeta
    /// What is no text of a ConfigMap is not among them.
    var values: [String: Data]
    var isImmutable: Bool

    init(_ secret: Secret) {
        self.init(id: ID(.secret, secret.name), metadata: secret.metadata, values: secret.data ?? [:], isImmutable: secret.immutable ?? false)
    }

    init(_ map: ConfigMap) {
        let values = (map.data ?? [:]).mapValues { Data($0.utf8) }
        self.init(id: ID(.configMap, map.name), metadata: map.metadata, values: values, isImmutable: map.immutable ?? false)
    }

    init(id: ID, metadata: ObjectMeta, values: [String: Data], isImmutable: Bool) {
        self.id = id
        self.metadata = metadata
        self.values = values
        self.isImmutable = isImmutable
    }
}

/// New values for some keys of one object.
struct HolderChange: Sendable {
    /// As it was read; its resourceVersion is the precondition.
    var holder: ConnectionHolder
    var values: [String: Data] = [:]

    /// The values about to be replaced.
    var originals: [String: Data] { holder.values.filter { values[$0.key] != nil } }

    /// A merge patch of our keys only.
    var patch: JSONValue {
        let isSecret = holder.id.kind == .secret
        return .object(["data": .object(values.mapValues { .string(isSecret ? $0.base64EncodedString() : String(decoding: $0, as: UTF8.self)) })])
    }
}
