import ConnectionStrings
import FoundationEssentials
import MigrationCore

/// What stands together in an object: the text of one key, or the keys that hold the parts of one connection.
struct ConnectionUnit: Sendable, Hashable {
    enum Form: Sendable, Hashable { case text, parts(SeparateKeys) }

    /// The key, or those of the parts that are named; the host's is the first.
    var keys: [String]
    var form: Form

    init(key: String) {
        keys = [key]
        form = .text
    }

    init(_ parts: Plan.Connection.Parts, defaultPort: Int) {
        keys = [parts.host] + [parts.port, parts.user, parts.password, parts.database].compactMap(\.self)
        form = .parts(
            SeparateKeys(
                host: parts.host, port: parts.port, user: parts.user, password: parts.password, database: parts.database, defaultPort: defaultPort))
    }

    /// Whether it has a place for a user and a password.
    var holdsLogin: Bool {
        if case .parts(let keys) = form { return keys.user != nil || keys.password != nil }
        return true
    }
}

/// A unit that was read: its connection strings, and how to write others in their place.
enum ConnectionText: Sendable {
    case document(key: String, ConnectionDocument)
    case parts(SeparateKeys, values: [String: String])

    /// One of the connections it holds.
    struct Entry: Sendable {
        /// Its place in a document; empty where there is nothing else.
        var name = ""
        var hosts: [ConnectionString.Endpoint]
        var database: String?
        var user: String?
        var password: String?
        /// A line of `.pgpass` for any database says nothing of where it leads but the server.
        var isForAnyDatabase = false
        /// So does one for any port.
        var isForAnyPort = false
    }

    /// What an entry becomes.
    struct Change: Sendable {
        var endpoint: ConnectionString.Endpoint
        var database: String?
        var credentials: ConnectionString.Credentials?
    }

    /// - Throws: as the parser does, never with any part of a value.
    init(_ unit: ConnectionUnit, _ values: [String: String], for system: DatabaseSystem) throws(ConnectionStringError) {
        switch unit.form {
        case .text:
            let key = unit.keys[0]
            self = .document(key: key, try ConnectionDocument.parse(values[key] ?? "", for: system))
        case .parts(let keys):
            _ = try keys.hosts(in: values)
            self = .parts(keys, values: values)
        }
    }

    /// - Throws: never, for what was read before.
    func entries() throws(ConnectionStringError) -> [Entry] {
        switch self {
        case .document(_, let document):
            return document.entries.map { entry in
                let string = entry.string
                let isLine = document.format == .passwordFile
                return Entry(
                    name: entry.name, hosts: string.endpoints, database: string.database ?? (isLine ? nil : string.user),
                    user: string.user, password: string.password, isForAnyDatabase: isLine && string.database == nil,
                    isForAnyPort: isLine && string.hosts.allSatisfy { $0.port == nil })
            }
        case .parts(let keys, let values):
            let login = keys.login(in: values)
            let hosts = try keys.hosts(in: values).map { ConnectionString.Endpoint(host: $0.name, port: $0.port ?? keys.defaultPort) }
            return [Entry(hosts: hosts, database: login.database, user: login.user, password: login.password)]
        }
    }

    /// The values to write, those that stay as they are left out.
    /// - Parameter changes: one for each entry; `nil` leaves it.
    func rewriting(_ changes: [Change?]) throws(ConnectionStringError) -> [String: Data] {
        switch self {
        case .document(let key, let document):
            var index = -1
            let text = try document.rewriting { _ in
                index += 1
                return changes[index].map { .init(endpoint: $0.endpoint, database: $0.database, credentials: $0.credentials) }
            }
            return text.utf8.elementsEqual(document.text.utf8) ? [:] : [key: Data(text.utf8)]
        case .parts(let keys, let values):
            guard let change = changes.first.flatMap(\.self) else { return [:] }
            return try keys.rewriting(values, endpoint: change.endpoint, database: change.database, credentials: change.credentials)
                .mapValues { Data($0.utf8) }
        }
    }
}
