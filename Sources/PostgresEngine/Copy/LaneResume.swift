import MigrationCore
import MigrationPorts

/// Goes on with the forward lanes of one database whose worker died, under the snapshots that the controller has kept meanwhile: what is copied stays.
struct LaneResume: Sendable {
    let context: CopyContext
    let database: Plan.Database
    /// This worker's session with the target database's copy lock.
    let holder: PostgresConnection

    /// Lanes whose snapshots this worker holds now, too.
    struct Lanes: Sendable {
        fileprivate var names: [String]
        fileprivate var snapshots: [SourceView.Snapshot]
        let views: LaneViews
    }

    /// `nil` when a snapshot is gone. Nothing is changed yet.
    func open() async throws -> Lanes? {
        let entries = try await LaneSnapshots.read(holder).entries
        let kept = entries.compactMap(\.kept)
        guard !entries.isEmpty, kept.count == entries.count else { return nil }
        var snapshots: [SourceView.Snapshot] = []
        do {
            for name in kept {
                let session = try await context.sourceSessions.database(database.name)
                do {
                    snapshots.append(try await SnapshotImport.keep(name, in: session))
                } catch {
                    await session.close()
                    throw error
                }
            }
            let names = entries.map(\.name)
            return Lanes(names: names, snapshots: snapshots, views: try await views(names, snapshots))
        } catch {
            for snapshot in snapshots { await snapshot.keeper.close() }
            if error is CopyInterrupted { return nil }
            throw error
        }
    }

    /// Once the journal is this worker's: ends the sessions of those before, and notes the snapshots for whoever keeps them.
    func take(_ lanes: Lanes) async throws {
        var own: [String] = []
        for snapshot in lanes.snapshots { own.append(String(await snapshot.keeper.backend)) }
        let condition = "datname = current_database() AND pid NOT IN (\(own.joined(separator: ", ")))"
        let uid = context.task.uid
        try await context.sourceSessions.with(database: database.name) { session in
            try await OwnSessions(session: session, uid: uid).end(.worker, where: condition)
        }
        let notes = zip(lanes.names, lanes.snapshots).map { LaneSnapshots.note(snapshot: $1.name, of: $0) }
        try await context.inCharge(holder) {
            try await holder.execute(notes.joined(separator: "; "), attempt: "write _dbmigration.lane")
        }
    }

    /// Each lane's tables are those of its publication, which is not changed while it is copied.
    private func views(_ names: [String], _ snapshots: [SourceView.Snapshot]) async throws -> LaneViews {
        var lanes: [LaneViews.Lane] = []
        for (name, snapshot) in zip(names, snapshots) {
            let view = SourceView(context: context, database: database.name, snapshot: snapshot)
            let tables = try await view.with { try await LaneTables.read($0, of: name) }
            lanes.append(LaneViews.Lane(tables: tables, view: view))
        }
        return try LaneViews(lanes, of: database.name)
    }
}
