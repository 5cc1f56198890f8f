/// Which version of which object it is: as much as every object has.
public struct ObjectHead: Sendable, Hashable {
    /// Empty for kinds without namespaces.
    public var namespace: String
    public var name: String
    public var uid: String
    public var resourceVersion: String

    public init(namespace: String, name: String, uid: String, resourceVersion: String) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
    }
}

extension ObjectHead: Decodable {
    private enum Key: String, CodingKey {
        case metadata
    }

    private enum Member: String, CodingKey {
        case namespace, name, uid, resourceVersion
    }

    /// Bookmarks have nothing but a version.
    public init(from decoder: any Decoder) throws {
        let metadata = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: Member.self, forKey: .metadata)
        namespace = try metadata.decodeIfPresent(String.self, forKey: .namespace) ?? ""
        name = try metadata.decodeIfPresent(String.self, forKey: .name) ?? ""
        uid = try metadata.decodeIfPresent(String.self, forKey: .uid) ?? ""
        resourceVersion = try metadata.decode(String.self, forKey: .resourceVersion)
    }
}

/// An object the server has and this program cannot read, such as one that a newer version of its kind allows.
///
/// Lists and watches pass over it: one such object must not hide all the others.
public struct UnreadableObject: Sendable, Hashable {
    public var head: ObjectHead
    /// The member it is about, and what is wrong with it.
    public var problem: String
    /// Whether it has been deleted, and is nobody's trouble any more.
    public var isGone = false

    public init(_ head: ObjectHead, problem: String) {
        self.head = head
        self.problem = problem
    }
}

/// One object of a list or an event, if it can be read.
enum Readable<Object: Decodable>: Decodable {
    case object(Object)
    case unreadable(UnreadableObject)

    init(from decoder: any Decoder) throws {
        do {
            self = .object(try Object(from: decoder))
        } catch let error as DecodingError {
            self = .unreadable(UnreadableObject(try ObjectHead(from: decoder), problem: Self.explain(error)))
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        let (path, problem): ([any CodingKey], String) =
            switch error {
            case .keyNotFound(let key, let context): (context.codingPath + [key], "is missing")
            case .valueNotFound(_, let context): (context.codingPath, "is null")
            case .typeMismatch(let type, let context): (context.codingPath, "is no \(type)")
            case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
            @unknown default: ([], "\(error)")
            }
        // A list's own members are not the object's.
        let names = path.drop { $0.intValue != nil || $0.stringValue == "items" || $0.stringValue == "object" }
        return names.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined() + " \(problem)"
    }
}

extension Readable: Sendable where Object: Sendable {}
