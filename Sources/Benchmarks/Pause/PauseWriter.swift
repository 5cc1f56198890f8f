import MigrationCore
import PostgresEngine

/// One client of one database: commits a row again and again, on the side that takes it. On the target it asks to write whatever the
/// session's default is, as a session opened after the switch would.
struct PauseWriter: Sendable {
    let stage: PauseStage
    let database: String
    let number: Int
    /// Between the beginnings of two transactions.
    let period: Duration
    let gaps: WriteGaps

    private static let retry = Duration.milliseconds(30)
    /// A refused login with TLS costs some 10 ms of a core, and clients share theirs with the servers and the controller here.
    private static let reconnect = Duration.milliseconds(300)

    func run() async {
        var next = ContinuousClock.now + period * Double.random(in: 0..<1)
        var side = Side.source
        while !Task.isCancelled {
            guard let session = try? await stage.session(side, database) else {
                side = side == .source ? .target : .source
                try? await Task.sleep(for: Self.reconnect)
                continue
            }
            await write(session, side, &next)
            await session.close()
            side = side == .source ? .target : .source
        }
    }

    /// Returns when this side takes no writes any more. A side that never took one is left after some tries, for it may not come at all.
    private func write(_ session: PostgresConnection, _ side: Side, _ next: inout ContinuousClock.Instant) async {
        var refusals = 0
        var hasWritten = false
        while !Task.isCancelled {
            do {
                try await session.execute(
                    "BEGIN READ WRITE; INSERT INTO app.entries_0 (writer, text) VALUES (\(number), repeat('y', 100)); COMMIT", attempt: "write")
                gaps.acknowledged(database)
                hasWritten = true
                next = max(next + period, ContinuousClock.now - period)
                try? await Task.sleep(until: next, clock: .continuous)
            } catch let error as PostgresError where error.kind == .readOnly {
                refusals += 1
                if hasWritten || refusals > 100 { return }
                guard (try? await session.execute("ROLLBACK")) != nil else { return }
                try? await Task.sleep(for: Self.retry)
            } catch {
                return
            }
        }
    }
}
