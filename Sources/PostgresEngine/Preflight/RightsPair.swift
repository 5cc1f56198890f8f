import MigrationCore

/// What the source holds and our role on the target could not make. Needs both servers' answers.
struct RightsPair: Sendable {
    let source: ServerFacts
    let target: ServerFacts
    let roles: Plan.Copy.Roles
    /// Whether our role there may make event triggers.
    let mayCreateEventTriggers: Bool
    /// Names of the source's settings that our role there may not store.
    let refusedSettings: Set<String>
    /// Our role there, quoted.
    let user: String
    /// `host:port` of each.
    let places: (source: String, target: String)

    /// So many objects of a kind are named, the rest is counted.
    private static let namedObjects = 10

    func problems() -> [PreflightProblem] { superuserObjects() + settings() + (roles == .createMissing ? owners() + grantees() : mentions()) }

    private func superuserObjects() -> [PreflightProblem] {
        guard !target.roles.isSuperuser else { return [] }
        let refused = source.superuserObjects.filter { $0.kind != SuperuserObject.eventTrigger || !mayCreateEventTriggers }
        let kinds = Dictionary(grouping: refused) { "\($0.database) on \(places.source) has \($0.kind)" }
        return kinds.sorted { $0.key < $1.key }.map { kind, objects in
            .init(
                reason: .unsupportedObject,
                message:
                    "\(kind) \(Self.list(objects.map(\.identity))), which only a superuser could make on \(places.target): DROP what is not needed, or name a superuser's Secret in spec.target.credentialsSecretRef"
            )
        }
    }

    private func settings() -> [PreflightProblem] {
        source.settings.filter { refusedSettings.contains($0.name) && (roles == .createMissing || $0.role == nil) }.map { setting in
            .init(
                reason: .missingPrivilege,
                message:
                    "\(setting.place) on \(places.source) has setting \(setting.name), which our role may not store on \(places.target): GRANT SET ON PARAMETER \(setting.sql) TO \(user) there (15 and newer), or ALTER \(setting.target) RESET \(setting.sql)"
            )
        }
    }

    private func owners() -> [PreflightProblem] {
        guard !target.roles.isSuperuser else { return [] }
        return source.roleNeeds.ownedBySuperusers.filter { !target.roles.ours.contains($0.key) }.sorted { $0.key < $1.key }.map { role, objects in
            .init(
                reason: .missingPrivilege,
                message:
                    "superuser \(role) of \(places.source) owns \(Self.list(objects)), and our role on \(places.target) could not give them to it: ALTER … OWNER TO a role that is no superuser, or set spec.copy.roles: Skip"
            )
        }
    }

    private func grantees() -> [PreflightProblem] {
        source.roleNeeds.granted.filter { !target.roles.all.contains($0.key) }.sorted { $0.key < $1.key }.map { role, objects in
            .init(
                reason: .missingPrivilege,
                message:
                    "superuser \(role) of \(places.source) is named in the privileges or policies of \(Self.list(objects)) and missing on \(places.target), where no superuser is made: CREATE ROLE \(SQL.identifier(role.text)) there, or REVOKE them"
            )
        }
    }

    private func mentions() -> [PreflightProblem] {
        source.roleNeeds.named.filter { !target.roles.all.contains($0.key) }.sorted { $0.key < $1.key }.map { role, objects in
            .init(
                reason: .missingPrivilege,
                message:
                    "role \(role) is missing on \(places.target), is not made there with spec.copy.roles: Skip, and is named by \(Self.list(objects)) on \(places.source): CREATE ROLE \(SQL.identifier(role.text)) on the target, or drop them"
            )
        }
    }

    private static func list(_ objects: [String]) -> String {
        let named = objects.prefix(namedObjects).joined(separator: ", ")
        return objects.count > namedObjects ? "\(named) and \(objects.count - namedObjects) more" : named
    }
}
