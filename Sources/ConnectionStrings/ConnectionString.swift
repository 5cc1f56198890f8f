/// A connection string, understood without losing a byte of how it was written.
///
/// Printing, dumping or reflecting a value never shows the password; `text` and `password` are the only ways to it.
public struct ConnectionString: Sendable, Equatable {
    /// The text as it was given, including surrounding white space.
    public let text: String
    public let dialect: Dialect
    /// At least one. In several dialects a connection tries them in this order.
    public let hosts: [Host]
    let form: any DialectForm

    /// Reads a text in whichever dialect of `system` it is written.
    ///
    /// White space around the text (a trailing newline is common in Secrets) is accepted and kept. Parameters that libpq does not know are accepted,
    /// because other drivers have their own.
    /// - Throws: `ConnectionStringError`, which never contains any part of a value.
    public static func parse(_ text: String, for system: DatabaseSystem = .postgreSQL) throws(ConnectionStringError) -> ConnectionString {
        let bytes = Array(text.utf8)
        var readings: [ConnectionString] = []
        var refusal: ConnectionStringError?
        for candidate in Dialect.forms where candidate.dialect.system == system {
            do throws(ConnectionStringError) {
                guard let form = try candidate.parse(bytes) else { continue }
                readings.append(try ConnectionString(text: text, form: form))
            } catch {
                refusal = refusal ?? error
            }
        }
        guard readings.count <= 1 else { throw .ambiguous(readings.map(\.dialect)) }
        if let reading = readings.first { return reading }
        if let refusal { throw refusal }
        if let other = ForeignText.system(of: bytes), other != system.title { throw .otherSystem(other, expected: system) }
        throw .notAConnectionString(system)
    }

    init(text: String, form: any DialectForm) throws(ConnectionStringError) {
        let dialect = type(of: form).dialect
        let fields = form.fields
        for feature in ConnectionStringError.Feature.keywords where !(fields.last { $0.kind == .parameter(feature.rawValue) }?.value ?? "").isEmpty {
            throw .unsupported(feature)
        }
        self.hosts = try form.hostList.resolved(in: dialect)
        self.text = text
        self.dialect = dialect
        self.form = form
    }

    public static func == (left: ConnectionString, right: ConnectionString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }
}

extension ConnectionString {
    /// Decoded; `nil` when absent or empty, which mean the same to libpq.
    public var user: String? { value(.user) }

    /// Decoded; `nil` when absent or empty, which mean the same to libpq. A secret: it must not reach logs, status or argv.
    public var password: String? { value(.password) }

    /// Decoded; `nil` when absent or empty (a server then takes the user's name).
    public var database: String? { value(.database) }

    /// Everything else by name, decoded, the last value of each. May hold secrets too (`sslpassword`).
    public var parameters: [String: String] {
        var result: [String: String] = [:]
        for field in form.fields {
            if case .parameter(let name) = field.kind { result[name] = field.value }
        }
        return result
    }

    /// Where each component stands in the text, in its order.
    public var components: [Component] {
        form.fields.map { Component(kind: $0.kind, range: $0.range) }
    }

    /// The hosts with the ports that hold for them.
    public var endpoints: [Endpoint] { hosts.map { Endpoint(host: $0.name, port: $0.port ?? form.defaultPort) } }

    /// Whether every host is this one. Names compare without regard to case; a missing port is the dialect's default.
    public func pointsAt(_ host: String, _ port: Int) -> Bool {
        let wanted = Endpoint(host: host, port: port)
        let defaultPort = form.defaultPort
        return hosts.allSatisfy { $0.name.lowercased() == wanted.host.lowercased() && ($0.port ?? defaultPort) == wanted.port }
    }

    /// The same text pointing somewhere else.
    ///
    /// Host and port change wherever the text names them; a list of hosts becomes the one endpoint. A port that was not there is added only when it is
    /// not the default. Every byte outside the replaced values stays as it was.
    /// - Parameters:
    ///   - database: replaces or adds the database name; `nil` leaves it.
    ///   - credentials: replace or add user and password; `nil` leaves them.
    /// - Throws: when the dialect has no way to write a value (a comma in a password of StackExchange.Redis), as reading the result back shows.
    public func rewriting(
        endpoint: Endpoint, database: String? = nil, credentials: Credentials? = nil
    ) throws(ConnectionStringError) -> String {
        let rewrite = Rewrite(endpoint: endpoint, database: database, credentials: credentials)
        let result = Edit.apply(form.edits(for: rewrite), to: text)
        guard let again = try? Self.parse(result, for: dialect.system), again.says(rewrite) else {
            throw .inexpressible(dialect)
        }
        return result
    }

    /// Whether this is what `rewrite` wanted.
    func says(_ rewrite: Rewrite) -> Bool {
        guard pointsAt(rewrite.endpoint.host, rewrite.endpoint.port) else { return false }
        if let wanted = rewrite.database, !isSame(database, wanted) { return false }
        guard let credentials = rewrite.credentials else { return true }
        return isSame(user, credentials.user) && isSame(password, credentials.password)
    }

    /// Byte by byte; absent and empty are the same.
    private func isSame(_ left: String?, _ right: String) -> Bool { (left ?? "").utf8.elementsEqual(right.utf8) }

    private func value(_ kind: Component.Kind) -> String? {
        guard let field = form.fields.last(where: { $0.kind == kind }), !field.value.isEmpty else { return nil }
        return field.value
    }
}
