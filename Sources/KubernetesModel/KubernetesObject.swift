public import StructuredData

/// An object of a kind known at compile time.
///
/// The types hold the members this program uses, so never write back a whole object that was read: unknown members would be lost. Apply or
/// patch instead. `apiVersion` and `kind` are not members, because lists omit them; ``document()`` adds them.
public protocol KubernetesObject: Codable, Sendable, Hashable {
    static var resource: APIResource { get }
    var metadata: ObjectMeta { get set }
}

extension KubernetesObject {
    /// The object's name; empty when it has none yet.
    public var name: String { metadata.name ?? "" }
    public var namespace: String? { metadata.namespace }
    public var uid: String? { metadata.uid }
    public var isBeingDeleted: Bool { metadata.deletionTimestamp != nil }

    /// The object as it is written: with `apiVersion` and `kind`.
    public func document() throws -> JSONValue {
        var document = try JSONValue(encoding: self)
        document["apiVersion"] = .string(Self.resource.apiVersion)
        document["kind"] = .string(Self.resource.kind)
        return document
    }

    /// A reference that makes another object be deleted after this one. Only objects that were read have what it needs.
    public func ownerReference(controller: Bool? = true, blockOwnerDeletion: Bool? = nil) -> OwnerReference {
        OwnerReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, name: name, uid: uid ?? "", controller: controller,
            blockOwnerDeletion: blockOwnerDeletion)
    }

    /// Names this object, for events and bindings.
    public var reference: ObjectReference {
        ObjectReference(
            apiVersion: Self.resource.apiVersion, kind: Self.resource.kind, namespace: namespace, name: name, uid: uid,
            resourceVersion: metadata.resourceVersion)
    }
}
