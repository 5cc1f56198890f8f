import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import Synchronization

/// The migration of a run as last seen.
final class MigrationWatch: Sendable {
    private struct Seen {
        var status: DatabaseMigrationStatus?
        var exists = false
        var wasSeen = false
    }

    private let seen = Mutex(Seen())

    var status: DatabaseMigrationStatus? { seen.withLock { $0.status } }
    var phase: String { status?.phase ?? "no phase" }
    /// It was there, and is not any more.
    var isGone: Bool { seen.withLock { $0.wasSeen && !$0.exists } }

    /// How often a phase has been entered.
    func visits(_ phase: Phase) -> Int {
        (status?.timeline ?? []).count { $0.phase == phase.rawValue }
    }

    /// The phases with the seconds spent in each.
    var way: String {
        (status?.timeline ?? []).map { entry in
            let end = entry.finishedAt ?? .now
            let tenths = (end.microsecondsSince1970 - entry.startedAt.microsecondsSince1970) / 100_000
            return "\(entry.phase) \(tenths / 10).\(tenths % 10)"
        }.joined(separator: ", ")
    }

    /// In words, for messages.
    var description: String {
        guard let status else {
            return isGone ? "the migration is gone" : "the migration has no status"
        }
        let conditions = (status.conditions ?? []).map { "\($0.type)=\($0.status)/\($0.reason ?? "")" }
        return
            "phase \(phase), attempt \(status.attempt ?? 0), \(status.message ?? "no message"); \(conditions.joined(separator: " "))"
    }

    /// Follows the cluster until the task is cancelled.
    func follow(_ arena: Arena) async {
        for await output in arena.cluster.client.watch(
            DatabaseMigration.self, namespace: arena.namespace)
        {
            switch output {
            case .replaced(let all, _): set(all.first)
            case .applied(let migration): set(migration)
            case .deleted: set(nil)
            case .unreadable, .interrupted, .resumed: break
            }
        }
    }

    private func set(_ migration: DatabaseMigration?) {
        seen.withLock { seen in
            seen.exists = migration != nil
            seen.wasSeen = seen.wasSeen || seen.exists
            // The last status stays readable after the end.
            if let status = migration?.status { seen.status = status }
        }
    }
}
