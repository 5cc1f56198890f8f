import FoundationEssentials
import HTTPTransport
public import KubernetesModel
public import StructuredData

/// Verbs on kinds known at run time only: objects are documents.
///
/// A `namespace` of `nil` means the client's own for one object, and all of them for a list.
extension KubernetesClient {
    public func get(_ resource: APIResource, _ name: String, namespace: String? = nil) async throws(KubernetesError) -> JSONValue {
        try await get(resource, name, namespace: namespace, as: JSONValue.self)
    }

    public func list(
        _ resource: APIResource, namespace: String? = nil, labels: String? = nil, fields: String? = nil
    ) async throws(KubernetesError) -> ObjectList<JSONValue> {
        try await list(resource, namespace: namespace, labels: labels, fields: fields, as: JSONValue.self)
    }

    /// Creates the object; its namespace stands in its metadata.
    public func create(
        _ resource: APIResource, _ document: JSONValue, options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> JSONValue {
        try await create(resource, document, options, as: JSONValue.self)
    }

    /// Server-side apply: creates the object, or changes those members that the document holds.
    public func apply(
        _ resource: APIResource, _ document: JSONValue, force: Bool = false, options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> JSONValue {
        try await apply(resource, document, force: force, options, as: JSONValue.self)
    }

    /// Replaces the whole object, and refuses as `.conflict` when it changed since it was read.
    public func replace(_ resource: APIResource, _ document: JSONValue) async throws(KubernetesError) -> JSONValue {
        try await replace(resource, document, as: JSONValue.self)
    }

    public func patch(
        _ resource: APIResource, _ name: String, namespace: String? = nil, _ patch: Patch, subresource: String? = nil,
        options: WriteOptions = WriteOptions()
    ) async throws(KubernetesError) -> JSONValue {
        try await self.patch(resource, name, namespace: namespace, patch, subresource: subresource, options, as: JSONValue.self)
    }

    /// Asks for the deletion; the object may stay until its finalizers are gone.
    public func delete(
        _ resource: APIResource, _ name: String, namespace: String? = nil, options: DeleteOptions = DeleteOptions()
    ) async throws(KubernetesError) {
        var request = request("delete", .delete, resource, name, namespace)
        try request.encode(options)
        _ = try await send(request)
    }
}

/// What typed and untyped verbs share.
extension KubernetesClient {
    func get<Object: Decodable>(
        _ resource: APIResource, _ name: String, namespace: String?, as type: Object.Type
    ) async throws(KubernetesError) -> Object {
        try await object(request("get", .get, resource, name, namespace), as: type)
    }

    func list<Object: Decodable & Sendable>(
        _ resource: APIResource, namespace: String?, labels: String?, fields: String?, as type: Object.Type
    ) async throws(KubernetesError) -> ObjectList<Object> {
        do throws(KubernetesError) {
            return try await pages(resource, namespace: namespace, labels: labels, fields: fields, limit: Self.pageSize, as: type)
        } catch  where error.kind == .gone {
            // The token of a page has expired meanwhile. What was read is of no use, and one answer needs no tokens.
            return try await pages(resource, namespace: namespace, labels: labels, fields: fields, limit: nil, as: type)
        }
    }

    private func pages<Object: Decodable & Sendable>(
        _ resource: APIResource, namespace: String?, labels: String?, fields: String?, limit: Int?, as type: Object.Type
    ) async throws(KubernetesError) -> ObjectList<Object> {
        var items: [Object] = []
        var token: String?
        while true {
            let page = try await page(resource, namespace: namespace, labels: labels, fields: fields, token: token, limit: limit, as: type)
            items += page.items ?? []
            token = page.metadata.continue
            if (token ?? "").isEmpty { return ObjectList(items: items, resourceVersion: page.metadata.resourceVersion ?? "") }
        }
    }

    private func page<Object: Decodable>(
        _ resource: APIResource, namespace: String?, labels: String?, fields: String?, token: String?, limit: Int?, as type: Object.Type
    ) async throws(KubernetesError) -> ListPage<Object> {
        let request = listRequest(resource, namespace: namespace, labels: labels, fields: fields, token: token, limit: limit)
        return try await object(request, as: ListPage<Object>.self)
    }

    /// A page whose items are read while it arrives: a server may send all objects as one.
    func arrivingPage<Object: Decodable>(_ request: APIRequest, as type: Object.Type) async throws(KubernetesError) -> ListPage<Object> {
        var decoder = ListItemDecoder()
        var items: [Object] = []
        var chunks = try await stream(request).makeAsyncIterator()
        while true {
            let chunk: Data?
            do throws(HTTPError) { chunk = try await chunks.next() } catch { throw request.error(error) }
            guard let chunk else { break }
            guard let complete = decoder.feed(chunk) else {
                throw request.error(.decoding, "an object longer than \(ListItemDecoder.limit >> 20) MiB")
            }
            for item in complete { items.append(try decode(item, of: request)) }
        }
        var page: ListPage<Object> = try decode(decoder.list, of: request)
        page.items = items
        return page
    }

    func listRequest(
        _ resource: APIResource, namespace: String?, labels: String?, fields: String?, token: String?, limit: Int?
    ) -> APIRequest {
        var request = APIRequest(verb: "list", method: .get, resource: resource, namespace: namespace)
        request.select(labels: labels, fields: fields)
        if let limit { request.query.append(("limit", String(limit))) }
        if let token { request.query.append(("continue", token)) }
        return request
    }

    func create<Object: Decodable>(
        _ resource: APIResource, _ document: JSONValue, _ options: WriteOptions, as type: Object.Type
    ) async throws(KubernetesError) -> Object {
        var request = request("create", .post, resource, nil, document["metadata"]?["namespace"]?.string)
        request.query = [("fieldManager", fieldManager)]
        try request.encode(document)
        return try await written(request, document, options, as: type)
    }

    func apply<Object: Decodable>(
        _ resource: APIResource, _ document: JSONValue, force: Bool, _ options: WriteOptions, as type: Object.Type
    ) async throws(KubernetesError) -> Object {
        let metadata = document["metadata"]
        return try await patch(
            resource, metadata?["name"]?.string ?? "", namespace: metadata?["namespace"]?.string, .apply(document, force: force), subresource: nil,
            options, as: type)
    }

    func replace<Object: Decodable>(_ resource: APIResource, _ document: JSONValue, as type: Object.Type) async throws(KubernetesError) -> Object {
        let metadata = document["metadata"]
        var request = request("update", .put, resource, metadata?["name"]?.string ?? "", metadata?["namespace"]?.string)
        request.query = [("fieldManager", fieldManager)]
        try request.encode(document)
        return try await object(request, as: type)
    }

    func patch<Object: Decodable>(
        _ resource: APIResource, _ name: String, namespace: String?, _ patch: Patch, subresource: String?, _ options: WriteOptions,
        as type: Object.Type
    ) async throws(KubernetesError) -> Object {
        var request = request("patch", .patch, resource, name, namespace)
        request.subresource = subresource
        request.contentType = patch.contentType
        request.query = [("fieldManager", fieldManager)]
        if patch.isForced { request.query.append(("force", "true")) }
        try request.encode(patch.body)
        return try await written(request, patch.members, options, as: type)
    }

    /// A request for one object, in the client's namespace unless another is given.
    func request(_ verb: String, _ method: HTTPMethod, _ resource: APIResource, _ name: String?, _ namespace: String?) -> APIRequest {
        APIRequest(verb: verb, method: method, resource: resource, namespace: resource.isNamespaced ? namespace ?? self.namespace : nil, name: name)
    }
}

/// One page of a list, as the server sends it.
struct ListPage<Object: Decodable>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata
    var items: [Object]?
}

extension ListPage: Sendable where Object: Sendable {}

extension APIRequest {
    mutating func encode(_ value: some Encodable) throws(KubernetesError) {
        do {
            body = try JSON.encode(value)
        } catch {
            throw self.error(.decoding, "the object cannot be encoded: \(error)")
        }
    }

    mutating func select(labels: String?, fields: String?) {
        if let labels, !labels.isEmpty { query.append(("labelSelector", labels)) }
        if let fields, !fields.isEmpty { query.append(("fieldSelector", fields)) }
    }
}
