extension ConnectionString {
    /// A host as the text names it.
    public struct Host: Sendable, Hashable {
        /// Decoded, IPv6 addresses without brackets.
        public let name: String
        /// `nil` when the text leaves it to the default, 5432.
        public let port: Int?

        public init(name: String, port: Int?) {
            self.name = name
            self.port = port
        }
    }

    /// Where a rewritten connection string points.
    public struct Endpoint: Sendable, Hashable {
        public static let defaultPort = 5432

        /// A DNS name or address, IPv6 without brackets.
        public let host: String
        /// 1 to 65535.
        public let port: Int

        /// - Parameter host: brackets around an IPv6 address are dropped.
        public init(host: String, port: Int = Endpoint.defaultPort) {
            let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
            self.host = bracketed ? String(host.dropFirst().dropLast()) : host
            self.port = port
        }
    }

    /// The login a rewritten connection string carries. Prints without the password.
    public struct Credentials: Sendable, Hashable {
        public let user: String
        public let password: String

        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// A part of the text and where it stands.
    public struct Component: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case scheme, user, password, host, port, database
            /// Any other keyword or URL parameter, by its decoded name.
            case parameter(String)
        }

        public let kind: Kind
        /// Offsets in `text.utf8` of the value as written, including its quotes or percent escapes.
        public let range: Range<Int>
    }
}
