/// Which keys of a Secret or ConfigMap hold the parts of one connection: host, port, user, password and database apart.
public struct SeparateKeys: Sendable, Hashable {
    public var host: String
    /// `nil` where none is, as with the others.
    public var port: String?
    public var user: String?
    public var password: String?
    public var database: String?
    /// The port where no key holds one.
    public var defaultPort: Int

    public init(
        host: String, port: String? = nil, user: String? = nil, password: String? = nil, database: String? = nil,
        defaultPort: Int = ConnectionString.Endpoint.defaultPort
    ) {
        self.defaultPort = defaultPort
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
    }

    /// The groups of keys that belong together by their names: `DB_HOST` with `DB_PORT`, `pgbouncer-host` with `pgbouncer-port`, `host` with `port`.
    ///
    /// - Throws: `ConnectionStringError.separateKeys` when two keys of a group mean the same part.
    public static func find(in keys: some Sequence<String>) throws(ConnectionStringError) -> [SeparateKeys] {
        var groups: [String: [(key: String, setting: SettingKey)]] = [:]
        for key in keys.sorted() {
            guard let setting = SettingKey(key) else { continue }
            groups[setting.prefix, default: []].append((key, setting))
        }
        var found: [SeparateKeys] = []
        for prefix in groups.keys.sorted() {
            guard let group = groups[prefix], group.contains(where: { $0.setting.kind == .host }) else { continue }
            func only(_ kind: ConnectionString.Component.Kind, _ part: String) throws(ConnectionStringError) -> String? {
                let keys = group.filter { $0.setting.kind == kind }.map(\.key)
                guard keys.count <= 1 else { throw .separateKeys(part: part, keys) }
                return keys.first
            }
            guard let host = try only(.host, "host") else { continue }
            found.append(
                SeparateKeys(
                    host: host, port: try only(.port, "port"), user: try only(.user, "user"), password: try only(.password, "password"),
                    database: try only(.database, "database")))
        }
        return found
    }

    /// The hosts that the values name.
    /// - Throws: when there is none, or it or its port cannot be read.
    public func hosts(in values: [String: String]) throws(ConnectionStringError) -> [ConnectionString.Host] {
        guard let names = values[host] else { throw .separateKeys(part: "host", []) }
        let ports = port.flatMap { values[$0] }.map(Self.trimmed) ?? ""
        return try HostList(names: HostList.entries(Self.trimmed(names)), ports: HostList.entries(ports)).resolved(in: .settings)
    }

    /// What the values say besides the server, white space around them left out; `nil` for an empty one too.
    public func login(in values: [String: String]) -> (user: String?, password: String?, database: String?) {
        func value(_ key: String?) -> String? { key.flatMap { values[$0] }.map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 } }
        return (value(user), value(password), value(database))
    }

    /// The values to write so that the keys lead somewhere else; those that stay are not among them.
    ///
    /// White space around a value, such as a trailing newline, is kept.
    /// - Throws: when a part must be said that has no key, such as another port than the default: whoever reads the keys would not look at a new one.
    public func rewriting(
        _ values: [String: String], endpoint: ConnectionString.Endpoint, database: String? = nil, credentials: ConnectionString.Credentials? = nil
    ) throws(ConnectionStringError) -> [String: String] {
        _ = try hosts(in: values)
        var changes: [String: String] = [:]
        func set(_ key: String?, _ part: String, _ value: String) throws(ConnectionStringError) {
            guard let key, let old = values[key] else { throw .separateKeys(part: part, []) }
            let bytes = Array(old.utf8)
            let new = Edit.apply([Edit(range: ASCII.trimmed(bytes, bytes.indices), replacement: value)], to: old)
            if !new.utf8.elementsEqual(old.utf8) { changes[key] = new }
        }
        try set(host, "host", endpoint.host)
        if endpoint.port != defaultPort || port.flatMap({ values[$0] }) != nil {
            try set(port, "port", String(endpoint.port))
        }
        if let database { try set(self.database, "database", database) }
        if let credentials {
            if user != nil || !credentials.user.isEmpty { try set(user, "user", credentials.user) }
            try set(password, "password", credentials.password)
        }
        return changes
    }

    private static func trimmed(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return String(decoding: bytes[ASCII.trimmed(bytes, bytes.indices)], as: UTF8.self)
    }
}
