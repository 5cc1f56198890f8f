/// Settings that stand apart but belong together: `{"ENGINE": …, "NAME": …, "HOST": …}`, `DB_HOST=…` and `DB_PORT=…`, a map in YAML or TOML.
struct SettingsForm: DialectForm {
    static let dialect = Dialect.settings

    /// How a setting that is missing is added beside the host's.
    enum Insertion: Sendable {
        /// `, "PORT": "1"` behind the host's value.
        case member
        /// A line of its own with this between key and value, after the host's line.
        case line(separator: String)
    }

    private struct Setting: Sendable {
        var key: String
        var kind: ConnectionString.Component.Kind
        var text: EmbeddedText
    }

    private let settings: [Setting]
    private let document: [UInt8]
    private let insertion: Insertion
    /// Whether an engine says that this is PostgreSQL; without one, host and database do not.
    let isTelling: Bool

    var fields: [Field] { settings.map { Field(kind: $0.kind, range: $0.text.range, value: $0.text.text) } }

    var hostList: HostList {
        HostList(names: HostList.entries(last(.host) ?? ""), ports: last(.port).map(HostList.entries) ?? [])
    }

    private func last(_ kind: ConnectionString.Component.Kind) -> String? { settings.last { $0.kind == kind }?.text.text }

    /// A JSON object by itself that says it is PostgreSQL's, possibly inside others; `nil` when there are several.
    static func parse(_ bytes: [UInt8]) throws(ConnectionStringError) -> SettingsForm? {
        // Beside a URL it is one of several strings.
        guard let reading = JSONScanner.read(bytes), !reading.values.contains(where: { $0.text.text.contains("://") }) else { return nil }
        let found = groups(of: reading.values, bytes, .member).filter(\.form.isTelling)
        return found.count == 1 ? found.first?.form : nil
    }

    /// Everything in a document that names a host and what is there, by the name of its place.
    static func groups(of values: [DocumentValue], _ document: [UInt8], _ insertion: Insertion) -> [(name: String, form: SettingsForm)] {
        struct Place: Hashable {
            var parent: [String]
            var prefix: String
        }
        var order: [Place] = []
        var members: [Place: [Setting]] = [:]
        for value in values {
            guard let key = SettingKey(value.key) else { continue }
            let place = Place(parent: value.parent, prefix: key.prefix)
            if members[place] == nil { order.append(place) }
            members[place, default: []].append(Setting(key: value.key, kind: key.kind, text: value.text))
        }
        return order.compactMap { place in
            SettingsForm(members[place] ?? [], document, insertion).map {
                (place.parent.isEmpty && place.prefix.isEmpty ? "the settings" : (place.parent + [place.prefix + "*"]).joined(separator: "."), $0)
            }
        }
    }

    private init?(_ found: [Setting], _ document: [UInt8], _ insertion: Insertion) {
        let engines = found.filter { $0.kind == .parameter("engine") }.map { $0.text.text.lowercased() }
        let isPostgres = engines.contains { engine in engine == "pg" || ["postgres", "postgis", "psycopg", "pgsql"].contains { engine.contains($0) } }
        let isForeign = engines.contains { engine in
            ["mysql", "maria", "sqlite", "mongo", "redis", "mssql", "oracle"].contains { engine.contains($0) }
        }
        guard !isForeign || isPostgres else { return nil }
        // "name" often names something else; only Django has it for the database.
        let hasOther = found.contains { $0.kind == .database && $0.key.lowercased() != "name" }
        let isDjango = found.contains { $0.key.lowercased() == "engine" }
        settings = found.filter { $0.key.lowercased() != "name" || isDjango && !hasOther }
        guard settings.contains(where: { $0.kind == .host && !$0.text.bytes.isEmpty }),
            isPostgres || settings.contains(where: { $0.kind == .database || $0.kind == .user })
        else { return nil }
        self.document = document
        self.insertion = insertion
        isTelling = isPostgres
    }

    func edits(for rewrite: Rewrite) -> [Edit] {
        var wanted: [(kind: ConnectionString.Component.Kind, value: String)] = [
            (.host, rewrite.endpoint.host), (.port, String(rewrite.endpoint.port)),
        ]
        if let database = rewrite.database { wanted.append((.database, database)) }
        if let credentials = rewrite.credentials { wanted += [(.user, credentials.user), (.password, credentials.password)] }
        var edits: [Edit] = []
        for setting in settings {
            guard let value = wanted.first(where: { $0.kind == setting.kind })?.value else { continue }
            edits += setting.text.replacing(with: value)
        }
        let absent = wanted.filter { item in
            let implied = item.kind == .port && rewrite.endpoint.port == defaultPort
            return !implied && !settings.contains { $0.kind == item.kind }
        }
        if !absent.isEmpty, let host = settings.last(where: { $0.kind == .host }) { edits.append(addition(absent, beside: host)) }
        return edits.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    }

    private func addition(_ absent: [(kind: ConnectionString.Component.Kind, value: String)], beside host: Setting) -> Edit {
        let pairs = absent.compactMap { item in SettingKey.beside(host.key, item.kind).map { ($0, item.kind == .port ? item.value : "", item.value) }
        }
        switch insertion {
        case .member:
            let end = host.text.range.upperBound
            let text = pairs.map { ", \(EmbeddedText.quoted($0.0)): \(EmbeddedText.quoted($0.2))" }.joined()
            return Edit(range: end..<end, replacement: text)
        case .line(let separator):
            let start = document[..<host.text.range.lowerBound].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            var end = document[host.text.range.upperBound...].firstIndex(of: 0x0A) ?? document.count
            let isCRLF = end > 0 && end <= document.count && end > host.text.range.upperBound && document[end - 1] == 0x0D
            if isCRLF { end -= 1 }
            let indentation = document[start..<end].prefix { $0 == 0x20 || $0 == UInt8(ascii: "-") }.count
            let text = pairs.map { key, number, value in
                (isCRLF ? "\r\n" : "\n") + String(repeating: " ", count: indentation) + key + separator
                    + (number.isEmpty ? EmbeddedText.quoted(value) : number)
            }
            return Edit(range: end..<end, replacement: text.joined())
        }
    }
}
