/// A section of libpq's `pg_service.conf`: lines `keyword=value` without quotes or escapes.
struct ServiceSectionForm: DialectForm {
    static let dialect = Dialect.serviceFile

    let fields: [Field]
    private let document: [UInt8]

    /// Sections stand in files only.
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> ServiceSectionForm? { nil }

    /// The sections of a file, by name; `nil` when it is no service file.
    static func sections(_ bytes: [UInt8]) -> [(name: String, form: ServiceSectionForm)]? {
        var sections: [(name: String, fields: [Field])] = []
        for line in LineScanner.lines(bytes) {
            let line = ASCII.trimmed(bytes, line)
            guard let first = bytes[line].first, first != UInt8(ascii: "#") else { continue }
            if first == UInt8(ascii: "["), bytes[line].last == UInt8(ascii: "]") {
                sections.append((String(decoding: bytes[line.lowerBound + 1..<line.upperBound - 1], as: UTF8.self), []))
                continue
            }
            guard !sections.isEmpty, let equals = bytes[line].firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let key = bytes[line.lowerBound..<equals]
            let value = equals + 1..<line.upperBound
            let opening = bytes[value].first
            // libpq takes no white space around '=', and TOML's strings begin with quotes.
            guard key.allSatisfy({ ASCII.isLetter($0) || $0 == UInt8(ascii: "_") }), opening != 0x20, opening != UInt8(ascii: "\"") else {
                return nil
            }
            let kind = ConnectionString.Component.Kind(keyword: String(decoding: key, as: UTF8.self))
            sections[sections.count - 1].fields.append(Field(kind: kind, range: value, value: String(decoding: bytes[value], as: UTF8.self)))
        }
        return sections.isEmpty ? nil : sections.map { ($0.name, ServiceSectionForm(fields: $0.fields, document: bytes)) }
    }

    var hostList: HostList {
        HostList(
            names: HostList.entries(fields.last { $0.kind == .host }?.value ?? ""),
            ports: fields.last { $0.kind == .port }.map { HostList.entries($0.value) } ?? [])
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        var wanted: [(kind: ConnectionString.Component.Kind, keyword: String, value: String)] = [
            (.host, "host", rewrite.endpoint.host), (.port, "port", String(rewrite.endpoint.port)),
        ]
        if let database = rewrite.database { wanted.append((.database, "dbname", database)) }
        if let credentials = rewrite.credentials { wanted += [(.user, "user", credentials.user), (.password, "password", credentials.password)] }
        let absent = wanted.filter { item in
            !(item.kind == .port && rewrite.endpoint.port == defaultPort) && !fields.contains { $0.kind == item.kind }
        }
        let anchor = fields.lastIndex { $0.kind == .host }
        return fields.indices.compactMap { index in
            guard let item = wanted.first(where: { $0.kind == fields[index].kind }) else { return nil }
            let end = fields[index].range.upperBound
            let lineEnd = end < document.count && document[end] == 0x0D ? "\r\n" : "\n"
            let more = index == anchor ? absent.map { "\(lineEnd)\($0.keyword)=\($0.value)" }.joined() : ""
            return Edit(range: fields[index].range, replacement: item.value + more)
        }
    }
}
