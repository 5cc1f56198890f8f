/// The dialect of Npgsql and other ADO.NET providers: `Host=…;Port=…;Database=…;Username=…;Password=…`, names without regard to case.
///
/// Several hosts are separated by commas and may each carry a port, which wins over `Port`.
struct AdoNetForm: DialectForm {
    static let dialect = Dialect.adoNet

    private let pairs: [AdoNetScanner.Pair]
    let fields: [Field]
    let hostList: HostList

    /// What a normalised key sets; the synonyms of Npgsql, and those of other providers that mean the same.
    static func kind(ofKey key: String) -> ConnectionString.Component.Kind {
        switch key {
        case "host", "server", "datasource", "address", "addr": .host
        case "port": .port
        case "database", "db", "initialcatalog": .database
        case "username", "user", "userid", "uid": .user
        case "password", "pwd", "psw": .password
        default: .parameter(key)
        }
    }

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> AdoNetForm? {
        var scanner = AdoNetScanner(bytes)
        var pairs: [AdoNetScanner.Pair] = []
        do throws(AdoNetScanner.Failure) {
            while let pair = try scanner.next() { pairs.append(pair) }
        } catch {
            guard isTelling(pairs, bytes), pairs.count > 1 || isKnown(error.key) else { return nil }
            // Only a known key may appear in a message; anything else could be a piece of a password.
            throw .malformed(dialect, component: isKnown(error.key) ? error.key : "a setting", error.fault)
        }
        guard isTelling(pairs, bytes) else { return nil }
        if let other = ForeignText.system(ofPairs: pairs) { throw .otherSystem(other, expected: .postgreSQL) }
        return try AdoNetForm(pairs, bytes)
    }

    private static func isKnown(_ key: String) -> Bool { kind(ofKey: key) != .parameter(key) }

    /// Whether this is meant to be a text of this dialect, rather than libpq's or a line `NAME=value` of a file.
    private static func isTelling(_ pairs: [AdoNetScanner.Pair], _ bytes: [UInt8]) -> Bool {
        guard let first = pairs.first, pairs.contains(where: { isKnown($0.key) && $0.key != "port" }) else { return false }
        if !isKnown(first.key), first.quote == nil, first.value.contains("=") { return false }
        if pairs.contains(where: { $0.quote == nil && KeywordValueForm.continues($0.value) }) { return false }
        return pairs.count > 1 || !first.isLowercase || bytes.contains(UInt8(ascii: ";"))
    }

    private init(_ pairs: [AdoNetScanner.Pair], _ bytes: [UInt8]) throws(ConnectionStringError) {
        self.pairs = pairs
        fields = pairs.map { Field(kind: Self.kind(ofKey: $0.key), range: $0.range, value: $0.value) }
        let port = fields.last { $0.kind == .port }?.value ?? ""
        var list = HostList(names: [], ports: [])
        for entry in HostList.entries(fields.last { $0.kind == .host }?.value ?? "") {
            let place = try Self.place(entry)
            list.names.append(place.name)
            list.ports.append(place.port ?? port)
        }
        hostList = list
    }

    /// Name and port of `name`, `name:port`, `[address]`, `[address]:port` or a bare IPv6 address.
    private static func place(_ entry: String) throws(ConnectionStringError) -> (name: String, port: String?) {
        let bytes = Array(entry.utf8)
        let range = ASCII.trimmed(bytes, bytes.indices)
        let text = bytes[range]
        if text.first != UInt8(ascii: "["), text.count(where: { $0 == UInt8(ascii: ":") }) > 1 { return (String(decoding: text, as: UTF8.self), nil) }
        let place = try URLPlace.one(text, dialect)
        return (String(decoding: bytes[place.name], as: UTF8.self), place.port.map { String(decoding: bytes[$0], as: UTF8.self) })
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        let endpoint = rewrite.endpoint
        let hasInlinePort =
            (fields.last { $0.kind == .host }?.value).map { value in
                HostList.entries(value).contains { (try? Self.place($0))?.port != nil }
            } ?? false
        let host = hasInlinePort ? (endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host) + ":\(endpoint.port)" : endpoint.host
        var wanted: [(kind: ConnectionString.Component.Kind, key: String, value: String)] = [
            (.host, "Host", host), (.port, "Port", String(endpoint.port)),
        ]
        if let database = rewrite.database { wanted.append((.database, "Database", database)) }
        if let credentials = rewrite.credentials {
            wanted += [(.user, "Username", credentials.user), (.password, "Password", credentials.password)]
        }
        let absent = wanted.filter { item in
            let implied = item.kind == .port && (hasInlinePort || endpoint.port == defaultPort)
            return !implied && !fields.contains { $0.kind == item.kind }
        }
        let anchor = fields.lastIndex { $0.kind == .host }
        return fields.indices.compactMap { index in
            guard let item = wanted.first(where: { $0.kind == fields[index].kind }) else { return nil }
            var text = Self.quote(item.value, as: pairs[index].quote)
            if index == anchor { text += absent.map { ";\($0.key)=\(Self.quote($0.value, as: nil))" }.joined() }
            return Edit(range: fields[index].range, replacement: text)
        }
    }

    /// - Parameter quote: the quotes to keep; `nil` takes quotes only where they are needed.
    static func quote(_ value: String, as quote: UInt8?) -> String {
        let plain = Array("-._:/@%+*,()[]!?~^&#$|".utf8)
        if quote == nil, !value.isEmpty, value.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 >= 0x80 || plain.contains($0) }) {
            return value
        }
        let mark = quote ?? (value.contains("\"") && !value.contains("'") ? UInt8(ascii: "'") : UInt8(ascii: "\""))
        var quoted = [mark]
        for byte in value.utf8 { quoted += byte == mark ? [mark, mark] : [byte] }
        return String(decoding: quoted + [mark], as: UTF8.self)
    }
}
