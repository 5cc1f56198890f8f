import StructuredData

/// How a write is tried.
public struct WriteOptions: Sendable, Hashable {
    /// The server does everything but keep the result. Default `false`.
    public var isDryRun: Bool
    /// Fields that the server does not know are an error (`.invalid`), and then nothing is written. Default `false`: the server drops them.
    ///
    /// Servers before Kubernetes 1.25 take the wish for strictness and ignore it, so the write is tried before, and what came back compared.
    public var isStrict: Bool

    public init(dryRun: Bool = false, strict: Bool = false) {
        isDryRun = dryRun
        isStrict = strict
    }
}

/// Compares what was sent with what came back.
enum DroppedFields {
    /// The paths of members that were sent and are not in the answer, in order: `.spec.containers[0].imagee`.
    ///
    /// Members without content (`""`, `0`, `false`, `[]`, `{}`, `null`) may be left out by the server, lists of another length are not compared, and
    /// `stringData` of Secrets never comes back.
    static func paths(sent: JSONValue, returned: JSONValue, at path: String = "") -> [String] {
        switch (sent, returned) {
        case (.object(let sent), .object(let returned)):
            return sent.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
                let place = "\(path).\(key)"
                if isEmpty(value) || place == ".stringData" { return [] }
                guard let other = returned[key] else { return [place] }
                return paths(sent: value, returned: other, at: place)
            }
        case (.array(let sent), .array(let returned)) where sent.count == returned.count:
            return zip(sent, returned).enumerated().flatMap { paths(sent: $1.0, returned: $1.1, at: "\(path)[\($0)]") }
        default: return []
        }
    }

    private static func isEmpty(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .bool(let value): !value
        case .integer(let value): value == 0
        case .number(let value): value == 0
        case .string(let value): value.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.values.allSatisfy(isEmpty)
        }
    }
}

extension KubernetesClient {
    /// Sends a write as its options say, and decodes the answer.
    /// - Parameter sent: the members that have to come back; `nil` when the body does not hold them as they are, as in a JSON patch.
    func written<Object: Decodable>(
        _ request: APIRequest, _ sent: JSONValue?, _ options: WriteOptions, as type: Object.Type
    ) async throws(KubernetesError) -> Object {
        var request = request
        if options.isStrict { request.query.append(("fieldValidation", "Strict")) }
        var trial = request
        trial.query.append(("dryRun", "All"))
        if options.isStrict, let sent {
            let dropped = DroppedFields.paths(sent: sent, returned: try await object(trial, as: JSONValue.self))
            guard dropped.isEmpty else {
                throw request.error(.invalid, "the server does not take these fields: \(dropped.joined(separator: ", "))")
            }
        }
        return try await object(options.isDryRun ? trial : request, as: type)
    }
}
