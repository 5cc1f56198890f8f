import MigrationCore
import MigrationPorts

/// Holds the snapshots of a live copy in sessions of the controller, so that they outlive the copy's worker: the next worker goes on under them. The worker
/// holds them too, so that they outlive the controller; they are lost when both are gone, and then the copy begins anew.
///
/// A snapshot keeps dead rows on the source. Whoever does not ask for it again within two minutes no longer needs it.
actor SnapshotKeeper {
    private struct Key: Sendable, Hashable {
        var uid: String
        var database: String
        var lane: String
    }

    private struct Kept: Sendable {
        var session: PostgresConnection
        var askedAt: ContinuousClock.Instant
    }

    private var kept: [Key: Kept] = [:]
    private static let trusted = Duration.seconds(120)

    /// Imports what the workers have exported since, and gives up what no copy reads any more.
    ///
    /// - Throws: ``PostgresError`` when a server cannot be asked. A snapshot that is gone already is no error: it is the next worker's business.
    func keep(_ context: DatabaseContext, _ pool: SessionPool) async throws {
        var wanted: Set<Key> = []
        for database in context.plan.databases {
            let snapshots = try await context.with(.target, database, pool) { try await LaneSnapshots.read($0) }
            for entry in snapshots.entries {
                let key = Key(uid: context.uid, database: database.name, lane: entry.name)
                wanted.insert(key)
                if await isHeld(key) { continue }
                guard let snapshot = entry.snapshot, let held = try await hold(snapshot, context, database) else { continue }
                kept[key] = Kept(session: held.session, askedAt: .now)
                _ = try await context.with(.target, database, pool) {
                    try await $0.execute(LaneSnapshots.note(kept: held.name, of: entry.name), attempt: "write _dbmigration.lane")
                }
            }
        }
        await release { $0.uid == context.uid && !wanted.contains($0) }
        expire()
    }

    /// Gives up all of a migration's.
    func release(_ uid: String) async { await release { $0.uid == uid } }

    /// The session is asked, so that one that broke is replaced while the worker still has its own.
    private func isHeld(_ key: Key) async -> Bool {
        guard let session = kept[key]?.session else { return false }
        guard (try? await session.execute("SELECT 1", attempt: "look after a snapshot")) != nil else {
            await session.close()
            kept[key] = nil
            return false
        }
        kept[key]?.askedAt = .now
        return true
    }

    private func hold(
        _ snapshot: String, _ context: DatabaseContext, _ database: Plan.Database
    ) async throws -> (session: PostgresConnection, name: String)? {
        let sessions = Sessions(context.source, uid: context.uid, suffix: OwnSessions.Kind.keeper.rawValue)
        let session = try await sessions.database(database.name)
        do {
            return (session, try await SnapshotImport.keep(snapshot, in: session).name)
        } catch is CopyInterrupted {
            await session.close()
            return nil
        } catch {
            await session.close()
            throw error
        }
    }

    private func release(_ isOver: (Key) -> Bool) async {
        for key in kept.keys where isOver(key) { await kept.removeValue(forKey: key)?.session.close() }
    }

    private func expire() {
        Task {
            try? await Task.sleep(for: Self.trusted)
            for (key, held) in kept where .now - held.askedAt >= Self.trusted { await kept.removeValue(forKey: key)?.session.close() }
        }
    }
}
