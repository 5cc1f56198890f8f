import MigrationCore
import MigrationPorts

/// Whether a worker may do its task: a Job may come late, after the fences it was made for have moved.
struct Admission: Sendable {
    let context: CopyContext

    /// - Throws: ``CopyRejected`` unless every target database is closed, and every source database at the task's epoch. In live mode the
    ///   source is open and being written: there the journal alone says which worker is in charge.
    func check() async throws {
        let (uid, databases, epoch) = (context.task.uid, context.task.plan.databases, context.task.sourceEpoch)
        let target = try await context.targetSessions.withMaintenance { try await FenceTable.rows($0, uid: uid) }
        for name in databases.map(\.targetName) where !target.contains(where: { $0.database == name && $0.state == .closed }) {
            throw CopyRejected(description: "the fence of target database \(name) is not closed: nothing may be copied into it")
        }
        if context.isLive { return }
        let source = try await context.sourceSessions.withMaintenance { try await FenceTable.rows($0, uid: uid) }
        for name in databases.map(\.name) where !source.contains(where: { $0.database == name && $0.state == .closed && $0.epoch == epoch }) {
            throw CopyRejected(description: "the fence of source database \(name) is not closed at epoch \(epoch): its rows may still change")
        }
    }

    /// What was read from `source` until now was read behind the closed fence: an epoch never comes back.
    func proveFence(_ source: PostgresConnection) async throws {
        if try await Guard(session: source).refuses(token: context.token) { return }
        throw CopyRejected(description: "the fence of source database \(source.options.database) was opened during the copy")
    }
}
