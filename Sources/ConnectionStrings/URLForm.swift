/// The URL dialect: `scheme://[user[:password]@][host[:port][,…]][/database][?name=value[&…]]`.
///
/// Parameters override what stands before them, as in libpq. In contrast to libpq the last '@' before the path ends the credentials, because the user
/// names of some providers contain one (`name@server`) and most URL readers take them so; libpq could not use such a text at all.
struct URLForm: DialectForm {
    static let dialect = Dialect.url

    /// Up to and including the '@'; empty when there is none.
    var userInfo: Range<Int>
    /// All hosts and ports between the credentials and the path.
    var places: Range<Int>
    /// Behind the '/'; `nil` without one.
    var path: Range<Int>?
    var fields: [Field]
    var hostList: HostList
    /// The index in `fields` from which on they are parameters.
    var firstParameter: Int
    /// Whether the scheme names a driver, whose readers know `host=name:port`.
    var hasDriver: Bool
}

extension URLForm {
    /// Whether this stands, not empty, before the parameters.
    func has(_ kind: ConnectionString.Component.Kind) -> Bool {
        fields[..<firstParameter].contains { $0.kind == kind }
    }

    func parameters(_ kind: ConnectionString.Component.Kind) -> [Field] {
        fields[firstParameter...].filter { $0.kind == kind }
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        var edits = userInfoEdits(rewrite.credentials) + authorityEdits(rewrite.endpoint)
        if let database = rewrite.database, has(.database) || parameters(.database).isEmpty {
            let encoded = PercentEncoding.encode(database)
            edits.append(path.map { Edit(range: $0, replacement: encoded) } ?? insertion("/" + encoded, at: places.upperBound))
        }
        return edits + parameterEdits(rewrite)
    }

    private func insertion(_ text: String, at offset: Int) -> Edit { Edit(range: offset..<offset, replacement: text) }

    private func userInfoEdits(_ credentials: ConnectionString.Credentials?) -> [Edit] {
        guard let credentials else { return [] }
        let setsUser = has(.user) || parameters(.user).isEmpty
        let setsPassword = has(.password) || parameters(.password).isEmpty
        guard setsUser || setsPassword else { return [] }
        let user = setsUser ? PercentEncoding.encode(credentials.user) : ""
        let password = setsPassword ? ":" + PercentEncoding.encode(credentials.password) : ""
        return [Edit(range: userInfo, replacement: user + password + "@")]
    }

    private func authorityEdits(_ endpoint: ConnectionString.Endpoint) -> [Edit] {
        guard has(.host) || has(.port) else { return [] }
        let elsewhere = !parameters(.port).isEmpty
        let writesPort = has(.port) || (!elsewhere && endpoint.port != ConnectionString.Endpoint.defaultPort)
        guard has(.host) else { return [Edit(range: places, replacement: writesPort ? ":\(endpoint.port)" : "")] }
        return [Edit(range: places, replacement: URLPlace.written(endpoint, withPort: writesPort))]
    }

    private func parameterEdits(_ rewrite: Rewrite) -> [Edit] {
        let lastHost = fields.lastIndex { $0.kind == .host }
        let inline = !rewrite.endpoint.host.contains(":") && parameters(.host).contains { hasInlinePort($0.value) }
        let addsPort =
            !has(.host) && !inline && !fields.contains { $0.kind == .port } && rewrite.endpoint.port != ConnectionString.Endpoint.defaultPort
        return fields.indices[firstParameter...].compactMap { index in
            let replacement: String? =
                switch fields[index].kind {
                case .host:
                    host(rewrite.endpoint, insteadOf: fields[index].value) + (addsPort && index == lastHost ? "&port=\(rewrite.endpoint.port)" : "")
                case .port: String(rewrite.endpoint.port)
                case .database: rewrite.database.map { PercentEncoding.encode($0) }
                case .user: (rewrite.credentials?.user).map { PercentEncoding.encode($0) }
                case .password: (rewrite.credentials?.password).map { PercentEncoding.encode($0) }
                case .scheme, .parameter: nil
                }
            return replacement.map { Edit(range: fields[index].range, replacement: $0) }
        }
    }

    private func host(_ endpoint: ConnectionString.Endpoint, insteadOf value: String) -> String {
        let name = PercentEncoding.encode(endpoint.host, allowing: UInt8(ascii: ":"))
        let isListed = endpoint.port != ConnectionString.Endpoint.defaultPort && parameters(.host).contains { hasInlinePort($0.value) }
        return (hasInlinePort(value) || isListed) && !endpoint.host.contains(":") ? "\(name):\(endpoint.port)" : name
    }

    private func hasInlinePort(_ value: String) -> Bool { hasDriver && Self.inlinePort(value) != nil }
}
