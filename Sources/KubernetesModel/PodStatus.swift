/// What the node reports of a Pod.
public struct PodStatus: Codable, Sendable, Hashable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    public var phase: String?
    public var conditions: [Condition]?
    public var reason: String?
    public var message: String?
    public var hostIP: String?
    public var podIP: String?
    public var podIPs: [PodIP]?
    public var startTime: Time?
    public var initContainerStatuses: [ContainerStatus]?
    public var containerStatuses: [ContainerStatus]?
    public var qosClass: String?

    public init(
        phase: String? = nil, conditions: [Condition]? = nil, reason: String? = nil, message: String? = nil, hostIP: String? = nil,
        podIP: String? = nil, podIPs: [PodIP]? = nil, startTime: Time? = nil, initContainerStatuses: [ContainerStatus]? = nil,
        containerStatuses: [ContainerStatus]? = nil, qosClass: String? = nil
    ) {
        self.phase = phase
        self.conditions = conditions
        self.reason = reason
        self.message = message
        self.hostIP = hostIP
        self.podIP = podIP
        self.podIPs = podIPs
        self.startTime = startTime
        self.initContainerStatuses = initContainerStatuses
        self.containerStatuses = containerStatuses
        self.qosClass = qosClass
    }
}

/// One address of a Pod.
public struct PodIP: Codable, Sendable, Hashable {
    public var ip: String?

    public init(ip: String? = nil) {
        self.ip = ip
    }
}

/// What the node reports of a container.
public struct ContainerStatus: Codable, Sendable, Hashable {
    public var name: String
    public var state: ContainerState?
    public var lastState: ContainerState?
    public var ready: Bool?
    public var started: Bool?
    public var restartCount: Int?
    public var image: String?
    public var imageID: String?
    public var containerID: String?

    public init(
        name: String, state: ContainerState? = nil, lastState: ContainerState? = nil, ready: Bool? = nil, started: Bool? = nil,
        restartCount: Int? = nil, image: String? = nil, imageID: String? = nil, containerID: String? = nil
    ) {
        self.name = name
        self.state = state
        self.lastState = lastState
        self.ready = ready
        self.started = started
        self.restartCount = restartCount
        self.image = image
        self.imageID = imageID
        self.containerID = containerID
    }
}

/// One member is set.
public struct ContainerState: Codable, Sendable, Hashable {
    public var waiting: ContainerWaiting?
    public var running: ContainerRunning?
    public var terminated: ContainerTerminated?

    public init(waiting: ContainerWaiting? = nil, running: ContainerRunning? = nil, terminated: ContainerTerminated? = nil) {
        self.waiting = waiting
        self.running = running
        self.terminated = terminated
    }
}

/// Not running, and why: `CrashLoopBackOff`, `ErrImagePull`, `CreateContainerConfigError` …
public struct ContainerWaiting: Codable, Sendable, Hashable {
    public var reason: String?
    public var message: String?

    public init(reason: String? = nil, message: String? = nil) {
        self.reason = reason
        self.message = message
    }
}

/// Running since.
public struct ContainerRunning: Codable, Sendable, Hashable {
    public var startedAt: Time?

    public init(startedAt: Time? = nil) {
        self.startedAt = startedAt
    }
}

/// Ended, and how.
public struct ContainerTerminated: Codable, Sendable, Hashable {
    public var exitCode: Int
    public var signal: Int?
    public var reason: String?
    /// The container's termination message, at most 4096 bytes.
    public var message: String?
    public var startedAt: Time?
    public var finishedAt: Time?
    public var containerID: String?

    public init(
        exitCode: Int, signal: Int? = nil, reason: String? = nil, message: String? = nil, startedAt: Time? = nil, finishedAt: Time? = nil,
        containerID: String? = nil
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.containerID = containerID
    }
}
