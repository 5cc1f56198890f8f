import MigrationCore
import PostgresEngine

/// One application session after the other. A transaction is sent once, whatever its answer.
struct Writer: Sendable {
    let database: DatabasePlan
    let arena: Arena
    let journal: Journal
    let aim: Aim

    /// Writes until told to stop, and goes on with the next transaction when called again.
    func run(_ maker: TransactionMaker) async -> TransactionMaker {
        var maker = maker
        while !aim.isStopped {
            for side in [Side.source, .target] where aim.allows(side) {
                guard let session = try? await arena.application(side, database, seconds: 2) else {
                    continue
                }
                let sender = Sender(session: session, side: side, database: database.name, journal: journal)
                while aim.allows(side) {
                    guard case .done = await sender.send(maker.next()) else { break }
                    try? await Task.sleep(for: .milliseconds(maker.pause()))
                }
                await session.close()
            }
            try? await Task.sleep(for: .milliseconds(30))
        }
        return maker
    }
}

/// Tries one small write after the other on one side, whether the side takes it or not.
struct Watcher: Sendable {
    let side: Side
    let database: DatabasePlan
    let arena: Arena
    let journal: Journal
    let aim: Aim

    func run(_ maker: TransactionMaker) async -> TransactionMaker {
        var maker = maker
        while aim.isAnywhere {
            guard let session = try? await arena.application(side, database, seconds: 2) else {
                // A closed source refuses the login, which costs both sides more than a write.
                try? await Task.sleep(for: .milliseconds(100))
                continue
            }
            let sender = Sender(session: session, side: side, database: database.name, journal: journal)
            writing: while aim.isAnywhere {
                switch await sender.send(maker.watch()) {
                case .done: break
                // The session stays: what it was refused it may be granted in the next moment.
                case .refused: if (try? await session.execute("ROLLBACK")) == nil { break writing }
                case .broken: break writing
                }
                try? await Task.sleep(for: .milliseconds(30))
            }
            await session.close()
        }
        return maker
    }
}
