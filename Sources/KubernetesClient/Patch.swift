public import StructuredData

/// A change to part of an object.
public enum Patch: Sendable, Hashable {
    /// RFC 7386: members replace, `null` removes. With a resource version the change is refused as `.conflict` when the object has another.
    case merge(JSONValue, resourceVersion: String? = nil)
    /// RFC 6902: a list of operations, of which all or none happen.
    case json([JSONValue])
    /// Server-side apply of the members this program owns; `force` takes them from another manager.
    case apply(JSONValue, force: Bool = false)
}

extension Patch {
    var contentType: String {
        switch self {
        case .merge: "application/merge-patch+json"
        case .json: "application/json-patch+json"
        case .apply: "application/apply-patch+yaml"
        }
    }

    var body: JSONValue {
        switch self {
        case .merge(let change, let resourceVersion):
            guard let resourceVersion else { return change }
            var change = change
            var metadata = change["metadata"] ?? [:]
            metadata["resourceVersion"] = .string(resourceVersion)
            change["metadata"] = metadata
            return change
        case .json(let operations): return .array(operations)
        case .apply(let document, _): return document
        }
    }

    /// The members the object has afterwards; a JSON patch does not say.
    var members: JSONValue? {
        switch self {
        case .merge(let change, _): change
        case .json: nil
        case .apply(let document, _): document
        }
    }

    var isForced: Bool {
        if case .apply(_, let force) = self { force } else { false }
    }
}

/// How to delete.
public struct DeleteOptions: Sendable, Hashable, Encodable {
    /// What becomes of the objects that the deleted one owns.
    public enum Propagation: String, Sendable, Hashable, Encodable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    /// Delete only the object that was meant; anything else is `.conflict`.
    public struct Preconditions: Sendable, Hashable, Encodable {
        public var uid: String?
        public var resourceVersion: String?
    }

    public var propagationPolicy: Propagation?
    public var gracePeriodSeconds: Int64?
    public var preconditions: Preconditions?

    public init(_ propagation: Propagation? = nil, uid: String? = nil, resourceVersion: String? = nil, gracePeriodSeconds: Int64? = nil) {
        propagationPolicy = propagation
        self.gracePeriodSeconds = gracePeriodSeconds
        preconditions = uid == nil && resourceVersion == nil ? nil : Preconditions(uid: uid, resourceVersion: resourceVersion)
    }
}

/// The result of a list: every page of it, as of one resource version.
public struct ObjectList<Object: Sendable>: Sendable {
    public var items: [Object]
    public var resourceVersion: String

    public init(items: [Object], resourceVersion: String) {
        self.items = items
        self.resourceVersion = resourceVersion
    }
}
