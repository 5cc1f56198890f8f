public import KubernetesModel

/// What happened, once: the text of an Event.
public struct EventNotice: Sendable, Hashable {
    public enum Level: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// The object the event is about.
    public struct Subject: Sendable, Hashable {
        public var apiVersion: String
        public var kind: String
        public var namespace: String
        public var name: String
        public var uid: String

        public init(apiVersion: String, kind: String, namespace: String, name: String, uid: String) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.namespace = namespace
            self.name = name
            self.uid = uid
        }

        public init<Object: KubernetesObject>(_ object: Object) {
            self.init(
                apiVersion: Object.resource.apiVersion, kind: Object.resource.kind, namespace: object.namespace ?? "", name: object.name,
                uid: object.uid ?? "")
        }
    }

    public var level: Level
    /// Why, in CamelCase, at most 128 bytes.
    public var reason: String
    /// What was done, in CamelCase, at most 128 bytes.
    public var action: String
    public var note: String
    public var subject: Subject

    /// - Parameter note: cut to the 1,024 bytes the API takes.
    public init(_ level: Level, reason: String, action: String, note: String, subject: Subject) {
        self.level = level
        self.reason = EventNotice.cut(reason, to: 128)
        self.action = EventNotice.cut(action, to: 128)
        self.note = EventNotice.cut(note, to: 1024)
        self.subject = subject
    }

    /// The longest prefix of whole characters that, with an ellipsis, fits into `limit` UTF-8 bytes.
    static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.startIndex
        var used = "…".utf8.count
        while end < text.endIndex {
            used += text[end].utf8.count
            if used > limit { break }
            end = text.index(after: end)
        }
        return text[..<end] + "…"
    }
}
