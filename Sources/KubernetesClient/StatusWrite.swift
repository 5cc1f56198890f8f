import HTTPTransport
public import KubernetesModel

extension KubernetesClient {
    /// Replaces the whole status of an object, so that what is no longer said goes, and refuses as `.conflict` when the object changed since it was read.
    ///
    /// - Parameter object: as it was read; with its resource version as precondition all of it but the status is afterwards as it was.
    /// - Returns: the new resource version. The rest is known, and to write and read it again would cost server and client more than the change.
    public func replaceStatus<Object: KubernetesObject>(
        of object: Object, with status: some Encodable
    ) async throws(KubernetesError) -> String {
        var request = request("patch", .patch, Object.resource, object.name, object.namespace)
        request.subresource = "status"
        request.contentType = "application/json-patch+json"
        request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
        request.query = [("fieldManager", fieldManager)]
        try request.encode(StatusReplacement(resourceVersion: object.metadata.resourceVersion ?? "", status: status))
        return try await self.object(request, as: Version.self).metadata.resourceVersion
    }
}

/// Which version of an object it is.
private struct Version: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String
    }

    var metadata: Metadata
}

/// The JSON patch of a status; another resource version than the object's own makes it a conflict.
private struct StatusReplacement<Status: Encodable>: Encodable {
    struct Operation<Value: Encodable>: Encodable {
        var op: String
        var path: String
        var value: Value
    }

    var resourceVersion: String
    var status: Status

    func encode(to encoder: any Encoder) throws {
        var operations = encoder.unkeyedContainer()
        try operations.encode(Operation(op: "replace", path: "/metadata/resourceVersion", value: resourceVersion))
        try operations.encode(Operation(op: "add", path: "/status", value: status))
    }
}
