/// What a key such as `DB_HOST`, `PGPORT`, `username` or Django's `NAME` sets, read from its last word.
struct SettingKey: Sendable, Hashable {
    /// What stands before that word, in lower case: keys that belong together share it.
    let prefix: String
    let kind: ConnectionString.Component.Kind
    let word: String

    private static let words: [(word: String, kind: ConnectionString.Component.Kind)] = [
        ("hostname", .host), ("host", .host), ("server", .host), ("port", .port), ("database_name", .database), ("dbname", .database),
        ("database", .database), ("db", .database), ("name", .database), ("username", .user), ("user", .user), ("login", .user),
        ("password", .password), ("passwd", .password), ("pass", .password), ("pwd", .password), ("engine", .parameter("engine")),
        ("adapter", .parameter("engine")), ("dialect", .parameter("engine")), ("type", .parameter("engine")), ("client", .parameter("engine")),
        ("driver", .parameter("engine")), ("connection", .parameter("engine")),
    ]

    /// `nil` when the key sets nothing of a connection.
    init?(_ key: String) {
        let key = key.lowercased()
        for (word, kind) in Self.words where key.hasSuffix(word) {
            let prefix = key.dropLast(word.count)
            guard prefix.isEmpty || prefix == "pg" || "_-.".contains(prefix.last ?? "x") else { continue }
            self.prefix = String(prefix)
            self.kind = kind
            self.word = word
            return
        }
        return nil
    }

    /// A key beside `other`, in its case and with its prefix.
    static func beside(_ other: String, _ kind: ConnectionString.Component.Kind) -> String? {
        guard let known = SettingKey(other) else { return nil }
        let word: String
        switch kind {
        case .host: word = "host"
        case .port: word = "port"
        case .user: word = "user"
        case .password: word = "password"
        case .database: word = known.prefix.isEmpty ? "database" : "name"
        case .scheme, .parameter: return nil
        }
        let isUppercase = other == other.uppercased()
        return other.dropLast(known.word.count) + (isUppercase ? word.uppercased() : word)
    }
}
