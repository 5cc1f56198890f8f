import MigrationCore
import MigrationPorts

/// Holds the snapshots of a live copy in sessions of the controller, so that they outlive the copy's worker: the next worker goes on under them. The worker
/// holds them too, so that they outlive the controller; they are lost when both are gone, and then the copy begins anew.
///
/// A snapshot keeps dead rows on the source: what nobody has asked for in half an hour, as when the migration was suspended, is given up. A server that is
/// away for a while is no reason.
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
    private var isSweeping = false
    private static let trusted = Duration.seconds(30 * 60)

    /// Imports what the workers have exported since, and gives up what no copy reads any more.
    ///
    /// - Throws: ``PostgresError`` when a server cannot be asked. A snapshot that is gone already is no error: it is the next worker's business.
    func keep(_ context: DatabaseContext, _ pool: SessionPool) async throws {
        defer { expire() }
        for key in kept.keys where key.uid == context.uid { kept[key]?.askedAt = .now }
        var wanted: Set<Key> = []
        for database in context.plan.databases {
            let snapshots = try await context.with(.target, database, pool) { try await LaneSnapshots.read($0) }
            for entry in snapshots.entries {
                let key = Key(uid: context.uid, database: database.name, lane: entry.name)
                wanted.insert(key)
                if await isHeld(key) { continue }
                guard let snapshot = entry.snapshot, let held = try await hold(snapshot, context, database) else { continue }
                let note = LaneSnapshots.note(kept: held.name, insteadOf: snapshot, of: entry.name)
                do {
                    let noted = try await context.with(.target, database, pool) {
                        try await $0.rows(note, attempt: "write _dbmigration.lane").affected
                    }
                    if noted == 1 { kept[key] = Kept(session: held.session, askedAt: .now) } else { await held.session.close() }
                } catch {
                    await held.session.close()
                    throw error
                }
            }
        }
        await release { $0.uid == context.uid && !wanted.contains($0) }
    }

    /// Gives up all of a migration's.
    func release(_ uid: String) async { await release { $0.uid == uid } }

    /// The session is asked, so that one that broke is replaced while the worker still has its own.
    private func isHeld(_ key: Key) async -> Bool {
        guard let session = kept[key]?.session else { return false }
        do {
            try await session.execute("SELECT 1", attempt: "look after a snapshot")
        } catch let error as PostgresError where error.kind == .connectionLost {
            await session.close()
            kept[key] = nil
            return false
        } catch {}
        return true
    }

    private func hold(
        _ snapshot: String, _ context: DatabaseContext, _ database: Plan.Database
    ) async throws -> (session: PostgresConnection, name: String)? {
        let sessions = Sessions(context.source, uid: context.uid, suffix: OwnSessions.Kind.keeper.rawValue)
        // An ordinary one takes none of the server's WAL senders; the source is open while it is copied live. A server that loses us has to notice soon.
        let session = try await sessions.open(database.name, .ordinary)
        do {
            try await session.execute("SET tcp_keepalives_idle = 60", attempt: "prepare a session")
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

    /// One sweep at a time, for as long as anything is kept: this is called every few seconds.
    private func expire() {
        guard !isSweeping, let oldest = kept.values.map(\.askedAt).min() else { return }
        isSweeping = true
        Task {
            try? await Task.sleep(until: oldest + Self.trusted)
            await release { [kept] in kept[$0].map { .now - $0.askedAt >= Self.trusted } ?? false }
            isSweeping = false
            expire()
        }
    }
}
