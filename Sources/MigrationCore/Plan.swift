/// A checked specification: what to move, from where to where, and under which limits. Holds names of Secrets, never their content.
///
/// From Fencing on, the plan frozen in the ``Record`` is the one in force, whatever the spec says by then.
public struct Plan: Sendable, Hashable, Codable {
    public var source: Server
    public var target: Server
    /// At least one; names are unique on each side.
    public var databases: [Database]
    public var strategy: Strategy
    public var copy: Copy
    public var verification: Verification
    /// Live mode: how long ago the verification may have been when the write pause begins, in seconds; `nil` is any time.
    public var verificationMaxAgeSeconds: Int?
    public var cutover: Cutover
    public var health: Health
    public var rollback: Rollback

    public init(
        source: Server, target: Server, databases: [Database], strategy: Strategy = .blueGreen, copy: Copy, verification: Verification = .rowCount,
        verificationMaxAgeSeconds: Int? = nil, cutover: Cutover, health: Health = Health(), rollback: Rollback = Rollback()
    ) {
        self.source = source
        self.target = target
        self.databases = databases
        self.strategy = strategy
        self.copy = copy
        self.verification = verification
        self.verificationMaxAgeSeconds = verificationMaxAgeSeconds
        self.cutover = cutover
        self.health = health
        self.rollback = rollback
    }
}

extension Plan {
    public enum Strategy: String, Sendable, Hashable, Codable { case blueGreen = "BlueGreen", fresh = "Fresh" }
    public enum Verification: String, Sendable, Hashable, Codable { case none = "None", rowCount = "RowCount", checksum = "Checksum" }

    /// One PostgreSQL server and how to reach it.
    public struct Server: Sendable, Hashable, Codable {
        public var host: String
        public var port: Int
        /// libpq's words, `verify-full` by default.
        public var sslMode: String
        public var credentials: CredentialsReference
        /// The CA to verify the server with; `nil` means the system's bundle.
        public var certificateAuthority: SecretKey?
        /// Where fences are recorded; never one of the migrated databases.
        public var maintenanceDatabase: String
        /// Who creates subscriptions here, where `credentials` may not (before PostgreSQL 16 only a superuser may).
        public var subscriber: CredentialsReference?
        /// How the other server reaches this one, where that differs.
        public var replication: Replication?
        /// Provisioned storage; `nil` when it was not said.
        public var storageGiB: Int?

        public init(
            host: String, port: Int = 5432, sslMode: String = "verify-full", credentials: CredentialsReference,
            certificateAuthority: SecretKey? = nil,
            maintenanceDatabase: String = "postgres", subscriber: CredentialsReference? = nil, replication: Replication? = nil,
            storageGiB: Int? = nil
        ) {
            self.host = host
            self.port = port
            self.sslMode = sslMode
            self.credentials = credentials
            self.certificateAuthority = certificateAuthority
            self.maintenanceDatabase = maintenanceDatabase
            self.subscriber = subscriber
            self.replication = replication
            self.storageGiB = storageGiB
        }
    }

    /// A server as the other one reaches it; what is `nil` is as for everybody.
    public struct Replication: Sendable, Hashable, Codable {
        public var host: String?
        public var port: Int?
        /// `require` unless said otherwise: the other server has no file with our CA.
        public var sslMode: String
        public var credentials: CredentialsReference?

        public init(host: String? = nil, port: Int? = nil, sslMode: String = "require", credentials: CredentialsReference? = nil) {
            self.host = host
            self.port = port
            self.sslMode = sslMode
            self.credentials = credentials
        }
    }

    /// A Secret that holds a user name and a password.
    public struct CredentialsReference: Sendable, Hashable, Codable {
        public var name: String
        public var usernameKey: String
        public var passwordKey: String

        public init(name: String, usernameKey: String = "username", passwordKey: String = "password") {
            self.name = name
            self.usernameKey = usernameKey
            self.passwordKey = passwordKey
        }
    }

    /// One key of a Secret in the migration's namespace.
    public struct SecretKey: Sendable, Hashable, Codable {
        public var name: String
        public var key: String

        public init(name: String, key: String) {
            self.name = name
            self.key = key
        }
    }

    public struct Database: Sendable, Hashable, Codable {
        /// Its name on the source.
        public var name: String
        /// Its name on the target.
        public var targetName: String
        /// Create it on the target when it is missing, with the source's encoding, locale and owner.
        public var createIfMissing: Bool

        public init(name: String, targetName: String? = nil, createIfMissing: Bool = true) {
            self.name = name
            self.targetName = targetName ?? name
            self.createIfMissing = createIfMissing
        }
    }

    public struct Copy: Sendable, Hashable, Codable {
        public enum Mode: String, Sendable, Hashable, Codable { case live = "Live", snapshot = "Snapshot" }
        /// What becomes of the source's roles.
        public enum Roles: String, Sendable, Hashable, Codable {
            /// Roles which the databases need and the target lacks are created there, without passwords; owners and privileges stay.
            case createMissing = "CreateMissing"
            /// None is created: everything belongs to the role we log in with, and no privileges are carried.
            case skip = "Skip"
        }
        public var mode: Mode
        /// Tables copied at the same time, over all databases.
        public var jobs: Int
        /// WAL a server may keep for a slot of ours before it is dropped.
        public var maxRetainedWALMiB: Int
        /// Live mode: lanes for each database, at most; it has fewer when its tables do not split into so many groups.
        public var lanes: Int
        /// Indexes built, and foreign keys validated, at the same time, over all databases.
        public var indexJobs: Int
        /// From how many MiB on a table may be copied in parts of about that size.
        public var splitAboveMiB: Int
        public var roles: Roles
        var maxRetainedBytes: Int64 { Int64(maxRetainedWALMiB) << 20 }

        public init(
            mode: Mode, jobs: Int = 4, maxRetainedWALMiB: Int = 20_480, lanes: Int = 1, indexJobs: Int = 2, splitAboveMiB: Int = 1024,
            roles: Roles = .createMissing
        ) {
            self.mode = mode
            self.jobs = jobs
            self.maxRetainedWALMiB = maxRetainedWALMiB
            self.lanes = lanes
            self.indexJobs = indexJobs
            self.splitAboveMiB = splitAboveMiB
            self.roles = roles
        }

        /// A plan that was frozen before there was a field has its default.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            mode = try values.decode(Mode.self, forKey: .mode)
            jobs = try values.decode(Int.self, forKey: .jobs)
            maxRetainedWALMiB = try values.decode(Int.self, forKey: .maxRetainedWALMiB)
            lanes = try values.decodeIfPresent(Int.self, forKey: .lanes) ?? 1
            indexJobs = try values.decodeIfPresent(Int.self, forKey: .indexJobs) ?? 2
            splitAboveMiB = try values.decodeIfPresent(Int.self, forKey: .splitAboveMiB) ?? 1024
            roles = try values.decodeIfPresent(Roles.self, forKey: .roles) ?? .createMissing
        }
    }

    public struct Cutover: Sendable, Hashable, Codable {
        /// The longest time the source may stay fenced before the switch; past it the fence is undone. In Snapshot mode it contains the copy.
        public var pauseSeconds: Int
        public var connections: [Connection]
        public var workloads: [WorkloadSelection]
        /// Live mode: the pause begins only while the lag is at most this.
        public var maxLagBytes: Int64
        /// Live mode: the longest the final check inside the pause may take, in seconds; 0 leaves it out.
        public var verifySeconds: Int
        /// When the write pause may begin; `nil` is at any time.
        public var window: Window?
        /// Absent in a plan that was frozen before others could.
        public var secretWriter: SecretWriter?
        /// The poolers that the applications reach the server through; `nil` where they connect to it themselves.
        public var poolers: [Pooler]?

        public init(
            pauseSeconds: Int, connections: [Connection], workloads: [WorkloadSelection], maxLagBytes: Int64 = 1_048_576, verifySeconds: Int = 20,
            window: Window? = nil, secretWriter: SecretWriter? = nil, poolers: [Pooler]? = nil
        ) {
            self.secretWriter = secretWriter
            self.window = window
            self.poolers = poolers
            self.pauseSeconds = pauseSeconds
            self.maxLagBytes = maxLagBytes
            self.verifySeconds = verifySeconds
            self.connections = connections
            self.workloads = workloads
        }
    }

    /// What ``MaintenanceWindow`` is made of.
    public struct Window: Sendable, Hashable, Codable {
        /// For ``CronSchedule``.
        public var schedule: String
        public var durationMinutes: Int
        /// A name of the time zone database, such as `Africa/Johannesburg`.
        public var timeZone: String

        public init(schedule: String, durationMinutes: Int, timeZone: String = "UTC") {
            self.schedule = schedule
            self.durationMinutes = durationMinutes
            self.timeZone = timeZone
        }
    }

    public struct Health: Sendable, Hashable, Codable {
        public var periodSeconds: Int
        public var http: [HTTPCheck]
        public var prometheus: [PrometheusCheck]
        public var workloads: WorkloadCheck?
        public var sessions: SessionCheck?
        public var logs: LogCheck?
        /// Every check must be good without a break for this long before promotion.
        public var soakSeconds: Int

        public init(
            periodSeconds: Int = 10, http: [HTTPCheck] = [], prometheus: [PrometheusCheck] = [], workloads: WorkloadCheck? = nil,
            sessions: SessionCheck? = nil, logs: LogCheck? = nil, soakSeconds: Int = 86_400
        ) {
            self.periodSeconds = periodSeconds
            self.http = http
            self.prometheus = prometheus
            self.workloads = workloads
            self.sessions = sessions
            self.logs = logs
            self.soakSeconds = soakSeconds
        }

        /// A plan that was frozen before there were queries has none.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            periodSeconds = try values.decode(Int.self, forKey: .periodSeconds)
            http = try values.decode([HTTPCheck].self, forKey: .http)
            prometheus = try values.decodeIfPresent([PrometheusCheck].self, forKey: .prometheus) ?? []
            workloads = try values.decodeIfPresent(WorkloadCheck.self, forKey: .workloads)
            sessions = try values.decodeIfPresent(SessionCheck.self, forKey: .sessions)
            logs = try values.decodeIfPresent(LogCheck.self, forKey: .logs)
            soakSeconds = try values.decode(Int.self, forKey: .soakSeconds)
        }
    }

    public struct HTTPCheck: Sendable, Hashable, Codable {
        public enum Address: Sendable, Hashable, Codable {
            case url(String)
            /// Every ready address of a Service in this namespace; `port` is a name or a number.
            case service(name: String, port: String, path: String)
        }

        /// Unique within the plan.
        public var name: String
        public var address: Address
        public var expectStatus: [Int]
        public var timeoutSeconds: Int
        public var limits: CheckLimits
        /// A ``TextPattern`` that the body has to contain.
        public var bodyPattern: String?
        /// A Secret whose every key is a header field to send.
        public var headersSecret: String?
        /// The CA to verify the endpoint with; `nil` means the system's bundle.
        public var certificateAuthority: SecretKey?
        public var followsRedirects: Bool

        public init(
            name: String, address: Address, expectStatus: [Int] = [200], timeoutSeconds: Int = 5, limits: CheckLimits = CheckLimits(),
            bodyPattern: String? = nil, headersSecret: String? = nil, certificateAuthority: SecretKey? = nil, followsRedirects: Bool = false
        ) {
            self.name = name
            self.address = address
            self.expectStatus = expectStatus
            self.timeoutSeconds = timeoutSeconds
            self.limits = limits
            self.bodyPattern = bodyPattern
            self.headersSecret = headersSecret
            self.certificateAuthority = certificateAuthority
            self.followsRedirects = followsRedirects
        }

        private enum FormerKeys: String, CodingKey { case failureLimit }

        /// A plan that was frozen before there were other limits has its failure limit beside the address.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            address = try values.decode(Address.self, forKey: .address)
            expectStatus = try values.decode([Int].self, forKey: .expectStatus)
            timeoutSeconds = try values.decode(Int.self, forKey: .timeoutSeconds)
            let former = try decoder.container(keyedBy: FormerKeys.self).decodeIfPresent(Int.self, forKey: .failureLimit)
            limits = try values.decodeIfPresent(CheckLimits.self, forKey: .limits) ?? CheckLimits(failureLimit: former ?? 3)
            bodyPattern = try values.decodeIfPresent(String.self, forKey: .bodyPattern)
            headersSecret = try values.decodeIfPresent(String.self, forKey: .headersSecret)
            certificateAuthority = try values.decodeIfPresent(SecretKey.self, forKey: .certificateAuthority)
            followsRedirects = try values.decodeIfPresent(Bool.self, forKey: .followsRedirects) ?? false
        }
    }

    public struct Rollback: Sendable, Hashable, Codable {
        /// Go back by itself when health fails and nothing would be lost.
        public var automatic: Bool
        /// Live mode: carry what is written on the target back to the source until clean-up.
        public var keepReverseReplication: Bool

        public init(automatic: Bool = true, keepReverseReplication: Bool = true) {
            self.automatic = automatic
            self.keepReverseReplication = keepReverseReplication
        }
    }
}

extension Plan {
    public var isLive: Bool { strategy == .blueGreen && copy.mode == .live }
    /// Whether writes taken by the target can be carried back.
    public var keepsReverseLane: Bool { isLive && rollback.keepReverseReplication }
}
