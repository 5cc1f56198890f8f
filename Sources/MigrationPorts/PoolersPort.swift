public import MigrationCore

/// The PgBouncers in front of the servers: their admin consoles, and their files in the cluster. Every operation covers all replicas of all poolers of
/// the plan, whose databases it knows by where they lead, and may be repeated.
public protocol PoolersPort: Sendable {
    /// Problems of consoles and files, all at once. Reads only.
    /// - Parameter mayBeStaged: the files may lead to the target already.
    func preflight(_ migration: MigrationReference, plan: Plan, mayBeStaged: Bool) async -> [PreflightProblem]
    /// The roles that the poolers log in with, and the problems of their Secrets. Reads only.
    func applicationRoles(_ migration: MigrationReference, plan: Plan) async -> ApplicationRoles
    func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<PoolersState>
    /// The files lead to `side`; an original is kept before the first change.
    func point(_ migration: MigrationReference, plan: Plan, to side: Side) async throws
    /// Waits for transactions under way as long as the plan says; whatever fails, and whatever is later than that, leaves nothing paused.
    func pause(_ migration: MigrationReference, plan: Plan) async throws
    /// Has every replica that does not lead to `side` read its file, and resumes those that do. Waits a moment for files that are on their way; what
    /// needs longer is looked at again.
    func turn(_ migration: MigrationReference, plan: Plan, to side: Side) async throws
    /// Needs no API server where one was asked before.
    func resume(_ migration: MigrationReference, plan: Plan) async throws
}
