/// Redis URLs: `redis://[user]:password@host[:port][,…]/[database]`, `rediss`, and the Sentinel and Cluster schemes with their lists.
///
/// A login without a colon is a password: some clients read it so, and whoever prints it as a user would show a secret.
struct RedisURLForm: DialectForm {
    static let dialect = Dialect.redisURL

    private static let schemes: Set<String> = [
        "redis", "rediss", "valkey", "valkeys", "redis-sentinel", "rediss-sentinel", "redis+sentinel", "rediss+sentinel", "redis-cluster",
        "rediss-cluster", "redis+cluster", "rediss+cluster",
    ]
    private static let sockets: Set<String> = ["redis-socket", "redis+socket"]

    private let layout: URLLayout
    let fields: [Field]
    let hostList: HostList
    let defaultPort: Int

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> RedisURLForm? {
        let text = ASCII.trimmed(bytes, bytes.indices)
        guard let colon = bytes[text].firstIndex(of: UInt8(ascii: ":")), bytes[colon..<text.upperBound].starts(with: "://".utf8) else { return nil }
        let scheme = String(decoding: bytes[text.lowerBound..<colon], as: UTF8.self).lowercased()
        if sockets.contains(scheme) { throw .unsupported(.unixSocket) }
        guard schemes.contains(scheme), !repeats(bytes, colon + 3..<text.upperBound) else { return nil }
        let rest = colon + 3..<text.upperBound
        let at = bytes[rest].lastIndex(of: UInt8(ascii: "@")) ?? rest.lowerBound
        let end = bytes[at..<rest.upperBound].firstIndex(of: UInt8(ascii: "#")) ?? rest.upperBound
        let layout = try URLLayout(bytes, rest.lowerBound..<end, dialect)
        var reader = URLFieldReader(bytes: bytes, dialect: dialect)
        reader.kind = { ["username", "user", "password"].contains($0) ? ($0 == "password" ? .password : .user) : .parameter($0) }
        reader.fields = [Field(kind: .scheme, range: text.lowerBound..<colon, value: scheme)]
        if !layout.userInfo.isEmpty {
            let login = layout.userInfo.lowerBound..<layout.userInfo.upperBound - 1
            let separator = bytes[login].firstIndex(of: UInt8(ascii: ":"))
            if let separator { try reader.add(.user, "user", login.lowerBound..<separator) }
            try reader.add(.password, "password", (separator.map { $0 + 1 } ?? login.lowerBound)..<login.upperBound)
        }
        var hostList = try reader.add(try URLPlace.list(in: bytes, layout.places, dialect))
        if hostList.ports.allSatisfy(\.isEmpty) { hostList.ports = [] }
        try addPath(layout.path, to: &reader)
        if let query = layout.query { try reader.addParameters(query) }
        return RedisURLForm(layout: layout, fields: reader.fields, hostList: hostList, defaultPort: scheme.hasSuffix("sentinel") ? 26379 : 6379)
    }

    /// Whether another URL follows, as in a comma-separated list of them.
    private static func repeats(_ bytes: [UInt8], _ rest: Range<Int>) -> Bool {
        bytes[rest].indices.contains { bytes[$0] == UInt8(ascii: ",") && bytes[$0..<rest.upperBound].starts(with: ",redis".utf8) }
            && bytes[rest].indices.contains { bytes[$0..<rest.upperBound].starts(with: "://".utf8) }
    }

    /// `database`, or with Sentinel `master` and `master/database`.
    private static func addPath(_ path: Range<Int>?, to reader: inout URLFieldReader) throws(ConnectionStringError) {
        guard let path, !path.isEmpty else { return }
        let last = (reader.bytes[path].lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.lowerBound)..<path.upperBound
        let isDatabase = reader.bytes[last].allSatisfy(ASCII.isDigit)
        let master = path.lowerBound..<(isDatabase ? max(path.lowerBound, last.lowerBound - 1) : path.upperBound)
        try reader.add(.parameter("master"), "the path", master)
        if isDatabase { try reader.add(.database, "database", last) }
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        var edits: [Edit] = []
        let parameters = fields.filter { $0.range.lowerBound >= (layout.query?.lowerBound ?? Int.max) }
        if let credentials = rewrite.credentials, !parameters.contains(where: { $0.kind == .password }) || !layout.userInfo.isEmpty {
            let user = parameters.contains { $0.kind == .user } ? "" : PercentEncoding.encode(credentials.user)
            edits.append(Edit(range: layout.userInfo, replacement: "\(user):\(PercentEncoding.encode(credentials.password))@"))
        }
        let hasPort = fields.contains { $0.kind == .port }
        let writesPort = hasPort || rewrite.endpoint.port != defaultPort
        edits.append(Edit(range: layout.places, replacement: URLPlace.written(rewrite.endpoint, withPort: writesPort)))
        if let database = rewrite.database.map({ PercentEncoding.encode($0) }) {
            if let field = fields.last(where: { $0.kind == .database }) {
                edits.append(Edit(range: field.range, replacement: database))
            } else {
                let end = layout.path?.upperBound ?? layout.places.upperBound
                edits.append(Edit(range: end..<end, replacement: layout.path?.isEmpty == true ? database : "/" + database))
            }
        }
        guard let credentials = rewrite.credentials else { return edits }
        for field in parameters where field.kind == .user || field.kind == .password {
            edits.append(Edit(range: field.range, replacement: PercentEncoding.encode(field.kind == .user ? credentials.user : credentials.password)))
        }
        return edits
    }
}
