/// The large pieces of what follows "://", which all URL dialects share.
struct URLLayout {
    /// Including the '@'.
    var userInfo: Range<Int>
    var places: Range<Int>
    /// Behind the '/'.
    var path: Range<Int>?
    /// Behind the '?'.
    var query: Range<Int>?

    init(_ bytes: [UInt8], _ rest: Range<Int>, _ dialect: Dialect) throws(ConnectionStringError) {
        let end = rest.upperBound
        let slash = bytes[rest].firstIndex(of: UInt8(ascii: "/")) ?? end
        let question = bytes[rest].firstIndex(of: UInt8(ascii: "?")) ?? end
        let at = bytes[rest.lowerBound..<slash].lastIndex(of: UInt8(ascii: "@"))
        // libpq looks for '@' beyond '?', other readers do not; and a password with a bare '/' makes its first half a host.
        // Neither can be rewritten in a way that all readers agree on.
        let pathHasAt = slash < question && bytes[slash..<question].contains(UInt8(ascii: "@"))
        if at.map({ question < $0 }) ?? pathHasAt {
            throw .malformed(dialect, component: "the part before the parameters", .unencodedReservedCharacter)
        }
        let authorityEnd = min(slash, question)
        let hosts = at.map { $0 + 1 } ?? rest.lowerBound
        userInfo = rest.lowerBound..<hosts
        places = hosts..<authorityEnd
        path = slash < question ? slash + 1..<question : nil
        query = question < end ? question + 1..<end : nil
    }
}

/// One host of an authority.
struct URLPlace: Sendable {
    var name: Range<Int>
    /// Behind the colon; `nil` without a colon.
    var port: Range<Int>?

    /// The entries of `host[:port][,…]`, IPv6 addresses in brackets.
    static func list(in bytes: [UInt8], _ range: Range<Int>, _ dialect: Dialect) throws(ConnectionStringError) -> [URLPlace] {
        var places: [URLPlace] = []
        for entry in bytes[range].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            places.append(try one(entry, dialect))
        }
        return places
    }

    static func one(_ entry: ArraySlice<UInt8>, _ dialect: Dialect) throws(ConnectionStringError) -> URLPlace {
        if entry.first == UInt8(ascii: "[") {
            guard let close = entry.firstIndex(of: UInt8(ascii: "]")), close > entry.startIndex + 1,
                close + 1 == entry.endIndex || entry[close + 1] == UInt8(ascii: ":")
            else { throw .malformed(dialect, component: "host", .invalidHost) }
            return URLPlace(name: entry.startIndex + 1..<close, port: close + 1 == entry.endIndex ? nil : close + 2..<entry.endIndex)
        }
        guard let colon = entry.firstIndex(of: UInt8(ascii: ":")) else { return URLPlace(name: entry.startIndex..<entry.endIndex, port: nil) }
        return URLPlace(name: entry.startIndex..<colon, port: colon + 1..<entry.endIndex)
    }

    /// `host` or `[address]`, with the port if it must be written.
    static func written(_ endpoint: ConnectionString.Endpoint, withPort: Bool) -> String {
        let encoded = PercentEncoding.encode(endpoint.host, allowing: UInt8(ascii: ":"))
        return (endpoint.host.contains(":") ? "[\(encoded)]" : encoded) + (withPort ? ":\(endpoint.port)" : "")
    }
}

/// Decodes a URL's components one after the other, keeping the non-empty ones.
struct URLFieldReader {
    let bytes: [UInt8]
    let dialect: Dialect
    /// Which parameters name more than an option; others are kept by their names.
    var kind: (String) -> ConnectionString.Component.Kind = { .init(keyword: $0) }
    /// Java's decoder takes '+' for a space.
    var plusIsSpace = false
    var fields: [Field] = []

    init(bytes: [UInt8], dialect: Dialect) {
        self.bytes = bytes
        self.dialect = dialect
    }

    @discardableResult
    mutating func add(_ kind: ConnectionString.Component.Kind, _ name: String, _ range: Range<Int>) throws(ConnectionStringError) -> String {
        let value = try decode(range, as: name)
        if !range.isEmpty { fields.append(Field(kind: kind, range: range, value: value)) }
        return value
    }

    mutating func add(_ places: [URLPlace]) throws(ConnectionStringError) -> HostList {
        var hostList = HostList(names: [], ports: [])
        for place in places {
            hostList.names.append(try add(.host, "host", place.name))
            hostList.ports.append(try place.port.map { range throws(ConnectionStringError) in try add(.port, "port", range) } ?? "")
        }
        return hostList
    }

    mutating func addParameters(_ query: Range<Int>) throws(ConnectionStringError) {
        for pair in bytes[query].split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            let name = try decode(pair.startIndex..<(equals ?? pair.endIndex), as: "a parameter's name")
            let kind = kind(name)
            // Some drivers know bare flags; the server's name is none.
            if equals == nil, kind != .parameter(name) { throw .malformed(dialect, component: name, .missingEqualsSign) }
            let range = (equals.map { $0 + 1 } ?? pair.endIndex)..<pair.endIndex
            let label = kind == .parameter(name) ? "a parameter" : name
            fields.append(Field(kind: kind, range: range, value: try decode(range, as: label)))
        }
    }

    private func decode(_ range: Range<Int>, as component: String) throws(ConnectionStringError) -> String {
        do throws(ConnectionStringError.Fault) {
            return try PercentEncoding.decode(bytes[range], plusIsSpace: plusIsSpace)
        } catch {
            throw .malformed(dialect, component: component, error)
        }
    }
}
