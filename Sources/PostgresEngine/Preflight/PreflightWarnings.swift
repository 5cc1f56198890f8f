import MigrationCore
import MigrationPorts

/// What somebody should know before a migration begins and that holds nothing up. Whatever cannot be asked is left out: preflight reports that.
struct PreflightWarnings: Sendable {
    let context: DatabaseContext

    /// So many are named in a message, the rest is counted.
    private static let named = 10

    private var source: Sessions { Sessions(context.source, uid: context.uid) }
    private var target: Sessions { Sessions(context.target, uid: context.uid) }
    private var databases: [String] { context.plan.databases.map(\.name) }

    func read() async -> [PreflightProblem] {
        async let ofRoles = roles()
        async let ofPublications = publications()
        return await ofRoles + ofPublications
    }

    private func roles() async -> [PreflightProblem] {
        guard context.plan.copy.roles == .createMissing else { return [] }
        do {
            let (names, applications) = (databases, context.applicationRoles.map(\.name))
            let wanted = try await source.withMaintenance { try await RoleCatalog(session: $0).roles(databases: names, applications: applications) }
            let present = try await target.withMaintenance { try await TargetRoles.read($0).all }
            return [missing(wanted, present)].compactMap { $0 } + memberships(wanted, present)
        } catch {
            return []
        }
    }

    private func missing(_ wanted: [Role], _ present: Set<ExactName>) -> PreflightProblem? {
        let missing = wanted.map(\.name).filter { !present.contains(ExactName($0)) }
        guard !missing.isEmpty else { return nil }
        return .init(
            reason: .roleMissing,
            message:
                "roles missing on target \(target.server) will be made there, without passwords but for those of connection strings: \(Self.list(missing))"
        )
    }

    private func memberships(_ wanted: [Role], _ present: Set<ExactName>) -> [PreflightProblem] {
        let made = present.union(wanted.map { ExactName($0.name) })
        return wanted.compactMap { role in
            let left = role.memberOf.filter { !made.contains(ExactName($0)) }
            guard !left.isEmpty else { return nil }
            return .init(
                reason: .roleMissing,
                message:
                    "role \(role.name) will not be a member of \(Self.list(left)) on target \(target.server), since that is missing there and not made: CREATE ROLE it there, or grant what it is needed for"
            )
        }
    }

    private func publications() async -> [PreflightProblem] {
        var found: [PreflightProblem] = []
        let (place, isLive) = ("source \(source.server)", context.plan.isLive)
        for name in databases {
            let listed = try? await source.with(database: name) { try await FeedChecks(session: $0, place: place).others(isLive: isLive) }
            guard let listed, !listed.isEmpty else { continue }
            found.append(
                .init(
                    reason: .publicationStays,
                    message:
                        "publications of \(name) on \(place) do not travel, and their subscribers hear nothing of the target: \(Self.list(listed)); let them subscribe to the target after the switch"
                ))
        }
        return found
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(named).joined(separator: ", ")
        return names.count > named ? "\(shown) and \(names.count - named) more" : shown
    }
}
