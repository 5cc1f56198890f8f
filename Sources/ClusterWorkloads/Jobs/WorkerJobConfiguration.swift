/// What every worker Job has in common, given once at start.
public struct WorkerJobConfiguration: Sendable, Hashable {
    /// The controller's own image, which also holds the workers.
    public var image: String
    public var imagePullPolicy: String
    public var imagePullSecrets: [String]
    /// `nil` is the namespace's default; no token of it is mounted either way.
    public var serviceAccountName: String?
    /// `nil` leaves it to the image, whose user must then be numeric and not 0.
    public var runAsUser: Int64?
    /// For the label `app.kubernetes.io/version`.
    public var version: String?
    /// Kubernetes quantities. No limit of the processor: it would only stretch the write pause.
    public var cpuRequest: String
    public var memoryRequest: String
    public var memoryLimit: String

    public init(
        image: String, imagePullPolicy: String = "IfNotPresent", imagePullSecrets: [String] = [], serviceAccountName: String? = nil,
        runAsUser: Int64? = nil, version: String? = nil, cpuRequest: String = "100m", memoryRequest: String = "128Mi", memoryLimit: String = "512Mi"
    ) {
        self.image = image
        self.imagePullPolicy = imagePullPolicy
        self.imagePullSecrets = imagePullSecrets
        self.serviceAccountName = serviceAccountName
        self.runAsUser = runAsUser
        self.version = version
        self.cpuRequest = cpuRequest
        self.memoryRequest = memoryRequest
        self.memoryLimit = memoryLimit
    }
}
