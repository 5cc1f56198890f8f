public import MigrationCore

/// Which migration an operation on the cluster is for.
public struct MigrationReference: Sendable, Hashable {
    public var namespace: String
    public var name: String
    public var uid: String

    public init(namespace: String, name: String, uid: String) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }
}

/// The Secrets and ConfigMaps the applications read. Originals are kept before the first change, in Secrets of ours without ownerReference.
public protocol ConnectionSecretsPort: Sendable {
    /// The roles the applications log in with, and every problem of the connection strings. Reads only.
    func applicationRoles(_ migration: MigrationReference, plan: Plan) async -> ApplicationRoles
    func observe(_ migration: MigrationReference, plan: Plan, attempt: Int) async -> ObservedConnections
    /// What was written in an attempt is not written again in it: whoever turned it back meant it.
    func point(_ migration: MigrationReference, plan: Plan, to side: Side, attempt: Int) async throws
    /// A key for digests exists. It is kept and discarded as originals are.
    func prepareDigests(_ migration: MigrationReference) async throws
    func hasOriginals(_ migration: MigrationReference) async -> Fact<Bool>
    func discardOriginals(_ migration: MigrationReference) async throws
}

/// Where the connection strings lead.
public struct ObservedConnections: Sendable, Hashable {
    public var state: Fact<SecretsState>
    public var values: [ConnectionValue]
    public var hasDigestKey: Bool

    public init(state: Fact<SecretsState>, values: [ConnectionValue] = [], hasDigestKey: Bool = false) {
        self.state = state
        self.values = values
        self.hasDigestKey = hasDigestKey
    }
}

/// What the connection strings say, or what is wrong with them.
public struct ApplicationRoles: Sendable {
    public var roles: [ApplicationRole]
    public var problems: [PreflightProblem]
    /// What nothing waits for, but people should know before the cutover.
    public var warnings: [PreflightProblem] = []

    public init(roles: [ApplicationRole], problems: [PreflightProblem]) {
        self.roles = roles
        self.problems = problems
    }

    /// Both together.
    public static func + (first: ApplicationRoles, second: ApplicationRoles) -> ApplicationRoles {
        var sum = ApplicationRoles(roles: first.roles + second.roles, problems: first.problems + second.problems)
        sum.warnings = first.warnings + second.warnings
        return sum
    }
}

/// The workloads that read those Secrets.
public protocol WorkloadsPort: Sendable {
    /// Problems such as a selector that matches nothing, and what else there is that uses the source. Reads only.
    /// - Parameter sessions: what applications have open on the source; `nil` leaves the warnings out.
    func preflight(_ migration: MigrationReference, plan: Plan, sessions: [ClientSession]?) async -> WorkloadFindings
    func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<WorkloadsState>
    /// Sets the restart annotation of every selected workload of that order to `tag`; those which have it are left alone.
    func restart(_ migration: MigrationReference, plan: Plan, tag: String, order: Int) async throws
    /// What rests over the write pause, of what is selected; and whether anything still rests for this migration, selected or not.
    func observeRest(_ migration: MigrationReference, selecting selections: [Plan.WorkloadSelection]) async -> Fact<RestState>
    /// Suspends the selected CronJobs; what each was before is kept with it, in the same change.
    func suspendCronJobs(_ migration: MigrationReference, plan: Plan) async throws
    /// The same of replicas, where the plan says so.
    func scaleToZero(_ migration: MigrationReference, plan: Plan) async throws
    /// Puts back whatever rests for this migration.
    func resume(_ migration: MigrationReference) async throws
}

/// What preflight says about workloads.
public struct WorkloadFindings: Sendable {
    public var problems: [PreflightProblem]
    /// Said, and no reason to wait; `nil` when nobody looked.
    public var warnings: [PreflightProblem]?

    public init(problems: [PreflightProblem], warnings: [PreflightProblem]? = nil) {
        self.problems = problems
        self.warnings = warnings
    }
}

/// Sessions of one kind that clients, none of them ours, have on a server.
public struct ClientSession: Sendable, Hashable {
    /// Where they come from, without a port.
    public var address: String
    public var database: String
    public var user: String
    /// `application_name`, which may be empty.
    public var application: String
    public var count: Int

    public init(address: String, database: String, user: String, application: String, count: Int) {
        self.address = address
        self.database = database
        self.user = user
        self.application = application
        self.count = count
    }
}

/// Worker Jobs, without Kubernetes credentials; `backoffLimit: 0`.
public protocol JobsPort: Sendable {
    func observe(_ migration: MigrationReference, step: WorkerStep, number: Int) async -> Fact<JobState>
    func run(_ migration: MigrationReference, task: WorkerTask) async throws
    /// Whether any Job or Job pod of the migration exists.
    func any(_ migration: MigrationReference) async -> Fact<Bool>
    func deleteAll(_ migration: MigrationReference) async throws
}

/// One reading of every HTTP check of the plan, concurrently, each within its own timeout. Never throws: what could not be asked is inconclusive.
public protocol ProbesPort: Sendable {
    func read(_ migration: MigrationReference, plan: Plan) async -> [ProbeReading]
}

/// What the queries of checks give, by the check's name; asked concurrently, each within its own timeout. Never throws: what could not be asked, and
/// what gives no value, is unknown.
public protocol MeasurementsPort: Sendable {
    func measure(_ migration: MigrationReference, _ checks: [Plan.PrometheusCheck]) async -> [String: Fact<MeasuredValues>]
}

/// What the selected workloads' pods log.
public protocol LogsPort: Sendable {
    /// Lines of the last `seconds` that have the check's pattern, over all pods; as a lower bound where there was more than could be read. Never throws:
    /// what could not be read is unknown.
    func matches(_ migration: MigrationReference, plan: Plan, check: Plan.LogCheck, seconds: Int) async -> Fact<MeasuredValues>
}
