public import MigrationCore

/// What a worker Job is told, as JSON in its environment variable `DBMIGRATION_TASK`. Credentials come beside it by Secret reference.
public struct WorkerTask: Sendable, Hashable, Codable {
    /// `metadata.uid` of the migration.
    public var uid: String
    public var step: WorkerStep
    /// Counts the Jobs of this step; the highest number is the one in charge.
    public var number: Int
    /// The source fence's epoch the copied rows belong to. Rows of another epoch are stale and copied anew.
    public var sourceEpoch: Int64
    public var plan: Plan

    public init(uid: String, step: WorkerStep, number: Int, sourceEpoch: Int64, plan: Plan) {
        self.uid = uid
        self.step = step
        self.number = number
        self.sourceEpoch = sourceEpoch
        self.plan = plan
    }
}

/// A worker's last word: its container's termination message, JSON of at most 4 KiB.
public struct WorkerResult: Sendable, Hashable, Codable {
    public var succeeded: Bool
    /// Closed list; see ``Reason``. `nil` on success.
    public var reason: Reason?
    /// What happened and what to do; never a secret.
    public var message: String
    /// Whether another Job may succeed where this one failed.
    public var mayRetry: Bool

    public init(succeeded: Bool, reason: Reason? = nil, message: String, mayRetry: Bool = false) {
        self.succeeded = succeeded
        self.reason = reason
        self.message = message
        self.mayRetry = mayRetry
    }
}

/// The environment of a worker container, besides its task.
public enum WorkerEnvironment {
    public static let task = "DBMIGRATION_TASK"
    public static let sourceUser = "DBMIGRATION_SOURCE_USER"
    public static let sourcePassword = "DBMIGRATION_SOURCE_PASSWORD"
    public static let targetUser = "DBMIGRATION_TARGET_USER"
    public static let targetPassword = "DBMIGRATION_TARGET_PASSWORD"
    /// Present when the server's CA comes from a Secret: a mounted file.
    public static let sourceCertificateAuthority = "DBMIGRATION_SOURCE_CA_FILE"
    public static let targetCertificateAuthority = "DBMIGRATION_TARGET_CA_FILE"
    /// Where the result is written, if not `/dev/termination-log`.
    public static let terminationLog = "DBMIGRATION_TERMINATION_LOG"
}
