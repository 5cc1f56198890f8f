import KubernetesClient
import KubernetesModel
import MigrationAPI
import Synchronization

/// The migration as last seen.
final class CurrentMigration: Sendable {
    private let latest = Mutex<DatabaseMigrationStatus?>(nil)

    var status: DatabaseMigrationStatus? { latest.withLock { $0 } }
    var phase: String { status?.phase ?? "Unknown" }

    /// Follows the cluster until the task is cancelled.
    func follow(_ client: KubernetesClient) async {
        for await output in client.watch(DatabaseMigration.self, namespace: StagingNames.namespace) {
            switch output {
            case .replaced(let all, _): set(all.first { $0.name == StagingNames.migration }?.status)
            case .applied(let migration) where migration.name == StagingNames.migration: set(migration.status)
            case .applied, .deleted, .unreadable, .interrupted, .resumed: break
            }
        }
    }

    /// Why it will not go on by itself; nobody is there to help it.
    var obstacle: String? {
        guard let status else { return nil }
        let isWaiting = status[.stalled]?.status == "True" || status[.reconciling]?.reason == "AwaitingApproval"
        return isWaiting ? status.message ?? "no message" : nil
    }

    /// The write pause in milliseconds: as measured, or so far while it lasts.
    func pause(at now: MicroTime) -> Int64? {
        guard let cutover = status?.cutover else { return nil }
        if let measured = cutover.pauseMilliseconds { return measured }
        return cutover.startedAt.map { max(0, (now.microsecondsSince1970 - $0.microsecondsSince1970) / 1000) }
    }

    private func set(_ status: DatabaseMigrationStatus?) { latest.withLock { $0 = status } }
}
