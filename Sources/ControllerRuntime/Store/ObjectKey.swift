public import KubernetesClient
public import KubernetesModel

/// Namespace and name: what identifies an object of one kind in a store and in a queue.
public struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Empty for a cluster-scoped object.
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public init(_ object: some KubernetesObject) {
        self.init(namespace: object.namespace ?? "", name: object.name)
    }

    public init(_ head: ObjectHead) { self.init(namespace: head.namespace, name: head.name) }

    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

extension KubernetesObject {
    /// The owner of `kind` that controls this object, as a key of the same namespace: the usual mapping of a secondary watch.
    public func controllerKey(kind: String) -> ObjectKey? {
        metadata.ownerReferences?
            .first { $0.controller == true && $0.kind == kind }
            .map { ObjectKey(namespace: namespace ?? "", name: $0.name) }
    }
}
