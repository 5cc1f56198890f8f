/// Hosts and ports as a dialect spells them, before they are checked.
struct HostList: Sendable, Equatable {
    var names: [String]
    /// Empty, one for all, or one for each name; an empty entry is the default port.
    var ports: [String]

    /// Pairs names with ports by libpq's rules.
    func resolved(in dialect: Dialect) throws(ConnectionStringError) -> [ConnectionString.Host] {
        guard !names.allSatisfy(\.isEmpty) else { throw .missingHost(dialect) }
        guard ports.count <= 1 || ports.count == names.count else { throw .malformed(dialect, component: "port", .portCountMismatch) }
        var hosts: [ConnectionString.Host] = []
        for (index, name) in names.enumerated() {
            try Self.check(name, dialect)
            let port = ports.count == names.count ? ports[index] : ports.first ?? ""
            hosts.append(ConnectionString.Host(name: name, port: try Self.number(port, dialect)))
        }
        return hosts
    }

    private static func check(_ name: String, _ dialect: Dialect) throws(ConnectionStringError) {
        guard let first = name.utf8.first else { throw .malformed(dialect, component: "host", .emptyListEntry) }
        // libpq: a path is a socket directory, '@' an abstract socket.
        guard first != UInt8(ascii: "/"), first != UInt8(ascii: "@") else { throw .unsupported(.unixSocket) }
        // A closed set, because what else turns up here is another dialect ("host=a;port=1") or an unfilled placeholder ("${HOST}").
        let punctuation = Array("-._:%".utf8)
        let colons = name.utf8.count { $0 == UInt8(ascii: ":") }
        let known = name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 >= 0x80 || punctuation.contains($0) }
        guard known, colons != 1 else { throw .malformed(dialect, component: "host", .invalidHost) }
    }

    private static func number(_ text: String, _ dialect: Dialect) throws(ConnectionStringError) -> Int? {
        if text.isEmpty { return nil }
        guard text.utf8.allSatisfy(ASCII.isDigit), let number = Int(text), (1...65535).contains(number) else {
            throw .malformed(dialect, component: "port", .invalidPort)
        }
        return number
    }

    /// The entries of a comma-separated list, empty ones included.
    static func entries(_ list: String) -> [String] {
        list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}
