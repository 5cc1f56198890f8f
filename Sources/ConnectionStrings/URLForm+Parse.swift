extension URLForm {
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> URLForm? {
        let text = ASCII.trimmed(bytes, bytes.indices)
        guard let scheme = scheme(in: bytes, text) else { return nil }
        let layout = try URLLayout(bytes, scheme.upperBound + 3..<text.upperBound, dialect)
        let login = login(in: bytes, layout.userInfo)
        var reader = URLFieldReader(bytes: bytes, dialect: dialect)
        reader.fields = [Field(kind: .scheme, range: scheme, value: String(decoding: bytes[scheme], as: UTF8.self))]
        try reader.add(.user, "user", login.user)
        if let password = login.password { try reader.add(.password, "password", password) }
        var hostList = try reader.add(try URLPlace.list(in: bytes, layout.places, dialect))
        if let path = layout.path { try reader.add(.database, "database", path) }
        let firstParameter = reader.fields.count
        if let query = layout.query { try reader.addParameters(query) }
        let hasDriver = bytes[scheme].contains(UInt8(ascii: "+"))
        override(&hostList, by: reader.fields[firstParameter...], hasDriver: hasDriver)
        if hostList.ports.allSatisfy(\.isEmpty) { hostList.ports = [] }
        return URLForm(
            userInfo: layout.userInfo, places: layout.places, path: layout.path, fields: reader.fields, hostList: hostList,
            firstParameter: firstParameter, hasDriver: hasDriver)
    }

    /// Parameters win over what stands before them. libpq takes the last of each; SQLAlchemy makes a list of several hosts.
    private static func override(_ hostList: inout HostList, by parameters: ArraySlice<Field>, hasDriver: Bool) {
        let hosts = parameters.filter { $0.kind == .host }.map(\.value)
        if hasDriver, hosts.contains(where: { inlinePort($0) != nil }) || hosts.count > 1 {
            hostList.names = hosts.map { inlinePort($0)?.name ?? $0 }
            hostList.ports = hosts.map { inlinePort($0)?.port ?? "" }
        } else if let host = hosts.last {
            hostList.names = HostList.entries(host)
        }
        if let port = parameters.last(where: { $0.kind == .port }) { hostList.ports = HostList.entries(port.value) }
    }

    /// Name and port of SQLAlchemy's `host=name:port`.
    static func inlinePort(_ value: String) -> (name: String, port: String)? {
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// `postgres`, `postgresql` or either with `+driver`, in front of "://".
    private static func scheme(in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        guard let colon = bytes[range].firstIndex(of: UInt8(ascii: ":")), bytes[colon..<range.upperBound].starts(with: "://".utf8) else { return nil }
        let parts = String(decoding: bytes[range.lowerBound..<colon], as: UTF8.self).lowercased()
            .split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, name == "postgres" || name == "postgresql" else { return nil }
        guard parts.count == 1 || (!parts[1].isEmpty && parts[1].utf8.allSatisfy(ASCII.isUnreserved)) else { return nil }
        return range.lowerBound..<colon
    }

    /// User and password of a range that ends with '@', or is empty.
    private static func login(in bytes: [UInt8], _ range: Range<Int>) -> (user: Range<Int>, password: Range<Int>?) {
        let login = range.lowerBound..<max(range.lowerBound, range.upperBound - 1)
        guard let colon = bytes[login].firstIndex(of: UInt8(ascii: ":")) else { return (login, nil) }
        return (login.lowerBound..<colon, colon + 1..<login.upperBound)
    }
}
