import ConnectionStrings
import FoundationEssentials
import MigrationCore

/// The two places one connection of the plan may lead to, and how to turn it from one to the other. Pure.
struct ConnectionRoute: Sendable {
    /// Where an entry leads.
    struct Standing: Sendable, Hashable {
        var side: Side
        /// `nil` for Redis, and for a line of `.pgpass` that is for any database.
        var database: Plan.Database?
    }

    let connection: Plan.Connection
    let source: ConnectionString.Endpoint
    let target: ConnectionString.Endpoint
    /// All of the plan's.
    let databases: [Plan.Database]
    /// The login with which the target is entered; `nil` keeps user and password as they are.
    let targetCredentials: ConnectionString.Credentials?

    init(_ connection: Plan.Connection, plan: Plan, targetCredentials: ConnectionString.Credentials?) {
        self.connection = connection
        self.databases = plan.databases
        self.source = .init(host: plan.source.host, port: plan.source.port)
        self.target =
            connection.redis.map { .init(host: $0.host, port: $0.port) } ?? .init(host: plan.target.host, port: plan.target.port)
        self.targetCredentials = targetCredentials
    }

    var system: DatabaseSystem { connection.redis == nil ? .postgreSQL : .redis }
    var holder: ConnectionHolder.ID { .init(connection.kind, connection.name) }

    /// Credentials are for Secrets: a ConfigMap is no place for a password.
    func writes(credentialsInto unit: ConnectionUnit) -> Bool { connection.kind == .secret && unit.holdsLogin }

    /// Whether an entry has the login that it needs on the target; true where any will do.
    func hasLogin(_ entry: ConnectionText.Entry, in unit: ConnectionUnit) -> Bool {
        guard let wanted = targetCredentials, writes(credentialsInto: unit) else { return true }
        return entry.password == wanted.password && (connection.redis != nil || entry.user == wanted.user)
    }
}

// MARK: Reading

extension ConnectionRoute {
    /// - Throws: never with any part of a value.
    func read(_ unit: ConnectionUnit, _ values: [String: Data]) throws(ClusterWorkloadsError) -> ConnectionText {
        var texts: [String: String] = [:]
        for key in unit.keys {
            guard let value = values[key] else { throw missingKey(key) }
            guard let text = String(validating: value, as: UTF8.self) else {
                throw ClusterWorkloadsError(
                    .connectionStringInvalid, "\(place(key)): the value is not UTF-8 text; name another key or correct the value")
            }
            texts[key] = text
        }
        do {
            return try ConnectionText(unit, texts, for: system)
        } catch {
            throw invalid(unit, error)
        }
    }

    func entries(_ unit: ConnectionUnit, _ text: ConnectionText) throws(ClusterWorkloadsError) -> [ConnectionText.Entry] {
        do {
            return try text.entries()
        } catch {
            throw invalid(unit, error)
        }
    }

    /// Where each entry leads; `nil` for one that a document holds beside ours and that has nothing to do with this migration.
    /// - Throws: when none is ours, or one of them leads to a place that nobody can mean.
    func standings(_ unit: ConnectionUnit, _ entries: [ConnectionText.Entry]) throws(ClusterWorkloadsError) -> [Standing?] {
        var standings: [Standing?] = []
        for entry in entries {
            let standing = standing(of: entry)
            guard standing != nil || entries.count > 1 && isForeign(entry) else { throw elsewhere(unit, entry) }
            standings.append(standing)
        }
        guard standings.contains(where: { $0 != nil }) else { throw elsewhere(unit, entries[0]) }
        let former = zip(entries, standings).filter { $1?.side == .source }.map { Set($0.0.hosts) }
        if connection.redis != nil, Set(former).count > 1 {
            throw ClusterWorkloadsError(
                .connectionElsewhere,
                "\(place(unit)) leads to several Redis servers, and one of them cannot be told from the other; give each a key of its own, or turn it by hand"
            )
        }
        return standings
    }

    func standing(of entry: ConnectionText.Entry) -> Standing? {
        guard connection.redis == nil else { return Standing(side: leads(entry, to: target) ? .target : .source, database: nil) }
        for side in Side.allCases where leads(entry, to: side == .source ? source : target) {
            if entry.isForAnyDatabase { return Standing(side: side, database: nil) }
            let candidates = databases.filter { connection.database == nil || $0.name == connection.database }
            // Keys apart may leave the database to whoever reads them.
            guard let name = entry.database else { return candidates.count == 1 ? Standing(side: side, database: candidates[0]) : nil }
            if let database = candidates.first(where: { $0.name(on: side) == name }) { return Standing(side: side, database: database) }
        }
        return nil
    }

    private func leads(_ entry: ConnectionText.Entry, to endpoint: ConnectionString.Endpoint) -> Bool {
        entry.hosts.allSatisfy { entry.covers(endpoint, by: $0) }
    }

    /// Wholly on other servers, or on ours with a database this migration does not move.
    private func isForeign(_ entry: ConnectionText.Entry) -> Bool {
        let ours = entry.hosts.filter { host in [source, target].contains { entry.covers($0, by: host) } }
        if ours.isEmpty { return true }
        return ours.count == entry.hosts.count && !databases.contains { $0.name == entry.database || $0.targetName == entry.database }
    }
}

extension ConnectionText.Entry {
    /// Whether one of its hosts is this server.
    fileprivate func covers(_ endpoint: ConnectionString.Endpoint, by host: ConnectionString.Endpoint) -> Bool {
        host.host.lowercased() == endpoint.host.lowercased() && (isForAnyPort || host.port == endpoint.port)
    }
}

// MARK: Writing

extension ConnectionRoute {
    /// What to write so that the unit leads to the target; empty when it does already.
    /// - Throws: when it leads to a third place, which we must not redirect.
    func forward(_ unit: ConnectionUnit, _ values: [String: Data]) throws(ClusterWorkloadsError) -> [String: Data] {
        let text = try read(unit, values)
        let entries = try self.entries(unit, text)
        let standings = try self.standings(unit, entries)
        let changes = zip(entries, standings).map { entry, standing -> ConnectionText.Change? in
            guard let standing, standing.side == .source || !hasLogin(entry, in: unit) else { return nil }
            let credentials = writes(credentialsInto: unit) ? targetCredentials.map { login($0, in: entry) } : nil
            return ConnectionText.Change(
                endpoint: target, database: database(standing.database, .target, in: entry, credentials), credentials: credentials)
        }
        return try write(unit, text, changes)
    }

    /// What to write so that it leads to the source again; empty when it does already.
    ///
    /// A value somebody changed after the switch (a rotated password) keeps that change, and only its server and database turn back. What is as we wrote
    /// it was put back byte for byte before, see ``ConnectionSnapshot``.
    /// - Parameter originals: the values kept before our first change.
    func back(_ unit: ConnectionUnit, _ values: [String: Data], originals: [String: Data]) throws(ClusterWorkloadsError) -> [String: Data] {
        let before = values.merging(originals) { $1 }
        let kept = (try? read(unit, before)).flatMap { try? self.entries(unit, $0) }?.filter { standing(of: $0)?.side == .source } ?? []
        let originals = kept.isEmpty ? [:] : originals.filter { unit.keys.contains($0.key) }
        let text: ConnectionText
        do {
            text = try read(unit, values)
        } catch {
            // Nothing can be saved from what is gone or no connection string.
            guard !originals.isEmpty else { throw error }
            return originals
        }
        let entries = try self.entries(unit, text)
        var changes: [ConnectionText.Change?] = []
        for entry in entries {
            let standing = standing(of: entry)
            if standing?.side == .source || standing == nil && entries.count > 1 {
                changes.append(nil)
            } else {
                changes.append(try back(unit, entry, standing, kept.first { $0.name == entry.name }))
            }
        }
        return try write(unit, text, changes)
    }

    private func back(
        _ unit: ConnectionUnit, _ entry: ConnectionText.Entry, _ standing: Standing?, _ kept: ConnectionText.Entry?
    ) throws(ClusterWorkloadsError) -> ConnectionText.Change {
        // Credentials we wrote belong to the target, so the original's return with the source.
        var credentials: ConnectionString.Credentials?
        if targetCredentials != nil, writes(credentialsInto: unit), let password = kept?.password, kept?.user != nil || connection.redis != nil {
            credentials = .init(user: kept?.user ?? "", password: password)
        }
        guard connection.redis != nil else {
            let database = standing?.database ?? databases.first { $0.name == connection.database }
            return .init(endpoint: source, database: self.database(database, .source, in: entry, credentials), credentials: credentials)
        }
        guard let kept, kept.hosts.count == 1 else {
            throw ClusterWorkloadsError(
                .secretMissing,
                "\(place(unit)) was changed after the switch, and where it led before it cannot be told from it: write its former hosts there")
        }
        return .init(endpoint: kept.hosts[0], credentials: credentials)
    }

    /// The name to write; `nil` where the entry has it already. Without one, the server takes the user's.
    private func database(
        _ database: Plan.Database?, _ side: Side, in entry: ConnectionText.Entry, _ credentials: ConnectionString.Credentials?
    ) -> String? {
        guard let database, connection.redis == nil else { return nil }
        let name = database.name(on: side)
        guard let written = entry.database else { return database.name == database.targetName ? nil : name }
        let isImplied = written == entry.user && credentials.map { $0.user != entry.user } == true
        return written == name && !isImplied ? nil : name
    }

    /// Redis may know its user by another name than we were told.
    private func login(_ credentials: ConnectionString.Credentials, in entry: ConnectionText.Entry) -> ConnectionString.Credentials {
        connection.redis == nil ? credentials : .init(user: entry.user ?? "", password: credentials.password)
    }

    private func write(_ unit: ConnectionUnit, _ text: ConnectionText, _ changes: [ConnectionText.Change?]) throws(ClusterWorkloadsError) -> [String:
        Data]
    {
        do {
            return try text.rewriting(changes)
        } catch {
            throw invalid(unit, error)
        }
    }
}

// MARK: Saying what is wrong

extension ConnectionRoute {
    private func invalid(_ unit: ConnectionUnit, _ error: ConnectionStringError) -> ClusterWorkloadsError {
        ClusterWorkloadsError(.connectionStringInvalid, "\(place(unit)): \(error)")
    }

    func elsewhere(_ unit: ConnectionUnit, _ entry: ConnectionText.Entry) -> ClusterWorkloadsError {
        let hosts = entry.hosts.map(describe).joined(separator: ",")
        let count = entry.hosts.count > 1 ? " (\(entry.hosts.count) hosts, where one is expected)" : ""
        let entryName = entry.name.isEmpty ? "" : ", \(entry.name)"
        let names = databases.filter { connection.database == nil || $0.name == connection.database }
        let expected = { (endpoint: ConnectionString.Endpoint, side: Side) in
            "\(describe(endpoint)), database \(names.map { $0.name(on: side) }.joined(separator: " or "))"
        }
        return ClusterWorkloadsError(
            .connectionElsewhere,
            "\(place(unit))\(entryName) leads to \(hosts)\(count), database \(entry.database ?? "(none)"), but expected is the source "
                + "\(expected(source, .source)) or the target \(expected(target, .target)); "
                + "correct the value, or name the right key and database in spec.cutover.connections")
    }

    func missingKey(_ key: String) -> ClusterWorkloadsError {
        ClusterWorkloadsError(
            .secretMissing, "\(place(key)): the \(connection.kind.rawValue) has no such key; add it, or correct spec.cutover.connections")
    }

    /// How messages name it.
    func place(_ unit: ConnectionUnit) -> String { place(unit.keys.joined(separator: ", ")) }

    func place(_ key: String) -> String { "\(connection.object), key \(key)" }

    private func describe(_ place: ConnectionString.Endpoint) -> String {
        place.host.contains(":") ? "[\(place.host)]:\(place.port)" : "\(place.host):\(place.port)"
    }
}

extension Plan.Database {
    func name(on side: Side) -> String { side == .source ? name : targetName }
}
