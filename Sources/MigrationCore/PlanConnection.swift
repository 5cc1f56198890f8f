extension Plan {
    /// Who writes the objects that the applications read.
    public enum SecretWriter: String, Sendable, Hashable, Codable, CaseIterable { case controller = "Operator", external = "External" }

    /// What some application reads to find its server: texts in one object of the migration's namespace.
    public struct Connection: Sendable, Hashable, Codable {
        public enum Kind: String, Sendable, Hashable, Codable, CaseIterable { case secret = "Secret", configMap = "ConfigMap" }

        public enum Place: Sendable, Hashable, Codable {
            /// Every key that one of these names, `*` standing for any characters; each holds a connection string, or a document with some.
            case keys([String])
            case parts(Parts)
        }

        /// One connection whose parts stand in keys of their own.
        public struct Parts: Sendable, Hashable, Codable {
            public var host: String
            public var port: String?
            public var user: String?
            public var password: String?
            public var database: String?

            public init(host: String, port: String? = nil, user: String? = nil, password: String? = nil, database: String? = nil) {
                self.host = host
                self.port = port
                self.user = user
                self.password = password
                self.database = database
            }
        }

        /// Where a connection of Redis leads after the switch. Its data is not moved.
        public struct Redis: Sendable, Hashable, Codable {
            public var host: String
            public var port: Int
            /// Of the new server; `nil` keeps the password.
            public var password: SecretKey?

            public init(host: String, port: Int = 6379, password: SecretKey? = nil) {
                self.host = host
                self.port = port
                self.password = password
            }
        }

        public var kind: Kind
        public var name: String
        public var place: Place
        /// Name of a database in ``Plan/databases`` (its source name); `nil` stands for any of them, as each string says.
        public var database: String?
        /// Other credentials to write into it; `nil` keeps user and password as they are.
        public var credentials: CredentialsReference?
        /// `nil` where it is PostgreSQL's.
        public var redis: Redis?

        public init(
            _ kind: Kind = .secret, _ name: String, _ place: Place, database: String? = nil, credentials: CredentialsReference? = nil,
            redis: Redis? = nil
        ) {
            self.kind = kind
            self.name = name
            self.place = place
            self.database = database
            self.credentials = credentials
            self.redis = redis
        }

        /// One key of a Secret.
        public init(secret: SecretKey, database: String, credentials: CredentialsReference? = nil) {
            self.init(.secret, secret.name, .keys([secret.key]), database: database, credentials: credentials)
        }

        private enum FormerKeys: String, CodingKey { case secret }

        /// A plan that was frozen before there were other places has one key of a Secret.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            let former = try decoder.container(keyedBy: FormerKeys.self).decodeIfPresent(SecretKey.self, forKey: .secret)
            kind = try values.decodeIfPresent(Kind.self, forKey: .kind) ?? .secret
            name = try former?.name ?? values.decode(String.self, forKey: .name)
            place = try former.map { .keys([$0.key]) } ?? values.decode(Place.self, forKey: .place)
            database = try values.decodeIfPresent(String.self, forKey: .database)
            credentials = try values.decodeIfPresent(CredentialsReference.self, forKey: .credentials)
            redis = try values.decodeIfPresent(Redis.self, forKey: .redis)
        }

        /// The keys or patterns it names, the host's where its parts stand apart.
        public var keys: [String] {
            switch place {
            case .keys(let keys): keys
            case .parts(let parts): [parts.host]
            }
        }

        /// How messages name the object.
        public var object: String { "\(kind.rawValue) \(name)" }
    }
}

extension Plan.Cutover {
    /// The controller never writes the applications' objects: it says what they have to hold, and waits.
    public var isWrittenOutside: Bool { secretWriter == .external }
}
