/// Finds the connection strings of a text that is not one itself.
struct DocumentReader {
    typealias Entry = ConnectionDocument.Entry

    let bytes: [UInt8]
    let text: String
    let system: DatabaseSystem

    func read() throws(ConnectionStringError) -> (format: ConnectionDocument.Format, entries: [Entry]) {
        if let json = JSONScanner.read(bytes) { return (.json, try entries(json, .member)) }
        if system == .postgreSQL {
            if let lines = passwordLines() { return (.passwordFile, try entries(lines)) }
            if let sections = ServiceSectionForm.sections(bytes), !sections.isEmpty {
                return (.serviceFile, try entries(sections.filter { section in section.form.fields.contains { $0.kind == .host } }))
            }
        }
        guard let format = lineFormat else { return (.bare, []) }
        let separator = format == .yaml ? ": " : format == .toml ? " = " : "="
        return (format, try entries(LineScanner.read(bytes, as: format), .line(separator: separator)))
    }

    /// By the first line with a value.
    private var lineFormat: ConnectionDocument.Format? {
        for line in LineScanner.lines(bytes) {
            let line = ASCII.trimmed(bytes, line)
            guard let first = bytes[line].first, first != UInt8(ascii: "#") else { continue }
            if first == UInt8(ascii: "[") { return .toml }
            guard !bytes[line].starts(with: "---".utf8) else { return .yaml }
            let equals = bytes[line].firstIndex(of: UInt8(ascii: "=")) ?? line.upperBound
            let colon = bytes[line].indices.first { bytes[$0] == UInt8(ascii: ":") && ($0 + 1 == line.upperBound || bytes[$0 + 1] == 0x20) }
            if bytes[line].starts(with: "- ".utf8) || colon ?? line.upperBound < equals { return .yaml }
            guard equals < line.upperBound, equals > line.lowerBound else { return nil }
            return bytes[equals - 1] == 0x20 ? .toml : .environment
        }
        return nil
    }

    private func passwordLines() -> [(name: String, form: PasswordLineForm)]? {
        var lines: [(name: String, form: PasswordLineForm)] = []
        for (number, line) in LineScanner.lines(bytes).enumerated() {
            guard let first = bytes[line].first, first != UInt8(ascii: "#") else { continue }
            guard let form = PasswordLineForm.line(bytes, line) else { return nil }
            if !form.hostList.names.isEmpty { lines.append(("line \(number + 1)", form)) }
        }
        return lines.isEmpty ? nil : lines
    }

    private func entries(_ forms: [(name: String, form: some DialectForm)]) throws(ConnectionStringError) -> [Entry] {
        var entries: [Entry] = []
        for (name, form) in forms {
            do throws(ConnectionStringError) {
                entries.append(Entry(name: name, string: try ConnectionString(text: text, form: form), wrapping: nil))
            } catch {
                throw .inDocument(entry: name, error)
            }
        }
        return entries
    }

    private func entries(_ reading: DocumentReading, _ insertion: SettingsForm.Insertion) throws(ConnectionStringError) -> [Entry] {
        var entries: [Entry] = []
        for value in reading.values {
            guard let string = try string(value) else { continue }
            entries.append(Entry(name: value.name, string: string, wrapping: value.text))
        }
        if system == .postgreSQL {
            for group in SettingsForm.groups(of: reading.values, bytes, insertion) {
                do throws(ConnectionStringError) {
                    entries.append(Entry(name: group.name, string: try ConnectionString(text: text, form: group.form), wrapping: nil))
                } catch {
                    // Without an engine it may be any server's.
                    if group.form.isTelling { throw .inDocument(entry: group.name, error) }
                }
            }
        }
        if let line = unread(entries, reading) { throw .outOfReach(line: line) }
        let order = entries.map { ($0.wrapping?.range ?? $0.string.form.fields.first?.range ?? 0..<0).lowerBound }
        return zip(order, entries).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The connection string that a value is; `nil` when it is none.
    private func string(_ value: DocumentValue) throws(ConnectionStringError) -> ConnectionString? {
        do throws(ConnectionStringError) {
            let string = try ConnectionString.parse(value.text.text, for: system)
            // "host:port" alone may be any server's.
            if let nodes = string.form as? RedisNodesForm, !nodes.hasOptions { return nil }
            return string
        } catch {
            switch error {
            case .notAConnectionString, .otherSystem: return nil
            // Options and fragments look like these too.
            case .missingHost(.keywordValue), .missingHost(.adoNet), .malformed(.keywordValue, _, _), .malformed(.adoNet, _, _),
                .missingHost(.redisNodes),
                .malformed(.redisNodes, _, _), .missingHost(.settings):
                return nil
            default: throw .inDocument(entry: value.name, error)
            }
        }
    }

    /// The first line, from 1, that mentions a server of this system outside of entries and comments: by a URL, or in a list or table on one line by a host
    /// that stands in an entry as well: with a port, or under a key for hosts.
    private func unread(_ entries: [Entry], _ reading: DocumentReading) -> Int? {
        let schemes = system == .postgreSQL ? ["postgres://", "postgresql://", "postgresql+"] : ["redis://", "rediss://"]
        let lowercase = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let known = reading.comments + entries.compactMap { $0.wrapping?.range }
        func mentions(_ words: [String], in range: Range<Int>, wholly: Bool) -> Int? {
            let words = words.map { Array($0.utf8) }
            let firsts = Set(words.compactMap(\.first))
            return range.first { index in
                guard firsts.contains(lowercase[index]), !known.contains(where: { $0.contains(index) }) else { return false }
                return words.contains { word in
                    guard lowercase[index..<range.upperBound].starts(with: word) else { return false }
                    return !wholly || isHost(index..<index + word.count, after: range.lowerBound)
                }
            }
        }
        let hosts = Set(entries.flatMap(\.string.hosts).map { $0.name.lowercased() }).filter { !$0.isEmpty }
        let url = mentions(schemes, in: bytes.indices, wholly: false)
        let found = url ?? reading.inline.lazy.compactMap { mentions(Array(hosts), in: $0, wholly: true) }.first
        return found.map { index in bytes[..<index].count { $0 == 0x0A } + 1 }
    }

    private func isHost(_ word: Range<Int>, after start: Int) -> Bool {
        guard !isOfName(word.lowerBound - 1), !isOfName(word.upperBound) else { return false }
        let next = word.upperBound + 1
        if bytes.indices.contains(next), bytes[word.upperBound] == UInt8(ascii: ":"), ASCII.isDigit(bytes[next]) { return true }
        // `{"host": "…"`, `{ host = '…'`, `{server: …`
        let before = bytes[start..<word.lowerBound].reversed().drop { !ASCII.isUnreserved($0) && $0 != UInt8(ascii: ",") }
        let key = String(decoding: before.prefix { ASCII.isUnreserved($0) }.reversed(), as: UTF8.self).lowercased()
        return ["host", "server", "addr", "endpoint"].contains { key.contains($0) }
    }

    /// Whether a byte may be part of a host's name.
    private func isOfName(_ index: Int) -> Bool {
        bytes.indices.contains(index) && ASCII.isUnreserved(bytes[index])
    }
}
