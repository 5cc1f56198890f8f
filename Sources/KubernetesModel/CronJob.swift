/// A CronJob. Its group has it as `v1` since Kubernetes 1.21, and before that as `v1beta1`, with the same members.
public struct CronJob: KubernetesObject {
    public static let resource = APIResource(group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob")
    public static let formerResource = APIResource(group: "batch", version: "v1beta1", plural: "cronjobs", kind: "CronJob")

    public var metadata: ObjectMeta
    public var spec: CronJobSpec?

    public init(metadata: ObjectMeta = ObjectMeta(), spec: CronJobSpec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Which Jobs, and when.
public struct CronJobSpec: Codable, Sendable, Hashable {
    public var schedule: String?
    /// No more Jobs begin; those that run go on. Server default false.
    public var suspend: Bool?
    public var jobTemplate: JobTemplateSpec?

    public init(schedule: String? = nil, suspend: Bool? = nil, jobTemplate: JobTemplateSpec? = nil) {
        self.schedule = schedule
        self.suspend = suspend
        self.jobTemplate = jobTemplate
    }
}

/// What Jobs are made from.
public struct JobTemplateSpec: Codable, Sendable, Hashable {
    public var metadata: ObjectMeta?
    public var spec: JobSpec?

    public init(metadata: ObjectMeta? = nil, spec: JobSpec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}
