import ConnectionStrings
import FoundationEssentials
import MigrationCore

/// The two places one connection string of the plan may lead to, and how to turn it from one to the other. Pure.
struct ConnectionRoute: Sendable {
    struct Place: Sendable, Hashable {
        var endpoint: ConnectionString.Endpoint
        var database: String
    }

    let secret: Plan.SecretKey
    let source: Place
    let target: Place
    /// Written on the way to the target; `nil` keeps user and password as they are.
    let targetCredentials: ConnectionString.Credentials?

    init(_ connection: Plan.Connection, plan: Plan, targetCredentials: ConnectionString.Credentials?) {
        let database = plan.databases.first { $0.name == connection.database } ?? Plan.Database(name: connection.database)
        self.secret = connection.secret
        self.source = Place(endpoint: .init(host: plan.source.host, port: plan.source.port), database: database.name)
        self.target = Place(endpoint: .init(host: plan.target.host, port: plan.target.port), database: database.targetName)
        self.targetCredentials = targetCredentials
    }

    subscript(side: Side) -> Place { side == .source ? source : target }

    /// `nil` when it leads to neither.
    func side(of string: ConnectionString) -> Side? {
        Side.allCases.first { side in
            let place = self[side]
            return string.pointsAt(place.endpoint.host, place.endpoint.port) && (string.database ?? string.user) == place.database
        }
    }

    /// The text leading to `side`; only what has to differ differs.
    /// - Throws: when the string's dialect cannot hold the credentials.
    func rewrite(_ string: ConnectionString, to side: Side, credentials: ConnectionString.Credentials?) throws(ClusterWorkloadsError) -> String {
        let place = self[side]
        // Without a database name the server takes the user's.
        let database = string.database ?? credentials?.user ?? string.user
        do {
            return try string.rewriting(
                endpoint: place.endpoint, database: database == place.database ? nil : place.database, credentials: credentials)
        } catch {
            throw invalid(error)
        }
    }
}

extension ConnectionRoute {
    /// What to write so that `current` leads to the target; `nil` when it does already.
    /// - Throws: when it leads to a third place, which we must not redirect.
    func forward(_ current: Data) throws(ClusterWorkloadsError) -> Data? {
        let string = try read(current)
        switch side(of: string) {
        case .target: return nil
        case .source: return Data(try rewrite(string, to: .target, credentials: targetCredentials).utf8)
        case nil: throw elsewhere(string)
        }
    }

    /// What to write so that it leads to the source again; `nil` when it does already.
    ///
    /// The original's bytes come back only where they were ours to replace: a value somebody changed meanwhile (a rotated password) keeps
    /// that change and only its server and database turn back.
    /// - Parameters:
    ///   - current: `nil` when somebody removed the key.
    ///   - original: the value kept before our first change, if any.
    func back(_ current: Data?, original: Data?) throws(ClusterWorkloadsError) -> Data? {
        let kept = original.flatMap { try? read($0) }.flatMap { side(of: $0) == .source ? $0 : nil }
        guard let current else {
            guard let original, kept != nil else { throw missingKey }
            return original
        }
        // What could not be written forward was not written by us, and is no reason to stop on the way back.
        let ours = kept.flatMap { try? rewrite($0, to: .target, credentials: targetCredentials) }
        if let ours, let original, Data(ours.utf8) == current { return original }
        let string: ConnectionString
        do {
            string = try read(current)
        } catch {
            // Nothing can be saved from a value that is no connection string.
            guard let original, kept != nil else { throw error }
            return original
        }
        if side(of: string) == .source { return nil }
        return Data(try rewrite(string, to: .source, credentials: originalCredentials(kept)).utf8)
    }

    /// Credentials we wrote belong to the target, so the original's return with the source.
    private func originalCredentials(_ kept: ConnectionString?) -> ConnectionString.Credentials? {
        guard targetCredentials != nil, let kept, let user = kept.user, let password = kept.password else { return nil }
        return .init(user: user, password: password)
    }
}

extension ConnectionRoute {
    /// - Throws: never with any part of the value.
    func read(_ value: Data) throws(ClusterWorkloadsError) -> ConnectionString {
        guard let text = String(validating: value, as: UTF8.self) else {
            throw ClusterWorkloadsError(.connectionStringInvalid, "\(place): the value is not UTF-8 text; name another key or correct the value")
        }
        do {
            return try ConnectionString.parse(text)
        } catch {
            throw invalid(error)
        }
    }

    private func invalid(_ error: ConnectionStringError) -> ClusterWorkloadsError {
        ClusterWorkloadsError(.connectionStringInvalid, "\(place): \(error)")
    }

    func elsewhere(_ string: ConnectionString) -> ClusterWorkloadsError {
        let hosts = string.hosts.map { describe($0.name, $0.port ?? ConnectionString.Endpoint.defaultPort) }.joined(separator: ",")
        let count = string.hosts.count > 1 ? " (\(string.hosts.count) hosts, where one is expected)" : ""
        let database = string.database ?? string.user ?? "(none)"
        return ClusterWorkloadsError(
            .connectionElsewhere,
            "\(place) leads to \(hosts)\(count), database \(database), but expected is the source \(describe(source)) or the target \(describe(target)); "
                + "correct the value, or name the right key and database in spec.cutover.connections")
    }

    var missingKey: ClusterWorkloadsError {
        ClusterWorkloadsError(.secretMissing, "\(place): the Secret has no such key; add it, or correct spec.cutover.connections")
    }

    /// How messages name it.
    var place: String { "Secret \(secret.name), key \(secret.key)" }

    private func describe(_ place: Place) -> String { "\(describe(place.endpoint.host, place.endpoint.port)), database \(place.database)" }

    private func describe(_ host: String, _ port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
