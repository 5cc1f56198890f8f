public import MigrationCore
public import StructuredData

/// How to open sessions on one server: where, and as whom.
public struct ServerAccess: Sendable, Hashable {
    public var server: Plan.Server
    public var user: String
    public var password: Redacted<String>
    /// A file with the CA certificates to verify the server with; `nil` names the system's bundle.
    public var certificateAuthorityFile: String?
    /// Who creates subscriptions here; `nil` means `user`.
    public var subscriber: Login?
    /// Who the other server logs in as to receive changes; `nil` means `user`.
    public var replicator: Login?
    /// Why one of these two could not be read. Only lanes need them: no fence waits for their Secrets.
    public var unreadLogins: [PreflightProblem] = []

    public init(
        server: Plan.Server, user: String, password: Redacted<String>, certificateAuthorityFile: String?, subscriber: Login? = nil,
        replicator: Login? = nil
    ) {
        self.subscriber = subscriber
        self.replicator = replicator
        self.server = server
        self.user = user
        self.password = password
        self.certificateAuthorityFile = certificateAuthorityFile
    }

    /// The plan names a login for lanes that is not known.
    public var lacksLogin: Bool {
        (server.subscriber != nil && subscriber == nil) || (server.replication?.credentials != nil && replicator == nil)
    }
}

/// A role and its password.
public struct Login: Sendable, Hashable {
    public var user: String
    public var password: Redacted<String>

    public init(user: String, password: Redacted<String>) {
        self.user = user
        self.password = password
    }
}

/// A role the applications log in with, as their connection strings have it.
public struct ApplicationRole: Sendable, Hashable {
    public var name: String
    public var password: Redacted<String>
    /// Source name of the database it logs in to.
    public var database: String

    public init(name: String, password: Redacted<String>, database: String) {
        self.name = name
        self.password = password
        self.database = database
    }
}

/// Everything a database operation of one migration needs.
public struct DatabaseContext: Sendable {
    /// `metadata.uid` of the migration: owner of every artefact on the servers.
    public var uid: String
    public var plan: Plan
    public var source: ServerAccess
    public var target: ServerAccess
    public var applicationRoles: [ApplicationRole]

    public init(uid: String, plan: Plan, source: ServerAccess, target: ServerAccess, applicationRoles: [ApplicationRole]) {
        self.uid = uid
        self.plan = plan
        self.source = source
        self.target = target
        self.applicationRoles = applicationRoles
    }
}

/// What the controller does on the two servers; light SQL only, never rows. Every operation may be repeated and run late:
/// fences are compare-and-set on their epoch.
public protocol DatabasePort: Sendable {
    /// Who is connected to the migrated databases of the source over the network, ours left out; at most 50 kinds. None where it cannot be asked, which
    /// preflight itself reports.
    func clientSessions(_ context: DatabaseContext) async -> [ClientSession]
    /// Read-only checks of both servers, all problems at once. Never throws: what cannot be asked is a problem of its own.
    func preflight(_ context: DatabaseContext) async -> [PreflightProblem]
    /// What else somebody should know before the migration begins. It holds nothing up; what cannot be asked is left out.
    func preflightWarnings(_ context: DatabaseContext) async -> [PreflightProblem]

    func observeSource(_ context: DatabaseContext) async -> Fact<SourceState>
    /// - Parameter withPosition: Whether to read where the log of a closed target ends, for what has to flow back; false saves a round trip.
    func observeTarget(_ context: DatabaseContext, withPosition: Bool) async -> Fact<TargetState>
    /// Client sessions of others in the migrated databases of a side.
    func countSessions(_ context: DatabaseContext, side: Side) async -> Fact<Int>
    /// Rows and bytes of each database from the journal; for display only.
    func progress(_ context: DatabaseContext) async -> Fact<[DatabaseProgress]>

    /// Whether something of this migration is left on a side: lanes, schema `_dbmigration` or guard triggers in a database, or a fence row. The other
    /// side is not asked.
    func hasArtefacts(_ context: DatabaseContext, side: Side) async -> Fact<Bool>

    /// Roles, databases and the target's fence exist.
    func prepareTarget(_ context: DatabaseContext) async throws
    /// Fences every database of the source. `epoch` is the epoch the fence had when this was decided; another one stops it.
    func closeSource(_ context: DatabaseContext, epoch: Int64) async throws
    /// Moves the fence, which stands, from `epoch` to the next, and mends what is missing of it; in Live mode the forward subscriptions are then
    /// disabled and their workers ended.
    func sealSource(_ context: DatabaseContext, epoch: Int64) async throws
    func openSource(_ context: DatabaseContext, epoch: Int64) async throws
    func closeTarget(_ context: DatabaseContext, epoch: Int64) async throws
    /// Lifts the target's fence; its guard stays and counts client writes.
    func openTarget(_ context: DatabaseContext, epoch: Int64) async throws

    /// The lanes of a direction, one for each database of the plan, in its order.
    func observeLanes(_ context: DatabaseContext, _ direction: Direction) async -> Fact<ReplicationState>
    /// How the tables of the publisher differ from their copies so that rows would not fit, and what to do about it; `nil` when they fit. Compared
    /// at most once a minute, unless `isFresh`. Never throws: what could not be compared for too long is said in its stead.
    func observeDrift(_ context: DatabaseContext, _ direction: Direction, isFresh: Bool) async -> String?
    /// The snapshots which a running live copy reads under are held here as well, so that they outlive its worker. Given up once the lanes are connected or
    /// removed, or when this is not asked for any more. Never throws: it is a precaution.
    func keepSnapshots(_ context: DatabaseContext) async
    /// Lane operations are done only while the source's fence stands at `epoch` (0 = there was none yet), under the source's fence lock.
    func prepareLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws
    func connectLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws
    func disconnectLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws
    func removeLanes(_ context: DatabaseContext, _ direction: Direction, epoch: Int64) async throws
    /// Both sides are closed: hastens the lanes and waits, a second at most, until the subscriber has everything before `position`. Then sets every
    /// sequence of the subscriber past the publisher's, and notes `publisherEpoch`; returns without that where the time did not suffice.
    func drainLanes(
        _ context: DatabaseContext, _ direction: Direction, to position: WALPosition, epoch: Int64, publisherEpoch: Int64) async throws

    /// Drops lanes of this side, schema `_dbmigration` and the guard from every database of a side, and its fence rows. On the source, settings of a fence which
    /// stands are left (after the switch it stays read-only); on the target the saved settings come back, so that nothing unexplained stays.
    func removeArtefacts(_ context: DatabaseContext, side: Side) async throws
}
