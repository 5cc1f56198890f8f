/// A Job.
public struct Job: KubernetesObject {
    public static let resource = APIResource(group: "batch", version: "v1", plural: "jobs", kind: "Job")

    public var metadata: ObjectMeta
    public var spec: JobSpec?
    public var status: JobStatus?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: JobSpec? = nil, status: JobStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// Which Pods, how many, how often tried again.
public struct JobSpec: Codable, Sendable, Hashable {
    public var template: PodTemplateSpec?
    public var parallelism: Int?
    public var completions: Int?
    /// Server default 6.
    public var backoffLimit: Int?
    public var activeDeadlineSeconds: Int64?
    /// Dropped by Kubernetes 1.20.
    public var ttlSecondsAfterFinished: Int?
    public var selector: LabelSelector?
    public var manualSelector: Bool?
    /// Since Kubernetes 1.21: no pods are made.
    public var suspend: Bool?

    public init(
        template: PodTemplateSpec? = nil, parallelism: Int? = nil, completions: Int? = nil, backoffLimit: Int? = nil,
        activeDeadlineSeconds: Int64? = nil, ttlSecondsAfterFinished: Int? = nil, selector: LabelSelector? = nil, manualSelector: Bool? = nil,
        suspend: Bool? = nil
    ) {
        self.template = template
        self.parallelism = parallelism
        self.completions = completions
        self.backoffLimit = backoffLimit
        self.activeDeadlineSeconds = activeDeadlineSeconds
        self.ttlSecondsAfterFinished = ttlSecondsAfterFinished
        self.selector = selector
        self.manualSelector = manualSelector
        self.suspend = suspend
    }
}

/// How far a Job is.
public struct JobStatus: Codable, Sendable, Hashable {
    public var active: Int?
    public var succeeded: Int?
    public var failed: Int?
    public var startTime: Time?
    public var completionTime: Time?
    /// `Complete` or `Failed`, once it is over.
    public var conditions: [Condition]?

    public init(
        active: Int? = nil, succeeded: Int? = nil, failed: Int? = nil, startTime: Time? = nil, completionTime: Time? = nil,
        conditions: [Condition]? = nil
    ) {
        self.active = active
        self.succeeded = succeeded
        self.failed = failed
        self.startTime = startTime
        self.completionTime = completionTime
        self.conditions = conditions
    }
}
