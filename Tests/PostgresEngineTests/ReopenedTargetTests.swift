import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Found by the model check: after a switch and a rollback the lanes are gone, as they are before the first copy.
    @Suite("A copy worker that comes after clients wrote on the target") struct ReopenedTarget {
        @Test("is refused, although the target is fenced again; one with a higher number may copy anew")
        func lateWorker() async throws {
            let schema = ["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)"]
            try await Scenario.live("live reopened", schema: schema) { scenario in
                let (port, context) = (scenario.port, scenario.context)
                #expect(await scenario.workLive(.copy, number: 3).succeeded)
                try await port.closeSource(context, epoch: 0)
                try await port.removeLanes(context, .forward, epoch: 1)
                try await port.openTarget(context, epoch: 1)
                let client = try await scenario.application(on: scenario.target)
                try await client.execute("INSERT INTO t VALUES (2)")
                await client.close()
                try await port.closeTarget(context, epoch: 2)
                for number in [2, 3] {
                    let late = await scenario.workLive(.copy, number: number)
                    #expect(late.reason == .workerRejected, "\(late)")
                    #expect(try await scenario.value("SELECT count(*) FROM t", on: scenario.target) == "2")
                }
                let next = await scenario.workLive(.copy, number: 4)
                #expect(next.succeeded, "\(next)")
                #expect(try await scenario.value("SELECT count(*) FROM t", on: scenario.target) == "1")
            }
        }
    }
}
