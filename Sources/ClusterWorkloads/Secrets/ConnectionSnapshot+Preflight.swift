import ConnectionStrings
import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

extension ConnectionSnapshot {
    /// A login that a connection names without its password: another one may know it.
    private struct OpenLogin {
        var user: String?
        var database: String
        var place: String
    }

    /// The roles of all connections that can be read, and everything that is wrong with the others.
    func roles() -> ApplicationRoles {
        var result = ApplicationRoles(roles: [], problems: [])
        var open: [OpenLogin] = []
        var owners: [String: Int] = [:]
        for (index, connection) in plan.cutover.connections.enumerated() {
            do throws(ClusterWorkloadsError) {
                let route = ConnectionRoute(connection, plan: plan, targetCredentials: try credentials(connection, neededFor: .target))
                let values = try holder(route).values
                for unit in try units(route) {
                    try claim(route, unit, index, &owners)
                    let text = try route.read(unit, values)
                    let entries = try route.entries(unit, text)
                    let standings = try route.standings(unit, entries)
                    // What could not be written is found now, not in the write pause.
                    _ = try route.forward(unit, values)
                    if connection.redis != nil { try refuseMoved(route, unit, standings) }
                    for (entry, standing) in zip(entries, standings) where connection.redis == nil {
                        for database in standing.map({ $0.database.map { [$0] } ?? plan.databases }) ?? [] {
                            try note(route, unit, entry, database, &result, &open)
                        }
                    }
                }
            } catch {
                result.problems.append(PreflightProblem(error))
            }
        }
        for login in open where !result.roles.contains(where: { $0.name == login.user && $0.database == login.database }) {
            result.problems.append(
                PreflightProblem(
                    reason: .connectionStringInvalid,
                    message: "\(login.place): the connection string has no user or no password, so its login cannot be prepared on the target; "
                        + "add them, or set credentials.secretRef of this connection"))
        }
        result.problems += contradictions(result.roles) + immutableObjects
        result.warnings = ownershipWarnings
        return result
    }

    private func note(
        _ route: ConnectionRoute, _ unit: ConnectionUnit, _ entry: ConnectionText.Entry, _ database: Plan.Database, _ result: inout ApplicationRoles,
        _ open: inout [OpenLogin]
    ) throws(ClusterWorkloadsError) {
        if let login = route.targetCredentials {
            if !route.writes(credentialsInto: unit), let user = entry.user, user != login.user {
                throw ClusterWorkloadsError(
                    .connectionStringInvalid,
                    "\(route.place(unit)) logs in as \(user), and credentials.secretRef, which is not written into a \(route.connection.kind.rawValue), "
                        + "says \(login.user); make them equal")
            }
            result.add(ApplicationRole(name: login.user, password: Redacted(login.password), database: database.name))
        } else if let user = entry.user, let password = entry.password {
            result.add(ApplicationRole(name: user, password: Redacted(password), database: database.name))
        } else {
            open.append(OpenLogin(user: entry.user, database: database.name, place: route.place(unit)))
        }
    }

    /// Where it led before could not be told afterwards.
    private func refuseMoved(
        _ route: ConnectionRoute, _ unit: ConnectionUnit, _ standings: [ConnectionRoute.Standing?]
    ) throws(ClusterWorkloadsError) {
        guard !plan.cutover.isWrittenOutside, standings.contains(where: { $0?.side == .target }) else { return }
        throw ClusterWorkloadsError(
            .connectionElsewhere, "\(route.place(unit)) leads to the new Redis already; remove it from spec.cutover.connections, or correct the value"
        )
    }

    /// One value is rewritten once for each kind of server.
    private func claim(_ route: ConnectionRoute, _ unit: ConnectionUnit, _ index: Int, _ owners: inout [String: Int]) throws(ClusterWorkloadsError) {
        for key in unit.keys {
            let owner = owners.updateValue(index, forKey: "\(route.holder) \(key) \(route.system.rawValue)")
            guard let owner, owner != index else { continue }
            throw ClusterWorkloadsError(
                .connectionStringInvalid,
                "\(route.place(key)) is named by spec.cutover.connections[\(owner)] and [\(index)]; narrow one of them, or leave out database in a single one "
                    + "where a document holds strings of several databases")
        }
    }

    /// A role has one password on the target, so two of them cannot both be right.
    private func contradictions(_ roles: [ApplicationRole]) -> [PreflightProblem] {
        let byName = Dictionary(grouping: roles, by: \.name).filter { Set($0.value.map(\.password)).count > 1 }
        return byName.sorted { $0.key < $1.key }.map { name, roles in
            PreflightProblem(
                reason: .connectionStringInvalid,
                message: "the connection strings of databases \(roles.map(\.database).joined(separator: ", ")) log in as role \(name) "
                    + "with different passwords; correct the one that is out of date")
        }
    }

    /// Whoever writes them from outside replaces them as a whole, which is allowed.
    private var immutableObjects: [PreflightProblem] {
        guard !plan.cutover.isWrittenOutside else { return [] }
        let names = Set(plan.cutover.connections.map { ConnectionHolder.ID($0.kind, $0.name) })
        return names.sorted().filter { holders[$0]?.isImmutable == true }.map { id in
            PreflightProblem(
                reason: .unsupportedObject,
                message: "\(id) is immutable, so its connection strings cannot be switched; replace it by one without immutable: true, "
                    + "or replace it yourself in the write pause with spec.cutover.secretWriter: External")
        }
    }
}

extension ApplicationRoles {
    /// Many strings may log in alike.
    fileprivate mutating func add(_ role: ApplicationRole) {
        if !roles.contains(role) { roles.append(role) }
    }
}
