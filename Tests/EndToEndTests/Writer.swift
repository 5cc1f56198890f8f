import DevCluster
import Foundation
import MigrationCore
import PostgresEngine
import StructuredData
import Synchronization

/// An application that writes all the time, to whichever side takes its writes, and remembers what was acknowledged. A number is sent once:
/// what became of one whose answer got lost is not known, and does not count.
final class Writer: Sendable {
    private let scenario: Scenario
    private let state = Mutex((acknowledged: Set<Int>(), sides: [Side: Int](), longestGap: Duration.zero, last: ContinuousClock.Instant?.none))
    private let task = Mutex(Task<Void, Never>?.none)

    init(_ scenario: Scenario) { self.scenario = scenario }

    var acknowledged: Set<Int> { state.withLock { $0.acknowledged } }
    func acknowledged(on side: Side) -> Int { state.withLock { $0.sides[side] ?? 0 } }
    var longestGap: Duration { state.withLock { $0.longestGap } }

    func start() {
        task.withLock { $0 = Task { await self.run() } }
    }

    /// The write under way still gets its answer.
    func stop() async {
        let running = task.withLock { $0 }
        running?.cancel()
        await running?.value
    }

    private func run() async {
        var number = 0
        while !Task.isCancelled {
            for side in [Side.source, .target] where !Task.isCancelled {
                guard let session = try? await open(side) else { continue }
                while !Task.isCancelled {
                    number += 1
                    guard (try? await session.execute(Self.statement(number))) != nil else { break }
                    acknowledge(number, on: side)
                }
                await session.close()
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Two tables in one transaction, an update and an insert.
    private static func statement(_ number: Int) -> String {
        "BEGIN; UPDATE app.ledger SET note = 'touched \(number)' WHERE id = \(number % 1000 + 1); INSERT INTO app.ledger (client, number) VALUES ('writer', \(number)); COMMIT"
    }

    private func open(_ side: Side) async throws -> PostgresConnection {
        let servers = scenario.lab.state.servers
        let access = scenario.lab.access(side == .source ? servers.source : servers.target, scenario.role, Redacted(scenario.password))
        return try await PostgresConnection.open(access, ConnectionOptions(database: scenario.database, applicationName: "writer", connectSeconds: 2))
    }

    private func acknowledge(_ number: Int, on side: Side) {
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.last { state.longestGap = max(state.longestGap, now - last) }
            state.last = now
            state.acknowledged.insert(number)
            state.sides[side, default: 0] += 1
        }
    }

    /// Acknowledged numbers that are missing on a side, and those that are there more than once.
    func audit(_ side: Side) async throws -> (lost: [Int], doubled: [Int]) {
        let rows = try await scenario.lab.sql(
            side, scenario.database, "SELECT number, count(*) FROM app.ledger WHERE client = 'writer' GROUP BY number")
        let counts = Dictionary(rows.map { (Int($0[0] ?? "") ?? -1, Int($0[1] ?? "") ?? 0) }) { $0 + $1 }
        return (acknowledged.filter { counts[$0] == nil }.sorted(), counts.filter { $0.value > 1 }.keys.sorted())
    }
}
