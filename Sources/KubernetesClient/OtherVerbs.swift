public import FoundationEssentials
import HTTPTransport
public import KubernetesModel
import StructuredData

extension KubernetesClient {
    /// The log of a container, as much as asked for.
    /// - Parameters:
    ///   - container: needed when the Pod has several.
    ///   - previous: the container's run before its last restart.
    public func podLogs(
        _ name: String, namespace: String? = nil, container: String? = nil, previous: Bool = false, tailLines: Int? = nil,
        limitBytes: Int? = nil, sinceSeconds: Int? = nil
    ) async throws(KubernetesError) -> String {
        var request = request("get", .get, Pod.resource, name, namespace)
        request.subresource = "log"
        if let container { request.query.append(("container", container)) }
        if previous { request.query.append(("previous", "true")) }
        if let tailLines { request.query.append(("tailLines", String(tailLines))) }
        if let limitBytes { request.query.append(("limitBytes", String(limitBytes))) }
        if let sinceSeconds { request.query.append(("sinceSeconds", String(sinceSeconds))) }
        return String(decoding: try await send(request).body, as: UTF8.self)
    }

    /// Any path of the server, such as `/version` or `/readyz`.
    public func raw(_ path: String, query: [(name: String, value: String)] = []) async throws(KubernetesError) -> Data {
        let response = try await send(rawRequest(path, query))
        return response.body
    }

    /// Asks the server where objects of a kind are kept.
    /// - Throws: `.notFound` when the server does not serve the kind.
    public func discover(apiVersion: String, kind: String) async throws(KubernetesError) -> APIResource {
        struct Served: Decodable {
            struct Resource: Decodable {
                var name: String
                var kind: String
                var namespaced: Bool
            }
            var resources: [Resource]?
        }
        let parts = apiVersion.split(separator: "/", maxSplits: 1).map(String.init)
        let (group, version) = parts.count == 2 ? (parts[0], parts[1]) : ("", apiVersion)
        let request = rawRequest(group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)", [])
        let served = try await object(request, as: Served.self)
        guard let found = (served.resources ?? []).first(where: { $0.kind == kind && !$0.name.contains("/") }) else {
            throw request.error(.notFound, "the server has no kind \(kind) in \(apiVersion)")
        }
        return APIResource(group: group, version: version, plural: found.name, kind: kind, isNamespaced: found.namespaced)
    }

    private func rawRequest(_ path: String, _ query: [(name: String, value: String)]) -> APIRequest {
        var request = APIRequest(
            verb: "get", method: .get, resource: APIResource(group: "", version: "", plural: path, kind: "", isNamespaced: false), query: query)
        request.rawPath = path
        return request
    }
}
