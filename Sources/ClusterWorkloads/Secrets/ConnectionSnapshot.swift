import ConnectionStrings
import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// Every object that matters to a plan's connections, as read at one moment, and what follows from it. Pure.
struct ConnectionSnapshot: Sendable {
    var plan: Plan
    /// Those which do not exist are absent.
    var holders: [ConnectionHolder.ID: ConnectionHolder]
    /// Our Secrets with the original values, by the object they were taken from.
    var kept: [ConnectionHolder.ID: Secret] = [:]
    /// Of digests, where others write.
    var digestKey: Data?

    /// The objects a plan names, those with connections and those with credentials alike.
    static func names(in plan: Plan) -> Set<ConnectionHolder.ID> {
        var names: Set<ConnectionHolder.ID> = []
        for connection in plan.cutover.connections {
            names.insert(.init(connection.kind, connection.name))
            for secret in [connection.credentials?.name, connection.redis?.password?.name].compactMap(\.self) { names.insert(.init(.secret, secret)) }
        }
        return names
    }

    /// Where all connections together lead.
    /// - Throws: when one is missing, unreadable or leads to a third place: then nobody can say.
    func state() throws(ClusterWorkloadsError) -> SecretsState {
        var sides: Set<Side> = []
        for connection in plan.cutover.connections {
            let route = looking(connection)
            let values = try holder(route).values
            for unit in try units(route) { sides.formUnion(try self.sides(route, unit, values)) }
        }
        guard !sides.isEmpty else {
            // Without connections nothing points at the source; the validator asks for at least one.
            throw ClusterWorkloadsError(.secretMissing, "the plan names no connection strings (spec.cutover.connections)")
        }
        return SecretsState(sides)
    }

    /// For reading where a connection leads. Others may lead it to the target and forget its login: then the applications would be turned away there.
    func looking(_ connection: Plan.Connection) -> ConnectionRoute {
        let login = plan.cutover.isWrittenOutside ? try? credentials(connection, neededFor: .target) : nil
        return ConnectionRoute(connection, plan: plan, targetCredentials: login)
    }

    private func sides(_ route: ConnectionRoute, _ unit: ConnectionUnit, _ values: [String: Data]) throws(ClusterWorkloadsError) -> Set<Side> {
        let entries = try route.entries(unit, try route.read(unit, values))
        return Set(
            zip(entries, try route.standings(unit, entries)).flatMap { entry, standing -> [Side] in
                guard let side = standing?.side else { return [] }
                // Half of the way, in either direction.
                return side == .target && !route.hasLogin(entry, in: unit) ? [.source, .target] : [side]
            })
    }

    /// Where one unit leads; `nil` when nobody can say.
    func state(_ route: ConnectionRoute, _ unit: ConnectionUnit) -> SecretsState? {
        (try? sides(route, unit, holders[route.holder]?.values ?? [:])).map { SecretsState($0) }
    }
}

extension SecretsState {
    fileprivate init(_ sides: Set<Side>) {
        self =
            switch sides {
            case [.target]: .target
            case [.source]: .source
            default: .mixed
            }
    }
}

// MARK: Changing

extension ConnectionSnapshot {
    /// What has to be written so that every connection leads to `side`, in order of the objects' names; empty when they do.
    /// - Throws: before anything is written, if any of them cannot be turned.
    func changes(to side: Side) throws(ClusterWorkloadsError) -> [HolderChange] {
        var changed = side == .source ? restored() : [:]
        for connection in plan.cutover.connections {
            let route = ConnectionRoute(connection, plan: plan, targetCredentials: try credentials(connection, neededFor: side))
            let values = try holder(route).values.merging(changed[route.holder] ?? [:]) { $1 }
            for unit in try units(route, withKept: side == .source) {
                let new =
                    side == .target
                    ? try route.forward(unit, values) : try route.back(unit, values, originals: kept[route.holder]?.data ?? [:])
                changed[route.holder, default: [:]].merge(new) { $1 }
            }
        }
        return changed.keys.sorted().compactMap { id in
            guard let holder = holders[id] else { return nil }
            let values = (changed[id] ?? [:]).filter { holder.values[$0.key] != $0.value }
            return values.isEmpty ? nil : HolderChange(holder: holder, values: values)
        }
    }

    /// Original bytes, where those that are there now are what we made of them.
    private func restored() -> [ConnectionHolder.ID: [String: Data]] {
        var restored: [ConnectionHolder.ID: [String: Data]] = [:]
        for (id, secret) in kept {
            guard let holder = holders[id], let originals = secret.data else { continue }
            var ours = holder.values.merging(originals) { $1 }
            for connection in plan.cutover.connections where ConnectionHolder.ID(connection.kind, connection.name) == id {
                let credentials = (try? credentials(connection, neededFor: .source)).flatMap(\.self)
                let route = ConnectionRoute(connection, plan: plan, targetCredentials: credentials)
                // What could not be written forward was not written by us, and is no reason to stop on the way back.
                for unit in (try? units(route, withKept: true)) ?? [] {
                    if let new = try? route.forward(unit, ours) { ours.merge(new) { $1 } }
                }
            }
            restored[id] = originals.filter { holder.values[$0.key] == ours[$0.key] && ours[$0.key] != $0.value }
        }
        return restored
    }
}

// MARK: Looking up

extension ConnectionSnapshot {
    func holder(_ route: ConnectionRoute) throws(ClusterWorkloadsError) -> ConnectionHolder {
        if let holder = holders[route.holder] { return holder }
        let remedy =
            kept[route.holder].map { "create it again; its original values are kept in Secret \($0.name)" }
            ?? "create it, or correct spec.cutover.connections"
        throw ClusterWorkloadsError(.secretMissing, "\(route.holder) does not exist in this namespace; \(remedy)")
    }

    /// The texts of one connection, in order of the keys.
    /// - Parameter withKept: those too whose keys are gone but were kept.
    /// - Throws: when a pattern names no key. A key that is named and missing is found by who reads it.
    func units(_ route: ConnectionRoute, withKept: Bool = false) throws(ClusterWorkloadsError) -> [ConnectionUnit] {
        switch route.connection.place {
        case .parts(let parts): return [ConnectionUnit(parts, defaultPort: route.connection.redis == nil ? 5432 : 6379)]
        case .keys(let patterns):
            var present = Set(try holder(route).values.keys)
            if withKept { present.formUnion(kept[route.holder]?.data?.keys.map(\.self) ?? []) }
            var keys: Set<String> = []
            for pattern in patterns {
                let matching = KeyPattern(pattern).matches(in: present)
                if matching.isEmpty { throw route.missingKey(pattern) }
                keys.formUnion(matching)
            }
            return keys.sorted().map { ConnectionUnit(key: $0) }
        }
    }

    /// The other credentials a connection asks for; `nil` when it keeps its own.
    ///
    /// On the way back they only tell our own writing from others', so there their absence does not stop us.
    func credentials(_ connection: Plan.Connection, neededFor side: Side) throws(ClusterWorkloadsError) -> ConnectionString.Credentials? {
        if let reference = connection.redis?.password {
            if let password = text(reference.name, reference.key) { return .init(user: "", password: password) }
            if side == .source { return nil }
            throw ClusterWorkloadsError(
                .secretMissing, "Secret \(reference.name), key \(reference.key), named as password of Redis, does not exist; create it")
        }
        guard let reference = connection.credentials else { return nil }
        let user = text(reference.name, reference.usernameKey)
        if let user, let password = text(reference.name, reference.passwordKey), !user.isEmpty { return .init(user: user, password: password) }
        if side == .source { return nil }
        let exists = holders[.init(.secret, reference.name)] != nil
        let what = exists ? "lacks the keys \(reference.usernameKey) and \(reference.passwordKey)" : "does not exist"
        throw ClusterWorkloadsError(
            .secretMissing, "Secret \(reference.name), named as credentials for \(connection.object), \(what); create it with a user and a password")
    }

    private func text(_ secret: String, _ key: String) -> String? {
        holders[.init(.secret, secret)]?.values[key].flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// A key of an object, `*` in it standing for any characters.
struct KeyPattern: Sendable {
    private let pieces: [Substring]

    init(_ text: String) { pieces = text.split(separator: "*", omittingEmptySubsequences: false) }

    /// A plain key matches itself, whether or not it is there: who reads it says that it is missing.
    func matches(in keys: Set<String>) -> [String] {
        pieces.count == 1 ? [String(pieces[0])] : keys.filter(matches)
    }

    private func matches(_ key: String) -> Bool {
        guard let first = pieces.first, let last = pieces.last, key.hasPrefix(first) else { return false }
        var rest = key.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
