/// A kind of object and where the API server keeps it.
public struct APIResource: Sendable, Hashable {
    /// Empty for the core group.
    public var group: String
    public var version: String
    /// The lower-case plural of paths, such as `deployments`.
    public var plural: String
    public var kind: String
    public var isNamespaced: Bool

    public init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// What objects carry: `v1`, `apps/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The path below the server's address, such as `/apis/apps/v1/namespaces/a/deployments/b/status`.
    /// - Parameters:
    ///   - namespace: ignored for kinds without namespaces; `nil` means all of them.
    ///   - name: `nil` for the collection.
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var parts = group.isEmpty ? ["api", version] : ["apis", group, version]
        if isNamespaced, let namespace { parts += ["namespaces", namespace] }
        parts.append(plural)
        if let name { parts.append(name) }
        if let subresource { parts.append(subresource) }
        return "/" + parts.map(Self.escaped).joined(separator: "/")
    }

    /// A path segment stays one segment, whatever a name holds.
    private static func escaped(_ segment: String) -> String {
        if segment == "." || segment == ".." { return segment.replacing(".", with: "%2E") }
        var text = ""
        for byte in segment.utf8 {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-._~:".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            text += isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.utf8.count == 1 ? "0" + hex : hex)
        }
        return text
    }
}

extension APIResource: CustomStringConvertible {
    /// As in RBAC messages: `pods`, `deployments.apps`.
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}
