import MigrationCore
import MigrationPorts

/// Whether our own sessions get through the door that a fence closes.
///
/// A closed database has `CONNECTION LIMIT 0`, and our sessions there are walsenders. Since the minor releases of February 2025 a server counts only
/// ordinary sessions against the limit; before, it counts walsenders as well, and lets an apply worker in only when nobody else is there. Superusers
/// pass on all of them. A role that does not would close the door on itself, and could not even undo the fence.
enum ClosedDoor {
    /// By major: the first minor release that counts ordinary sessions only. All of 18 and newer do.
    private static let firstMinors = [13: 19, 14: 16, 15: 11, 16: 7, 17: 3]

    /// The release to update to; `nil` when a server of this version lets everybody of ours in.
    /// - Parameter version: `server_version_num`
    static func remedy(version: Int) -> String? {
        let (major, minor) = (version / 10_000, version % 100)
        guard let first = firstMinors[major], minor < first else { return nil }
        return "\(major).\(first)"
    }

    /// - Parameters:
    ///   - place: side and server, as a message names it.
    ///   - roles: whoever of ours opens sessions behind the door, or applies rows there.
    static func problems(_ session: PostgresConnection, place: String, roles: Set<String>) async throws -> [PreflightProblem] {
        let row = try await session.rows(
            """
            SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS shown,
            (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles WHERE NOT rolsuper AND rolname IN \(SQL.list(roles.sorted()))) AS shut_out
            """, attempt: "check who gets through a closed door"
        ).first
        guard let row, let shutOut = row["shut_out"], let wanted = remedy(version: Int(row.integer("version") ?? 0)) else { return [] }
        let shown = row.text("shown").split(separator: " ").first ?? ""
        return [
            .init(
                reason: .versionUnsupported,
                message:
                    "\(place) runs PostgreSQL \(shown), which would shut \(shutOut) out of a fenced database: update it to \(wanted) or newer, or name Secrets of superusers"
            )
        ]
    }
}

extension ServerAccess {
    /// Our roles that need to enter a fenced database there: ours, the subscription's, and the one the other server logs in with.
    var rolesBehindTheDoor: Set<String> { Set([user, subscriber?.user, replicator?.user].compactMap { $0 }) }
}
