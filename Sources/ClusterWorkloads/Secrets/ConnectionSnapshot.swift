import ConnectionStrings
import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// Every Secret that matters to a plan's connections, as read at one moment, and what follows from it. Pure.
struct ConnectionSnapshot: Sendable {
    var plan: Plan
    /// By name; those which do not exist are absent.
    var secrets: [String: Secret]
    /// Our Secrets with the original values, by the name of the Secret they were taken from.
    var kept: [String: Secret] = [:]

    /// The Secrets a plan names, connection strings and credentials alike.
    static func names(in plan: Plan) -> Set<String> {
        Set(plan.cutover.connections.flatMap { [$0.secret.name] + ($0.credentials.map { [$0.name] } ?? []) })
    }

    /// Where all connection strings together point.
    /// - Throws: when one is missing, unreadable or leads to a third place: then nobody can say.
    func state() throws(ClusterWorkloadsError) -> SecretsState {
        var sides: Set<Side> = []
        for connection in plan.cutover.connections {
            let route = ConnectionRoute(connection, plan: plan, targetCredentials: nil)
            let string = try route.read(value(route))
            guard let side = route.side(of: string) else { throw route.elsewhere(string) }
            sides.insert(side)
        }
        return switch sides {
        case [.target]: .target
        case [.source]: .source
        // Without connection strings nothing points at the source; the validator asks for at least one.
        case []: throw ClusterWorkloadsError(.secretMissing, "the plan names no connection strings (spec.cutover.connections)")
        default: .mixed
        }
    }

    /// What has to be written so that every connection string leads to `side`, in order of the Secrets' names; empty when they do.
    /// - Throws: before anything is written, if any of them cannot be turned.
    func changes(to side: Side) throws(ClusterWorkloadsError) -> [SecretChange] {
        var changes: [String: SecretChange] = [:]
        for connection in plan.cutover.connections {
            let credentials = try credentials(connection, neededFor: side)
            let route = ConnectionRoute(connection, plan: plan, targetCredentials: credentials)
            let secret = try secret(route)
            let current = secret.data?[connection.secret.key]
            let new: Data?
            switch side {
            case .target: new = try route.forward(value(route))
            case .source: new = try route.back(current, original: kept[secret.name]?.data?[connection.secret.key])
            }
            guard let new, new != current else { continue }
            changes[secret.name, default: SecretChange(secret: secret)].values[connection.secret.key] = new
        }
        return changes.values.sorted { $0.secret.name < $1.secret.name }
    }
}

extension ConnectionSnapshot {
    /// The roles of all connection strings that can be read, and what is wrong with the others.
    func roles() -> ApplicationRoles {
        var result = ApplicationRoles(roles: [], problems: [])
        for connection in plan.cutover.connections {
            do throws(ClusterWorkloadsError) {
                let credentials = try credentials(connection, neededFor: .target)
                let route = ConnectionRoute(connection, plan: plan, targetCredentials: credentials)
                let string = try route.read(value(route))
                if route.side(of: string) == nil { throw route.elsewhere(string) }
                result.roles.append(try role(connection, route, string))
            } catch {
                result.problems.append(PreflightProblem(error))
            }
        }
        result.problems += contradictions(result.roles) + immutableSecrets
        return result
    }

    private func role(
        _ connection: Plan.Connection, _ route: ConnectionRoute, _ string: ConnectionString
    ) throws(ClusterWorkloadsError) -> ApplicationRole {
        guard let user = route.targetCredentials?.user ?? string.user, let password = route.targetCredentials?.password ?? string.password else {
            throw ClusterWorkloadsError(
                .connectionStringInvalid,
                "\(route.place): the connection string has no user or no password, so its login cannot be prepared on the target; "
                    + "add them, or set credentials.secretRef of this connection")
        }
        return ApplicationRole(name: user, password: Redacted(password), database: connection.database)
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

    private var immutableSecrets: [PreflightProblem] {
        Set(plan.cutover.connections.map(\.secret.name)).sorted().filter { secrets[$0]?.immutable == true }.map { name in
            PreflightProblem(
                reason: .unsupportedObject,
                message: "Secret \(name) is immutable, so its connection strings cannot be switched; replace it by one without immutable: true")
        }
    }
}

extension ConnectionSnapshot {
    private func secret(_ route: ConnectionRoute) throws(ClusterWorkloadsError) -> Secret {
        if let secret = secrets[route.secret.name] { return secret }
        let remedy =
            kept[route.secret.name].map { "create it again; its original values are kept in Secret \($0.name)" }
            ?? "create it, or correct spec.cutover.connections"
        throw ClusterWorkloadsError(.secretMissing, "Secret \(route.secret.name) does not exist in this namespace; \(remedy)")
    }

    private func value(_ route: ConnectionRoute) throws(ClusterWorkloadsError) -> Data {
        guard let value = try secret(route).data?[route.secret.key] else { throw route.missingKey }
        return value
    }

    /// The other credentials a connection asks for; `nil` when it keeps its own.
    ///
    /// On the way back they only tell our own writing from others', so there their absence does not stop us.
    private func credentials(_ connection: Plan.Connection, neededFor side: Side) throws(ClusterWorkloadsError) -> ConnectionString.Credentials? {
        guard let reference = connection.credentials else { return nil }
        let data = secrets[reference.name]?.data ?? [:]
        let user = data[reference.usernameKey].flatMap { String(validating: $0, as: UTF8.self) }
        let password = data[reference.passwordKey].flatMap { String(validating: $0, as: UTF8.self) }
        if let user, let password, !user.isEmpty { return .init(user: user, password: password) }
        if side == .source { return nil }
        let what = secrets[reference.name] == nil ? "does not exist" : "lacks the keys \(reference.usernameKey) and \(reference.passwordKey)"
        throw ClusterWorkloadsError(
            .secretMissing,
            "Secret \(reference.name), named as credentials for database \(connection.database), \(what); create it with a user and a password")
    }
}

/// New values for some keys of one Secret.
struct SecretChange: Sendable {
    /// As it was read; its resourceVersion is the precondition.
    var secret: Secret
    var values: [String: Data] = [:]

    /// The values about to be replaced.
    var originals: [String: Data] { (secret.data ?? [:]).filter { values[$0.key] != nil } }

    /// A merge patch of our keys only.
    var patch: JSONValue { .object(["data": .object(values.mapValues { .string($0.base64EncodedString()) })]) }
}
