/// libpq's keyword/value dialect, read as `conninfo_parse` in libpq reads it.
struct KeywordValueForm: DialectForm {
    static let dialect = Dialect.keywordValue

    let fields: [Field]
    /// Parallel to `fields`: whether the value was written in quotes.
    let quoted: [Bool]
    private let bytes: [UInt8]

    /// Of these one must be present, or text such as "a = b", or base64 with its padding, would pass for a connection string.
    private static let telling: Set<String> = [
        "host", "hostaddr", "port", "dbname", "user", "password", "service", "servicefile", "passfile", "sslmode", "options", "application_name",
    ]

    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> KeywordValueForm? {
        var scanner = KeywordValueScanner(bytes)
        var pairs: [KeywordValueScanner.Pair] = []
        do throws(KeywordValueScanner.Failure) {
            while let pair = try scanner.next() { pairs.append(pair) }
        } catch {
            // Only a keyword known to be one may appear in a message; anything else could be a piece of a password.
            let name = telling.contains(error.keyword) ? error.keyword : nil
            guard name != nil || pairs.contains(where: { telling.contains($0.keyword) }) else { return nil }
            throw .malformed(dialect, component: name ?? "a keyword", error.fault)
        }
        // A keyword with ';' in it is known to no reader: the text is another dialect's.
        guard pairs.contains(where: { telling.contains($0.keyword) }), !pairs.contains(where: { $0.keyword.contains(";") }) else { return nil }
        return KeywordValueForm(
            fields: pairs.map { Field(kind: .init(keyword: $0.keyword), range: $0.range, value: $0.value) },
            quoted: pairs.map(\.isQuoted), bytes: bytes)
    }

    /// Whether a value, taken for one of another dialect, contains a further pair of this one: `p; host=h` does not, `u password=p` does.
    static func continues(_ value: String) -> Bool {
        value.split(separator: " ").dropFirst().contains { word in
            guard let equals = word.firstIndex(of: "=") else { return false }
            return telling.contains(String(word[..<equals]))
        }
    }

    var hostList: HostList {
        HostList(names: HostList.entries(last(.host) ?? ""), ports: last(.port).map(HostList.entries) ?? [])
    }

    private func last(_ kind: ConnectionString.Component.Kind) -> String? {
        fields.last { $0.kind == kind }?.value
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        var wanted: [(kind: ConnectionString.Component.Kind, keyword: String, value: String)] = [
            (.host, "host", rewrite.endpoint.host), (.port, "port", String(rewrite.endpoint.port)),
        ]
        if let database = rewrite.database { wanted.append((.database, "dbname", database)) }
        if let credentials = rewrite.credentials {
            wanted += [(.user, "user", credentials.user), (.password, "password", credentials.password)]
        }
        let absent = wanted.filter { item in
            let implied = item.kind == .port && rewrite.endpoint.port == ConnectionString.Endpoint.defaultPort
            return !implied && !fields.contains { $0.kind == item.kind }
        }
        // New keywords follow the host, whose end is certain; at the end of the text a lone backslash would swallow the separator.
        let anchor = fields.lastIndex { $0.kind == .host }
        return fields.indices.compactMap { index in
            let field = fields[index]
            guard let item = wanted.first(where: { $0.kind == field.kind }) else { return nil }
            var text = Conninfo.quote(item.value, always: quoted[index])
            if index == anchor, !absent.isEmpty {
                text += " " + Conninfo.build(absent.map { ($0.keyword, $0.value) })
                // After a closing quote the next keyword may follow at once.
                let end = field.range.upperBound
                if end < bytes.count, !ASCII.isSpace(bytes[end]) { text += " " }
            }
            return Edit(range: field.range, replacement: text)
        }
    }
}
