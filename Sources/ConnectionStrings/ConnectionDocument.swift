/// A text that holds connection strings: one by itself, or any number in a file, each with the place where it stands.
///
/// Every byte outside of the rewritten servers and logins stays: comments, quoting, order, line ends.
public struct ConnectionDocument: Sendable {
    /// How the connection strings are wrapped.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// Nothing but the connection string.
        case bare
        case json
        case yaml
        case toml
        /// `NAME=value` lines, with or without quotes.
        case environment
        /// libpq's `.pgpass`.
        case passwordFile
        /// libpq's `pg_service.conf`.
        case serviceFile
    }

    /// One of the connection strings.
    public struct Entry: Sendable {
        /// Its place: the keys around it, a section, or a line; empty when the text is nothing else.
        public let name: String
        /// What it says. Rewritten through the document only.
        public let string: ConnectionString
        /// `nil` when the string's own offsets are the document's.
        let wrapping: EmbeddedText?
    }

    /// What an entry becomes; `nil` leaves that part as it is.
    public struct Change: Sendable {
        let rewrite: Rewrite

        public init(
            endpoint: ConnectionString.Endpoint, database: String? = nil, credentials: ConnectionString.Credentials? = nil
        ) {
            rewrite = Rewrite(endpoint: endpoint, database: database, credentials: credentials)
        }
    }

    public let text: String
    public let format: Format
    public let system: DatabaseSystem
    /// At least one, in the order of the text.
    public let entries: [Entry]

    /// Reads a text in whichever format it is written.
    ///
    /// A connection string by itself comes first; then JSON, a password file, a service file, and at last TOML, environment files or YAML, told apart by
    /// their first line with a value.
    /// - Throws: `ConnectionStringError`, also when the text mentions a server in a place that cannot be read, since rewriting the rest would split the
    ///   application between two servers.
    public static func parse(_ text: String, for system: DatabaseSystem = .postgreSQL) throws(ConnectionStringError) -> ConnectionDocument {
        let refusal: ConnectionStringError
        do throws(ConnectionStringError) {
            let string = try ConnectionString.parse(text, for: system)
            return ConnectionDocument(text: text, format: .bare, system: system, entries: [Entry(name: "", string: string, wrapping: nil)])
        } catch {
            refusal = error
        }
        let bytes = Array(text.utf8)
        let reader = DocumentReader(bytes: bytes, text: text, system: system)
        let found = try reader.read()
        guard !found.entries.isEmpty else { throw refusal }
        return ConnectionDocument(text: text, format: found.format, system: system, entries: found.entries)
    }

    /// The same text with some of its connection strings pointing somewhere else.
    ///
    /// - Parameter change: what becomes of an entry; `nil` leaves it.
    /// - Throws: when a new value cannot be written there, as reading the result back shows.
    public func rewriting(_ change: (Entry) -> Change?) throws(ConnectionStringError) -> String {
        let changes = entries.map(change)
        var edits: [Edit] = []
        for (entry, change) in zip(entries, changes) {
            guard let change else { continue }
            let inner = entry.string.form.edits(for: change.rewrite)
            edits += entry.wrapping?.documentEdits(inner) ?? inner
        }
        edits.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        let result = Edit.apply(edits, to: text)
        guard let again = try? Self.parse(result, for: system), again.entries.count == entries.count else {
            throw .inexpressible(entries[0].string.dialect)
        }
        for ((before, after), change) in zip(zip(entries, again.entries), changes) {
            guard change.map({ after.string.says($0.rewrite) }) ?? before.string.isSame(as: after.string) else {
                throw .inexpressible(before.string.dialect)
            }
        }
        return result
    }
}

extension ConnectionString {
    /// Whether both say the same, wherever they stand.
    fileprivate func isSame(as other: ConnectionString) -> Bool {
        hosts == other.hosts && user == other.user && password == other.password && database == other.database && parameters == other.parameters
    }
}

extension ConnectionDocument: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "ConnectionDocument(\(format.rawValue), \(entries))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["format": format, "entries": entries], displayStyle: .struct) }
}

extension ConnectionDocument.Entry: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(name): \(string)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["name": name, "string": string], displayStyle: .struct) }
}

extension ConnectionDocument.Change: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: ["endpoint": rewrite.endpoint], displayStyle: .struct) }
}
