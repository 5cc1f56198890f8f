import FoundationEssentials
import HTTPTransport
public import KubernetesModel
import StructuredData

/// Verbs on kinds known at compile time.
///
/// A `namespace` of `nil` means the client's own for one object, and all of them for a list.
extension KubernetesClient {
    public func get<Object: KubernetesObject>(
        _ type: Object.Type, _ name: String, namespace: String? = nil
    ) async throws(KubernetesError) -> Object {
        try await get(Object.resource, name, namespace: namespace, as: type)
    }

    /// Reads every page; when the token of one has expired meanwhile, everything at once.
    public func list<Object: KubernetesObject>(
        _ type: Object.Type, namespace: String? = nil, labels: String? = nil, fields: String? = nil
    ) async throws(KubernetesError) -> ObjectList<Object> {
        try await list(Object.resource, namespace: namespace, labels: labels, fields: fields, as: type)
    }

    /// The same of a kind that the server may have at another version.
    public func list<Object: KubernetesObject>(
        _ type: Object.Type, at resource: APIResource, namespace: String? = nil, labels: String? = nil
    ) async throws(KubernetesError) -> ObjectList<Object> {
        try await list(resource, namespace: namespace, labels: labels, fields: nil, as: type)
    }

    /// Creates the object; its namespace stands in its metadata.
    public func create<Object: KubernetesObject>(
        _ object: Object, options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> Object {
        try await create(Object.resource, document(object, "create"), options, as: Object.self)
    }

    /// Server-side apply: creates the object, or changes those members that are set.
    public func apply<Object: KubernetesObject>(
        _ object: Object, force: Bool = false, options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> Object {
        try await apply(Object.resource, document(object, "patch"), force: force, options, as: Object.self)
    }

    /// Replaces the whole object, and refuses as `.conflict` when it changed since it was read. Only for kinds whose type holds every member:
    /// `Lease`.
    public func replace<Object: KubernetesObject>(_ object: Object) async throws(KubernetesError) -> Object {
        try await replace(Object.resource, document(object, "update"), as: Object.self)
    }

    /// - Parameter subresource: such as `status`.
    public func patch<Object: KubernetesObject>(
        _ type: Object.Type, _ name: String, namespace: String? = nil, _ patch: Patch, subresource: String? = nil,
        options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> Object {
        try await self.patch(Object.resource, name, namespace: namespace, patch, subresource: subresource, options, as: type)
    }

    /// Asks for the deletion; the object may stay until its finalizers are gone.
    public func delete<Object: KubernetesObject>(
        _ type: Object.Type, _ name: String, namespace: String? = nil, options: DeleteOptions = DeleteOptions()
    ) async throws(KubernetesError) {
        try await delete(Object.resource, name, namespace: namespace, options: options)
    }

    /// Creates at a subresource, such as a `Binding` at `pods/binding` or a `TokenRequest` at `serviceaccounts/token`.
    /// - Parameter returning: what the server answers with; a binding's answer is a `Status`.
    public func createSubresource<Parent: KubernetesObject, Body: KubernetesObject, Answer: Decodable & Sendable>(
        _ type: Parent.Type, _ name: String, namespace: String? = nil, subresource: String, body: Body, returning: Answer.Type
    ) async throws(KubernetesError) -> Answer {
        var request = request("create", .post, Parent.resource, name, namespace)
        request.subresource = subresource
        try request.encode(document(body, "create"))
        return try await object(request, as: returning)
    }

    private func document(_ object: some KubernetesObject, _ verb: String) throws(KubernetesError) -> JSONValue {
        do {
            return try object.document()
        } catch {
            throw KubernetesError(
                kind: .decoding, verb: verb, resource: type(of: object).resource.description, name: object.name, namespace: object.namespace,
                message: "the object cannot be encoded: \(error)")
        }
    }
}
