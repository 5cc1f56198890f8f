public import StructuredData

/// One container of a Pod.
public struct Container: Codable, Sendable, Hashable {
    public var name: String
    public var image: String?
    public var imagePullPolicy: String?
    /// Replaces the image's entry point.
    public var command: [String]?
    /// Replaces the image's command.
    public var args: [String]?
    public var workingDir: String?
    public var env: [EnvVar]?
    public var envFrom: [EnvFromSource]?
    public var ports: [ContainerPort]?
    public var volumeMounts: [VolumeMount]?
    public var readinessProbe: Probe?
    public var livenessProbe: Probe?
    public var startupProbe: Probe?
    /// Server default `/dev/termination-log`.
    public var terminationMessagePath: String?
    /// `File` or `FallbackToLogsOnError`.
    public var terminationMessagePolicy: String?
    public var resources: JSONValue?
    public var securityContext: JSONValue?
    public var lifecycle: JSONValue?

    public init(
        name: String, image: String? = nil, imagePullPolicy: String? = nil, command: [String]? = nil, args: [String]? = nil,
        workingDir: String? = nil, env: [EnvVar]? = nil, envFrom: [EnvFromSource]? = nil, ports: [ContainerPort]? = nil,
        volumeMounts: [VolumeMount]? = nil, readinessProbe: Probe? = nil, livenessProbe: Probe? = nil, startupProbe: Probe? = nil,
        terminationMessagePath: String? = nil, terminationMessagePolicy: String? = nil, resources: JSONValue? = nil,
        securityContext: JSONValue? = nil, lifecycle: JSONValue? = nil
    ) {
        self.name = name
        self.image = image
        self.imagePullPolicy = imagePullPolicy
        self.command = command
        self.args = args
        self.workingDir = workingDir
        self.env = env
        self.envFrom = envFrom
        self.ports = ports
        self.volumeMounts = volumeMounts
        self.readinessProbe = readinessProbe
        self.livenessProbe = livenessProbe
        self.startupProbe = startupProbe
        self.terminationMessagePath = terminationMessagePath
        self.terminationMessagePolicy = terminationMessagePolicy
        self.resources = resources
        self.securityContext = securityContext
        self.lifecycle = lifecycle
    }
}

/// A port a container listens on.
public struct ContainerPort: Codable, Sendable, Hashable {
    public var name: String?
    public var containerPort: Int
    public var hostPort: Int?
    public var hostIP: String?
    public var `protocol`: String?

    public init(name: String? = nil, containerPort: Int, hostPort: Int? = nil, hostIP: String? = nil, protocol: String? = nil) {
        self.name = name
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostIP = hostIP
        self.protocol = `protocol`
    }
}

/// Where a volume appears in a container.
public struct VolumeMount: Codable, Sendable, Hashable {
    public var name: String
    public var mountPath: String
    public var subPath: String?
    public var subPathExpr: String?
    public var readOnly: Bool?

    public init(name: String, mountPath: String, subPath: String? = nil, subPathExpr: String? = nil, readOnly: Bool? = nil) {
        self.name = name
        self.mountPath = mountPath
        self.subPath = subPath
        self.subPathExpr = subPathExpr
        self.readOnly = readOnly
    }
}
