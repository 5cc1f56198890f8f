/// A line of libpq's password file: `host:port:database:user:password`, with `\:` and `\\` inside fields and `*` for any.
///
/// A line for any host names none, so that there is nothing to point elsewhere.
struct PasswordLineForm: DialectForm {
    static let dialect = Dialect.passwordFile

    let fields: [Field]
    let hostList: HostList
    private let parts: [Field]

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> PasswordLineForm? { line(bytes, bytes.indices) }

    /// `nil` when the line has not five fields, or its port is neither a number nor `*`.
    static func line(_ bytes: [UInt8], _ line: Range<Int>) -> PasswordLineForm? {
        let kinds: [ConnectionString.Component.Kind] = [.host, .port, .database, .user, .password]
        var parts: [Field] = []
        var start = line.lowerBound
        var decoded: [UInt8] = []
        var index = line.lowerBound
        while index <= line.upperBound {
            if index == line.upperBound || bytes[index] == UInt8(ascii: ":") {
                guard parts.count < kinds.count else { return nil }
                parts.append(Field(kind: kinds[parts.count], range: start..<index, value: String(decoding: decoded, as: UTF8.self)))
                start = index + 1
                decoded = []
            } else {
                if bytes[index] == UInt8(ascii: "\\"), index + 1 < line.upperBound { index += 1 }
                decoded.append(bytes[index])
            }
            index += 1
        }
        guard parts.count == kinds.count, parts[1].value == "*" || !parts[1].value.isEmpty && parts[1].value.utf8.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        return PasswordLineForm(parts)
    }

    private init(_ parts: [Field]) {
        self.parts = parts
        fields = parts.filter { $0.value != "*" || $0.kind == .password }
        hostList = HostList(names: parts[0].value == "*" ? [] : [parts[0].value], ports: parts[1].value == "*" ? [] : [parts[1].value])
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        parts.compactMap { part in
            let value: String? =
                switch part.kind {
                case .host: rewrite.endpoint.host
                case .port: part.value == "*" && rewrite.endpoint.port == defaultPort ? nil : String(rewrite.endpoint.port)
                case .database: rewrite.database
                case .user: rewrite.credentials?.user
                case .password: rewrite.credentials?.password
                case .scheme, .parameter: nil
                }
            return value.map { Edit(range: part.range, replacement: Self.escaped($0)) }
        }
    }

    private static func escaped(_ text: String) -> String {
        String(decoding: text.utf8.flatMap { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }, as: UTF8.self)
    }
}
