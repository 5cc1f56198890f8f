extension URLForm {
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> URLForm? {
        guard let first = bytes.firstIndex(where: { !ASCII.isSpace($0) }), let last = bytes.lastIndex(where: { !ASCII.isSpace($0) }),
            let scheme = scheme(in: bytes, first..<last + 1)
        else { return nil }
        let rest = scheme.upperBound + 3..<last + 1
        let layout = try Layout(bytes, rest)
        let login = login(in: bytes, layout.userInfo)
        var reader = FieldReader(bytes: bytes)
        reader.fields = [Field(kind: .scheme, range: scheme, value: String(decoding: bytes[scheme], as: UTF8.self))]
        try reader.add(.user, "user", login.user)
        if let password = login.password { try reader.add(.password, "password", password) }
        var hostList = HostList(names: [], ports: [])
        for place in try places(in: bytes, layout.places) {
            hostList.names.append(try reader.add(.host, "host", place.name))
            hostList.ports.append(try place.port.map { range throws(ConnectionStringError) in try reader.add(.port, "port", range) } ?? "")
        }
        if let path = layout.path { try reader.add(.database, "database", path) }
        let firstParameter = reader.fields.count
        if let query = layout.query { try reader.addParameters(query) }
        let parameters = reader.fields[firstParameter...]
        if let host = parameters.last(where: { $0.kind == .host }) { hostList.names = HostList.entries(host.value) }
        if let port = parameters.last(where: { $0.kind == .port }) { hostList.ports = HostList.entries(port.value) }
        if hostList.ports.allSatisfy(\.isEmpty) { hostList.ports = [] }
        return URLForm(
            userInfo: layout.userInfo, places: layout.places, path: layout.path, fields: reader.fields, hostList: hostList,
            firstParameter: firstParameter)
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

    private static func places(in bytes: [UInt8], _ range: Range<Int>) throws(ConnectionStringError) -> [Place] {
        var places: [Place] = []
        for entry in bytes[range].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            if entry.first == UInt8(ascii: "[") {
                guard let close = entry.firstIndex(of: UInt8(ascii: "]")), close > entry.startIndex + 1,
                    close + 1 == entry.endIndex || entry[close + 1] == UInt8(ascii: ":")
                else { throw .malformed(dialect, component: "host", .invalidHost) }
                let port = close + 1 == entry.endIndex ? nil : close + 2..<entry.endIndex
                places.append(Place(name: entry.startIndex + 1..<close, port: port))
            } else if let colon = entry.firstIndex(of: UInt8(ascii: ":")) {
                places.append(Place(name: entry.startIndex..<colon, port: colon + 1..<entry.endIndex))
            } else {
                places.append(Place(name: entry.startIndex..<entry.endIndex, port: nil))
            }
        }
        return places
    }
}

extension URLForm {
    /// The large pieces of what follows "://".
    struct Layout {
        /// Including the '@'.
        var userInfo: Range<Int>
        var places: Range<Int>
        /// Behind the '/'.
        var path: Range<Int>?
        /// Behind the '?'.
        var query: Range<Int>?

        init(_ bytes: [UInt8], _ rest: Range<Int>) throws(ConnectionStringError) {
            let end = rest.upperBound
            let slash = bytes[rest].firstIndex(of: UInt8(ascii: "/")) ?? end
            let question = bytes[rest].firstIndex(of: UInt8(ascii: "?")) ?? end
            let at = bytes[rest.lowerBound..<slash].lastIndex(of: UInt8(ascii: "@"))
            // libpq looks for '@' beyond '?', other readers do not; and a password with a bare '/' makes its first half a host.
            // Neither can be rewritten in a way that all readers agree on.
            let pathHasAt = slash < question && bytes[slash..<question].contains(UInt8(ascii: "@"))
            if at.map({ question < $0 }) ?? pathHasAt {
                throw .malformed(URLForm.dialect, component: "the part before the parameters", .unencodedReservedCharacter)
            }
            let authorityEnd = min(slash, question)
            let hosts = at.map { $0 + 1 } ?? rest.lowerBound
            userInfo = rest.lowerBound..<hosts
            places = hosts..<authorityEnd
            path = slash < question ? slash + 1..<question : nil
            query = question < end ? question + 1..<end : nil
        }
    }

    /// Decodes components one after the other, keeping the non-empty ones.
    struct FieldReader {
        let bytes: [UInt8]
        var fields: [Field] = []

        init(bytes: [UInt8]) { self.bytes = bytes }

        @discardableResult
        mutating func add(_ kind: ConnectionString.Component.Kind, _ name: String, _ range: Range<Int>) throws(ConnectionStringError) -> String {
            let value = try decode(range, as: name)
            if !range.isEmpty { fields.append(Field(kind: kind, range: range, value: value)) }
            return value
        }

        mutating func addParameters(_ query: Range<Int>) throws(ConnectionStringError) {
            for pair in bytes[query].split(separator: UInt8(ascii: "&")) {
                let equals = pair.firstIndex(of: UInt8(ascii: "="))
                let name = try decode(pair.startIndex..<(equals ?? pair.endIndex), as: "a parameter's name")
                let kind = ConnectionString.Component.Kind(keyword: name)
                // Some drivers know bare flags; the server's name is none.
                if equals == nil, kind != .parameter(name) { throw .malformed(URLForm.dialect, component: name, .missingEqualsSign) }
                let range = (equals.map { $0 + 1 } ?? pair.endIndex)..<pair.endIndex
                let label = kind == .parameter(name) ? "a parameter" : name
                fields.append(Field(kind: kind, range: range, value: try decode(range, as: label)))
            }
        }

        private func decode(_ range: Range<Int>, as component: String) throws(ConnectionStringError) -> String {
            do throws(ConnectionStringError.Fault) {
                return try PercentEncoding.decode(bytes[range])
            } catch {
                throw .malformed(URLForm.dialect, component: component, error)
            }
        }
    }
}
