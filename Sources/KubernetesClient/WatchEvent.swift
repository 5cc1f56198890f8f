import FoundationEssentials
import KubernetesModel
import StructuredData

/// One line of a watch.
enum WatchEvent<Object: Sendable>: Sendable {
    case applied(Object, resourceVersion: String)
    case deleted(Object, resourceVersion: String)
    case bookmark(resourceVersion: String)
    case error(Status)
}

extension WatchEvent: Decodable where Object: Decodable {
    private enum Key: String, CodingKey {
        case type, object
    }

    private struct Versioned: Decodable {
        struct Metadata: Decodable { var resourceVersion: String }
        var metadata: Metadata
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func version() throws -> String { try container.decode(Versioned.self, forKey: .object).metadata.resourceVersion }
        switch try container.decode(String.self, forKey: .type) {
        case "ADDED", "MODIFIED": self = .applied(try container.decode(Object.self, forKey: .object), resourceVersion: try version())
        case "DELETED": self = .deleted(try container.decode(Object.self, forKey: .object), resourceVersion: try version())
        case "BOOKMARK": self = .bookmark(resourceVersion: try version())
        case "ERROR": self = .error(try container.decode(Status.self, forKey: .object))
        case let type:
            throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "unknown watch event '\(type)'")
        }
    }
}
