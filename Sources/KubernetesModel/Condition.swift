/// A condition of any kind of object; which of the times is set differs by kind.
public struct Condition: Codable, Sendable, Hashable {
    public var type: String
    /// `True`, `False` or `Unknown`.
    public var status: String
    public var reason: String?
    public var message: String?
    public var observedGeneration: Int64?
    public var lastTransitionTime: Time?
    public var lastUpdateTime: Time?
    public var lastProbeTime: Time?
    public var lastHeartbeatTime: Time?

    public init(
        type: String, status: String, reason: String? = nil, message: String? = nil, observedGeneration: Int64? = nil,
        lastTransitionTime: Time? = nil, lastUpdateTime: Time? = nil, lastProbeTime: Time? = nil, lastHeartbeatTime: Time? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.observedGeneration = observedGeneration
        self.lastTransitionTime = lastTransitionTime
        self.lastUpdateTime = lastUpdateTime
        self.lastProbeTime = lastProbeTime
        self.lastHeartbeatTime = lastHeartbeatTime
    }
}

extension Condition {
    public var isTrue: Bool { status == "True" }
}

extension [Condition] {
    /// The condition of that type, if any.
    public subscript(type: String) -> Condition? { first { $0.type == type } }
}
