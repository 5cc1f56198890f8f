import FoundationEssentials
import HTTPTransport
import KubernetesModel
import StructuredData

/// One request to the API server, before address and credentials are added.
struct APIRequest: Sendable {
    var verb: String
    var method: HTTPMethod
    var resource: APIResource
    var namespace: String?
    var name: String?
    var subresource: String?
    var query: [(name: String, value: String)] = []
    var body: Data?
    var contentType = "application/json"
    /// The form of the answer.
    var accept = "application/json"

    /// Set for paths that are no resource.
    var rawPath: String?

    var path: String { rawPath ?? resource.path(namespace: namespace, name: name, subresource: subresource) }

    /// The path with its parameters.
    var target: String { path + Self.queryText(query) }

    static func queryText(_ query: [(name: String, value: String)]) -> String {
        query.isEmpty ? "" : "?" + query.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            result += isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.utf8.count == 1 ? "0" + hex : hex)
        }
        return result
    }

    // MARK: Errors

    func error(_ kind: KubernetesError.Kind, status: Int? = nil, reason: String? = nil, _ message: String) -> KubernetesError {
        let resource = resource.description
        let named = subresource.map { "\(self.resource.plural)/\($0)\(resource.dropFirst(self.resource.plural.count))" } ?? resource
        return KubernetesError(
            kind: kind, verb: verb, resource: named, name: name, namespace: self.resource.isNamespaced ? namespace : nil, status: status,
            reason: reason,
            message: message)
    }

    func error(_ error: HTTPError) -> KubernetesError { self.error(.transport(error.kind), error.description) }

    /// What an answer of 400 or above means.
    func error(status code: Int, headers: HTTPHeaders, body: Data) -> KubernetesError {
        let status = try? JSON.decode(Status.self, from: body)
        let after = RetryAfter.duration(headers) ?? RetryAfter.duration(status)
        let message = status?.message ?? String(decoding: body.prefix(500), as: UTF8.self)
        var error = error(
            Self.kind(status: code, reason: status?.reason, retryAfter: after), status: code, reason: status?.reason,
            message.isEmpty ? "no explanation" : message)
        error.causes = status?.details?.causes ?? []
        return error
    }

    static func kind(status: Int, reason: String?, retryAfter: Duration?) -> KubernetesError.Kind {
        switch status {
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: reason == "AlreadyExists" ? .alreadyExists : .conflict
        case 410: .gone
        case 429: .tooManyRequests(retryAfter: retryAfter)
        case 400..<500: .invalid
        default: .serverError(retryAfter: retryAfter)
        }
    }
}
