/// What rests over the write pause, as the cluster shows it.
public struct RestState: Sendable, Hashable {
    /// Every selected CronJob is suspended.
    public var isSuspended: Bool
    /// Jobs that have to be over before the write pause and are not, by name.
    public var runningJobs: String?
    /// Every workload selected for it has no replicas.
    public var isScaledToZero: Bool
    /// Pods of those that have not ended, by name.
    public var runningPods: String?
    /// Something carries what it was before, and has to be put back.
    public var isHeld: Bool

    public init(isSuspended: Bool, runningJobs: String? = nil, isScaledToZero: Bool, runningPods: String? = nil, isHeld: Bool) {
        self.isSuspended = isSuspended
        self.runningJobs = runningJobs
        self.isScaledToZero = isScaledToZero
        self.runningPods = runningPods
        self.isHeld = isHeld
    }
}
