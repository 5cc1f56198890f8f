extension Plan {
    /// A PgBouncer, with all its replicas: they share a configuration and are paused, led elsewhere and resumed together.
    public struct Pooler: Sendable, Hashable, Codable {
        /// Where its admin consoles are, the virtual databases `pgbouncer`.
        public enum Consoles: Sendable, Hashable, Codable {
            case addresses([Console])
            /// Every ready address of a Service in this namespace; `port` is a name or a number.
            case service(name: String, port: String)
        }

        public struct Console: Sendable, Hashable, Codable {
            public var host: String
            public var port: Int

            public init(host: String, port: Int) {
                self.host = host
                self.port = port
            }
        }

        /// The object whose key holds the file with the `[databases]`.
        public struct File: Sendable, Hashable, Codable {
            public enum Kind: String, Sendable, Hashable, Codable { case secret = "Secret", configMap = "ConfigMap" }
            public var kind: Kind
            public var name: String
            public var key: String

            public init(kind: Kind, name: String, key: String) {
                self.kind = kind
                self.name = name
                self.key = key
            }
        }

        /// A role the pooler logs in to the server with.
        public struct Login: Sendable, Hashable, Codable {
            public var credentials: CredentialsReference
            /// Source name of the database it logs in to.
            public var database: String

            public init(credentials: CredentialsReference, database: String) {
                self.credentials = credentials
                self.database = database
            }
        }

        /// Unique within the plan.
        public var name: String
        public var consoles: Consoles
        /// A user of the console with `admin_users` rights.
        public var credentials: CredentialsReference
        public var file: File
        /// libpq's words, for the console.
        public var sslMode: String
        /// Source names of the databases it serves, at least one.
        public var databases: [String]
        public var logins: [Login]
        /// After how many seconds a change of ``file`` is in every replica.
        public var fileSeconds: Int
        /// Longest wait for transactions to end when it is paused, in seconds.
        public var pauseSeconds: Int

        public init(
            name: String, consoles: Consoles, credentials: CredentialsReference, file: File, sslMode: String = "prefer", databases: [String],
            logins: [Login] = [], fileSeconds: Int = 120, pauseSeconds: Int = 5
        ) {
            self.name = name
            self.consoles = consoles
            self.credentials = credentials
            self.file = file
            self.sslMode = sslMode
            self.databases = databases
            self.logins = logins
            self.fileSeconds = fileSeconds
            self.pauseSeconds = pauseSeconds
        }
    }
}

extension Plan {
    public var hasPoolers: Bool { cutover.poolers != nil }
    /// After how many seconds every replica of every pooler has a file that was written.
    var fileSeconds: Int { cutover.poolers?.map(\.fileSeconds).max() ?? 0 }
}

/// All replicas of all poolers, as their consoles and their files in the cluster tell.
public struct PoolersState: Sendable, Hashable {
    /// Where the files in the cluster lead; replicas see a change of them later.
    public var files: SecretsState
    /// Where the replicas lead now, whether or not they are paused.
    public var leads: SecretsState
    /// Some database of the plan is paused in some replica, so that its clients wait.
    public var isPaused: Bool
    /// What stands out, e.g. which replica leads elsewhere.
    public var evidence: String

    public init(files: SecretsState, leads: SecretsState, isPaused: Bool, evidence: String = "") {
        self.files = files
        self.leads = leads
        self.isPaused = isPaused
        self.evidence = evidence
    }

    /// Everything is as it should be while nothing is being switched.
    func serves(_ side: Side) -> Bool { files == side.state && leads == side.state && !isPaused }
}

extension Side {
    var state: SecretsState { self == .source ? .source : .target }
}
