/// An event of the API group `events.k8s.io`.
public struct Event: KubernetesObject {
    public static let resource = APIResource(group: "events.k8s.io", version: "v1", plural: "events", kind: "Event")

    public var metadata: ObjectMeta
    /// Required by the server.
    public var eventTime: MicroTime?
    /// `Normal` or `Warning`.
    public var type: String?
    /// CamelCase, at most 128 characters.
    public var reason: String?
    /// At most 128 characters.
    public var action: String?
    /// At most 1024 bytes.
    public var note: String?
    public var regarding: ObjectReference?
    public var related: ObjectReference?
    public var reportingController: String?
    public var reportingInstance: String?
    public var series: EventSeries?

    public init(
        metadata: ObjectMeta = ObjectMeta(), eventTime: MicroTime? = nil, type: String? = nil, reason: String? = nil, action: String? = nil,
        note: String? = nil, regarding: ObjectReference? = nil, related: ObjectReference? = nil, reportingController: String? = nil,
        reportingInstance: String? = nil, series: EventSeries? = nil
    ) {
        self.metadata = metadata
        self.eventTime = eventTime
        self.type = type
        self.reason = reason
        self.action = action
        self.note = note
        self.regarding = regarding
        self.related = related
        self.reportingController = reportingController
        self.reportingInstance = reportingInstance
        self.series = series
    }
}

/// The repetitions of an ``Event``.
public struct EventSeries: Codable, Sendable, Hashable {
    public var count: Int
    public var lastObservedTime: MicroTime

    public init(count: Int, lastObservedTime: MicroTime) {
        self.count = count
        self.lastObservedTime = lastObservedTime
    }
}
