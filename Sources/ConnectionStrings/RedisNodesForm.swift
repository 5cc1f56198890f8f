/// StackExchange.Redis' dialect, `host:port[,host:port…][,option=value…]`, of which plain lists of Cluster or Sentinel nodes are a part.
///
/// Nothing can be quoted here, so a password with a comma cannot be written.
struct RedisNodesForm: DialectForm {
    static let dialect = Dialect.redisNodes

    private static let options: Set<String> = [
        "abortconnect", "allowadmin", "asynctimeout", "channelprefix", "checkcertificaterevocation", "configchannel", "configcheckseconds",
        "connectretry", "connecttimeout", "defaultdatabase", "highprioritysocketthreads", "keepalive", "name", "password", "protocol", "proxy",
        "resolvedns", "responsetimeout", "servicename", "setlib", "ssl", "sslhost", "sslprotocols", "synctimeout", "tiebreaker", "tunnel", "user",
        "version", "writebuffer",
    ]

    private struct Node {
        /// From the comma before it, if any.
        var entry: Range<Int>
        /// Host and port.
        var place: Range<Int>
    }

    private let nodes: [Node]
    private let end: Int
    /// Whether an option of this dialect is there, which a mere list of hosts has not.
    let hasOptions: Bool
    let fields: [Field]
    let hostList: HostList

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> RedisNodesForm? {
        let text = ASCII.trimmed(bytes, bytes.indices)
        var nodes: [Node] = []
        var reader = URLFieldReader(bytes: bytes, dialect: dialect)
        var hostList = HostList(names: [], ports: [])
        var hasOptions = false
        for entry in bytes[text].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let range = ASCII.trimmed(bytes, entry.startIndex..<entry.endIndex)
            if let equals = bytes[range].firstIndex(of: UInt8(ascii: "=")) {
                let key = String(decoding: bytes[ASCII.trimmed(bytes, range.lowerBound..<equals)], as: UTF8.self).lowercased()
                guard options.contains(key) else { return nil }
                hasOptions = true
                let value = ASCII.trimmed(bytes, equals + 1..<range.upperBound)
                reader.fields.append(Field(kind: kind(of: key), range: value, value: String(decoding: bytes[value], as: UTF8.self)))
            } else {
                guard let place = Self.place(bytes, range) else { return nil }
                let parsed = try URLPlace.list(in: bytes, place, dialect)
                let list = try reader.add(parsed)
                hostList.names += list.names
                hostList.ports += list.ports
                nodes.append(Node(entry: max(text.lowerBound, entry.startIndex - 1)..<entry.endIndex, place: place))
            }
        }
        // A single URL is one of the other dialect; a single word without port or option could be anything.
        if nodes.count == 1, !hasOptions, nodes[0].place.lowerBound > text.lowerBound, bytes[text.lowerBound] != UInt8(ascii: "[") { return nil }
        guard hasOptions || hostList.ports.allSatisfy({ !$0.isEmpty }) else { return nil }
        guard !nodes.isEmpty else { throw .missingHost(dialect) }
        return RedisNodesForm(nodes: nodes, end: text.upperBound, hasOptions: hasOptions, fields: reader.fields, hostList: hostList)
    }

    private static func kind(of key: String) -> ConnectionString.Component.Kind {
        switch key {
        case "user": .user
        case "password": .password
        case "defaultdatabase": .database
        default: .parameter(key)
        }
    }

    /// Host and port of `host`, `host:port` or `redis://host:port`; `nil` when it is no endpoint.
    private static func place(_ bytes: [UInt8], _ entry: Range<Int>) -> Range<Int>? {
        var place = entry
        for scheme in ["redis://", "rediss://"] {
            let written = String(decoding: bytes[entry], as: UTF8.self).lowercased()
            guard written.hasPrefix(scheme) else { continue }
            place = entry.lowerBound + scheme.utf8.count..<entry.upperBound
            if bytes[place].last == UInt8(ascii: "/") { place = place.lowerBound..<place.upperBound - 1 }
        }
        let punctuation = Array("-._:[]%".utf8)
        let known = bytes[place].allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || punctuation.contains($0) }
        return known && !place.isEmpty ? place : nil
    }

    var defaultPort: Int {
        if fields.contains(where: { $0.kind == .parameter("servicename") }) { return 26379 }
        return fields.last { $0.kind == .parameter("ssl") }?.value.lowercased() == "true" ? 6380 : 6379
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        let hasPort = fields.contains { $0.kind == .port }
        let oldNames = hostList.names.map { $0.lowercased() }
        var edits = nodes.enumerated().map { index, node in
            index > 0
                ? Edit(range: node.entry, replacement: "")
                : Edit(range: node.place, replacement: URLPlace.written(rewrite.endpoint, withPort: hasPort || rewrite.endpoint.port != defaultPort))
        }
        var absent: [String] = []
        var set: [(ConnectionString.Component.Kind, String, String)] = []
        if let credentials = rewrite.credentials {
            if !credentials.user.isEmpty { set.append((.user, "user", credentials.user)) }
            set.append((.password, "password", credentials.password))
        }
        if let database = rewrite.database { set.append((.database, "defaultDatabase", database)) }
        for (kind, key, value) in set where !fields.contains(where: { $0.kind == kind }) { absent.append(",\(key)=\(value)") }
        for field in fields {
            if let value = set.first(where: { $0.0 == field.kind })?.2 {
                edits.append(Edit(range: field.range, replacement: value))
            } else if field.kind == .parameter("sslhost"), oldNames.contains(field.value.lowercased()) {
                // The name in the server's certificate follows the server.
                edits.append(Edit(range: field.range, replacement: rewrite.endpoint.host))
            }
        }
        edits.sort { $0.range.lowerBound < $1.range.lowerBound }
        return absent.isEmpty ? edits : edits + [Edit(range: end..<end, replacement: absent.joined())]
    }
}
