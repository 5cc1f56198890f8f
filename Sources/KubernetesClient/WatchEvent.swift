import FoundationEssentials
import KubernetesModel
import StructuredData

/// One line of a watch.
enum WatchEvent<Object: Sendable>: Sendable {
    case applied(Object, resourceVersion: String)
    case deleted(Object, resourceVersion: String)
    case bookmark(resourceVersion: String)
    /// An object that cannot be read, whatever became of it.
    case unreadable(UnreadableObject)
    case error(Status)
}

/// Which versions a watch need not tell, because whoever watches has them: the echoes of its own writes.
struct KnownVersions: Sendable {
    static var key: CodingUserInfoKey? { CodingUserInfoKey(rawValue: "knownVersions") }

    var has: @Sendable (ObjectHead) -> Bool
}

extension WatchEvent: Decodable where Object: Decodable {
    private enum Key: String, CodingKey {
        case type, object
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(String.self, forKey: .type)
        guard type != "ERROR" else {
            self = .error(try container.decode(Status.self, forKey: .object))
            return
        }
        let head = try container.decode(ObjectHead.self, forKey: .object)
        switch type {
        case "ADDED", "MODIFIED":
            if let known = KnownVersions.key.flatMap({ decoder.userInfo[$0] }) as? KnownVersions, known.has(head) {
                self = .bookmark(resourceVersion: head.resourceVersion)
                return
            }
            switch try container.decode(Readable<Object>.self, forKey: .object) {
            case .object(let object): self = .applied(object, resourceVersion: head.resourceVersion)
            case .unreadable(let object): self = .unreadable(object)
            }
        case "DELETED":
            switch try container.decode(Readable<Object>.self, forKey: .object) {
            case .object(let object): self = .deleted(object, resourceVersion: head.resourceVersion)
            case .unreadable(var object):
                object.isGone = true
                self = .unreadable(object)
            }
        case "BOOKMARK": self = .bookmark(resourceVersion: head.resourceVersion)
        default: throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "unknown watch event '\(type)'")
        }
    }
}
