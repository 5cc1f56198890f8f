/// pgjdbc's dialect: `jdbc:postgresql://[host[:port][,…]]/[database][?user=…&password=…]`, wrappers such as `jdbc:p6spy:postgresql:` included.
///
/// The login stands in parameters, and '+' is a space, as Java's decoder has it.
struct JDBCForm: DialectForm {
    static let dialect = Dialect.jdbc

    private let places: Range<Int>
    private let path: Range<Int>?
    private let query: Range<Int>?
    private let end: Int
    let fields: [Field]
    let hostList: HostList

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> JDBCForm? {
        let text = ASCII.trimmed(bytes, bytes.indices)
        guard let scheme = scheme(in: bytes, text) else { return nil }
        guard bytes[scheme.upperBound..<text.upperBound].starts(with: "://".utf8) else { throw .missingHost(dialect) }
        let layout = try URLLayout(bytes, scheme.upperBound + 3..<text.upperBound, dialect)
        guard layout.userInfo.isEmpty else { throw .malformed(dialect, component: "the part before the host", .loginBeforeHost) }
        var reader = URLFieldReader(bytes: bytes, dialect: dialect)
        reader.plusIsSpace = true
        reader.kind = { $0 == "user" || $0 == "password" ? .init(keyword: $0) : .parameter($0) }
        reader.fields = [Field(kind: .scheme, range: scheme, value: String(decoding: bytes[scheme], as: UTF8.self))]
        var hostList = try reader.add(try URLPlace.list(in: bytes, layout.places, dialect))
        if hostList.ports.allSatisfy(\.isEmpty) { hostList.ports = [] }
        if let path = layout.path { try reader.add(.database, "database", path) }
        if let query = layout.query { try reader.addParameters(query) }
        return JDBCForm(
            places: layout.places, path: layout.path, query: layout.query, end: text.upperBound, fields: reader.fields, hostList: hostList)
    }

    /// `jdbc:`, any wrappers, `postgresql`, in front of ":".
    private static func scheme(in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        var words: [String] = []
        var start = range.lowerBound
        while let colon = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: ":")) {
            let word = bytes[start..<colon]
            guard !word.isEmpty, word.allSatisfy(ASCII.isUnreserved), words.first ?? "jdbc" == "jdbc" else { return nil }
            words.append(String(decoding: word, as: UTF8.self).lowercased())
            if words.count > 1, words.last == "postgresql" { return range.lowerBound..<colon }
            start = colon + 1
        }
        return nil
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        let hasPort = fields.contains { $0.kind == .port }
        let writesPort = hasPort || rewrite.endpoint.port != defaultPort
        var edits = [Edit(range: places, replacement: URLPlace.written(rewrite.endpoint, withPort: writesPort))]
        if let database = rewrite.database.map({ PercentEncoding.encode($0) }) {
            let atEnd = places.upperBound..<places.upperBound
            edits.append(path.map { Edit(range: $0, replacement: database) } ?? Edit(range: atEnd, replacement: "/" + database))
        }
        guard let credentials = rewrite.credentials else { return edits }
        let login = [(Component.user, "user", credentials.user), (.password, "password", credentials.password)]
        for field in fields {
            guard let value = login.first(where: { $0.0 == field.kind })?.2 else { continue }
            edits.append(Edit(range: field.range, replacement: PercentEncoding.encode(value)))
        }
        let absent = login.filter { item in !fields.contains { $0.kind == item.0 } }.map { "\($0.1)=\(PercentEncoding.encode($0.2))" }
        if !absent.isEmpty {
            let separator = query.map { $0.isEmpty ? "" : "&" } ?? "?"
            edits.append(Edit(range: end..<end, replacement: separator + absent.joined(separator: "&")))
        }
        return edits
    }

    private typealias Component = ConnectionString.Component.Kind
}
